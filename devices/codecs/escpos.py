"""ESC/POS commands as bytes, and text as a Chinese printer reads it.

Source: protocols, section 3.2-3.5.  Numbers in comments are the command's bytes.  Everything is a pure
function: what to send when is the driver's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

Codepage = Literal["gb2312", "gbk", "gb18030"]
CutMode = Literal["partial", "full", "none"]

INIT = b"\x1b@"
KANJI_ON = b"\x1c&"
KANJI_OFF = b"\x1c."
LINE_FEED = b"\n"
ASB_ON = b"\x1da\xff"
ASB_OFF = b"\x1da\x00"
ASK_PAPER = b"\x1dr\x01"
"""GS r 1: queued, so its answer means that all before it was taken out of the buffer."""
CLEAR_BUFFERS = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""DLE DC4 fn 8: throw away what waits, in real time."""
FILLING = bytes(1100)
"""Completes any command that was cut off: NUL does nothing by itself, and no command of ours is longer."""
RECOVER_AND_CLEAR = b"\x10\x05\x02"
"""DLE ENQ 2: recover from a recoverable error and throw away what waits."""

UNPRINTABLE = "〓"
_SUBSTITUTES = {
    "¥": "￥",  # 4 bytes in GB18030, which GBK printers print as "0 6" (node-escpos issue 332)
    "\u00a0": " ",
    "\u2022": "·",
    "\u2010": "-",
    "\u2011": "-",
    "\u2212": "-",
    "\u2009": " ",
    "\u202f": " ",
    "\t": " ",
    "\n": " ",
    "\r": " ",
}
MAX_SIZE = 8
MAX_KANJI_SIZE = 2
PROCESS_ID_LENGTH = 4
MAX_BARCODE = 40
_GB2312_ROWS = (*range(0xA1, 0xAA), *range(0xB0, 0xF8))
BAND_BYTES = 1024
"""Data of one bit image at most: it fits small buffers, and bounds what a cut-off command still waits for."""
_REAL_TIME = (
    0x04,
    0x05,
    0x14,
)  # behind 10 they make a real-time command, on some clones inside a picture too
_QR_LEVELS = {"L": 0x30, "M": 0x31, "Q": 0x32, "H": 0x33}


def no_pictures(_char: str) -> bool:
    """Say that nothing can be drawn: what the printer lacks is then replaced."""
    return False


def printable(text: str, codepage: Codepage = "gbk", draws: Callable[[str], bool] = no_pictures) -> str:
    """Return `text` with every character that the printer lacks replaced; nothing in it is a command.

    Control characters go (a slip must not be able to cut paper), a few have a look-alike, what `draws` knows
    stays to be printed as a picture, the rest is 〓.
    """
    kept = []
    for char in text:
        char = _SUBSTITUTES.get(char, char)
        if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0:
            continue
        kept.append(char if encodes(char, codepage) or draws(char) else UNPRINTABLE)
    return "".join(kept)


def encodes(char: str, codepage: Codepage) -> bool:
    """Say whether a printer with the font of `codepage` has this character."""
    try:
        raw = char.encode(_python_name(codepage))
    except UnicodeEncodeError:
        return False
    if codepage != "gb2312" or len(raw) == 1:
        return True
    return raw[0] in _GB2312_ROWS and raw[1] >= 0xA1


def _python_name(codepage: Codepage) -> str:
    """GB 2312 is the upper corner of GBK; Python's own gb2312 has another dash."""
    return "gbk" if codepage == "gb2312" else codepage


def encode_text(text: str, codepage: Codepage = "gbk") -> bytes:
    """Return the bytes of `text` for a printer in kanji mode (FS &): ASCII single, Chinese in pairs."""
    return printable(text, codepage).encode(_python_name(codepage))


def columns(text: str) -> int:
    """Return how many character cells printable `text` takes: a Chinese character takes two."""
    return sum(1 if ord(char) < 0x80 else 2 for char in text)


def size(wide: int = 1, high: int = 1) -> bytes:
    """GS ! n: enlarge everything after, 1-8 times each way."""
    if not (1 <= wide <= MAX_SIZE and 1 <= high <= MAX_SIZE):
        raise ValueError(f"character size {wide}x{high} is outside 1-{MAX_SIZE}")
    return bytes((0x1D, 0x21, (wide - 1) << 4 | (high - 1)))


def kanji_size(wide: int = 1, high: int = 1) -> bytes:
    """FS ! n: enlarge Chinese characters, 1-2 times each way (printers that ignore GS ! for them)."""
    if not (1 <= wide <= MAX_KANJI_SIZE and 1 <= high <= MAX_KANJI_SIZE):
        raise ValueError(f"Chinese character size {wide}x{high} is outside 1-{MAX_KANJI_SIZE}")
    return bytes((0x1C, 0x21, (0x04 if wide == 2 else 0) | (0x08 if high == 2 else 0)))


