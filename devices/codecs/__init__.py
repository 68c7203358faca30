"""Pure codecs: bytes in, frames out, and back.  No I/O, no clock."""
