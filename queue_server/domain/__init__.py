"""The queue of a hall, pure: no I/O, no clock, no randomness."""