def bold(on: bool) -> bytes:
    """ESC E n."""
    return bytes((0x1B, 0x45, on))


def inverse(on: bool) -> bytes:
    """GS B n: white on black."""
    return bytes((0x1D, 0x42, on))


def align(where: Literal["left", "center", "right"]) -> bytes:
    """ESC a n; only at the start of a line."""
    return bytes((0x1B, 0x61, ("left", "center", "right").index(where)))


def line_pitch(dots: int) -> bytes:
    """ESC 3 n: height of one line, 0-255 dots."""
    return bytes((0x1B, 0x33, dots))


def feed_lines(lines: int) -> bytes:
    """ESC d n."""
    return bytes((0x1B, 0x64, lines))


def feed_dots(dots: int) -> bytes:
    """ESC J n: print what is in the line and feed, 0-255 dots."""
    return bytes((0x1B, 0x4A, dots))


def cut(mode: CutMode = "partial", feed: int = 0) -> bytes:
    """GS V 66/65 n: feed to the cutter and `feed` more dots, then cut."""
    if mode == "none":
        return b""
    return bytes((0x1D, 0x56, 66 if mode == "partial" else 65, feed))


def qr(data: bytes, module: int = 6, level: Literal["L", "M", "Q", "H"] = "M") -> bytes:
    """GS ( k: model 2, module size in dots (1-16), error correction, store, print."""

    def function(body: bytes) -> bytes:
        return b"\x1d(k" + len(body).to_bytes(2, "little") + body

    return (
        function(b"1A2\x00")
        + function(bytes((0x31, 0x43, module)))
        + function(bytes((0x31, 0x45, _QR_LEVELS[level])))
        + function(b"1P0" + data)
        + function(b"1Q0")
    )


def code128(data: str, module: int = 2, high: int = 64) -> bytes:
    """GS H, h, w and GS k 73: CODE128 in code set B, no text under it; `module` is 2-6 dots, `high` 1-255.

    Raises ValueError unless `data` is 1-40 characters 20-7E.
    """
    if not (1 <= len(data) <= MAX_BARCODE and all(0x20 <= ord(char) <= 0x7E for char in data)):
        raise ValueError(f"a barcode holds 1-{MAX_BARCODE} printable ASCII characters")
    body = b"{B" + data.encode("ascii").replace(b"{", b"{{")
    looks = bytes((0x1D, 0x48, 0, 0x1D, 0x68, high, 0x1D, 0x77, module))
    return looks + bytes((0x1D, 0x6B, 73, len(body))) + body


def raster(rows: bytes, wide: int) -> bytes:
    """GS v 0: a bit image, `wide` bytes a row, most significant bit left, 1 is black; in bands if it is high.

    Where two bytes of it would be a real-time command, one dot is added: better that than a lost row.
    """
    if not (1 <= wide <= 128 and rows and len(rows) % wide == 0):
        raise ValueError("a picture has whole rows of 1-128 bytes")
    dots = bytearray(rows)
    for at in range(len(dots) - 1):
        if dots[at] == 0x10 and dots[at + 1] in _REAL_TIME:
            dots[at] = 0x18
    step = BAND_BYTES // wide * wide
    return b"".join(_band(bytes(dots[at : at + step]), wide) for at in range(0, len(dots), step))


def _band(rows: bytes, wide: int) -> bytes:
    high = len(rows) // wide
    return b"\x1dv0\x00" + wide.to_bytes(2, "little") + high.to_bytes(2, "little") + rows


def process_name(number: int) -> str:
    """Return the id of the `number`th job: `T` and three of 21-7E, the same again after 94^3 jobs."""
    return "T" + "".join(chr(0x21 + number // 94**place % 94) for place in (2, 1, 0))


def process_id(job: str) -> bytes:
    """GS ( H fn 48: the printer sends `job` (four characters 20-7E) back when all before is printed."""
    ident = job.encode("ascii")
    if len(ident) != PROCESS_ID_LENGTH or not all(0x20 <= byte <= 0x7E for byte in ident):
        raise ValueError("a process id is four printable ASCII characters")
    return b"\x1d(H\x06\x0000" + ident


def ask_status(which: int) -> bytes:
    """DLE EOT n, n = 1 printer, 2 offline cause, 3 error cause, 4 paper; answered in real time."""
    if which not in (1, 2, 3, 4):
        raise ValueError(f"there is no status {which}")
    return bytes((0x10, 0x04, which))


def ask_identity(which: int) -> bytes:
    """GS I n, n = 66 maker, 67 model, 68 serial number.  Clones copy Epson's answers."""
    return bytes((0x1D, 0x49, which))
