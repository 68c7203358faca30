"""What an image card is told to show: one dynamic area of one or more pages, each a bitmap.

Data of command A7 00, little-endian::

    areas u16 | infoLen u32 | areaId | run | timeout u16 | relateAll | related u16 | when | 0 x4
    | 10 | x y w h u16 | frame 00 | 0 x9 | pages u16
    | per page: 26 u32 | style 00 | mode | clear | speed | stay u16 | repeat | validWidth u16 | 0 x9
                | offset u32 | length u32
    | bitmaps

infoLen counts areaId to the last page's length.  In a bitmap a 0 bit is a lit dot.
Source: protocols section 4.1.2, one frame recorded from the maker's SDK; several pages, and how two colours
are packed, are read from its message description only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Packing = Literal["one", "two-by-byte", "two-by-row"]
"""Bits of a row: `one` colour; two colours with their bytes in turns; or a row of each colour."""

QUICK = 2
_AREA = 12 + 9 + 10 + 2
_PAGE = 26


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its bitmap, how it comes (`mode`), and how long it stays."""

    bitmap: bytes
    valid_width: int
    mode: int = QUICK
    speed: int = 5
    stay_10ms: int = 300
    clear: int = 1
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Area:
    """A dynamic area; `timeout_s` 0 keeps it for ever, `when` 1 shows it at once and alone."""

    x: int
    y: int
    width: int
    height: int
    pages: tuple[Page, ...]
    area: int = 0
    run: int = 0
    timeout_s: int = 0
    relate_all: int = 1
    when: int = 1

    def encode(self) -> bytes:
        """Return the data of command A7 00."""
        info = bytes((self.area, self.run)) + _u16(self.timeout_s) + bytes((self.relate_all, 0, 0, self.when))
        info += bytes(4) + b"\x10" + b"".join(map(_u16, (self.x, self.y, self.width, self.height)))
        info += bytes(10) + _u16(len(self.pages))
        offset = 0
        for page in self.pages:
            info += _page(page, offset)
            offset += len(page.bitmap)
        head = _u16(1) + len(info).to_bytes(4, "little")
        return head + info + b"".join(page.bitmap for page in self.pages)


def _page(page: Page, offset: int) -> bytes:
    head = _PAGE.to_bytes(4, "little") + bytes((0, page.mode, page.clear, page.speed))
    head += _u16(page.stay_10ms) + bytes((page.repeat,)) + _u16(page.valid_width) + bytes(9)
    return head + offset.to_bytes(4, "little") + len(page.bitmap).to_bytes(4, "little")


def decode_area(data: bytes) -> Area:
    """Return the one area in the data of command A7 00.  Raises ValueError when they do not add up."""
    info_length = _number(data[2:6])
    info, bitmaps = data[6 : 6 + info_length], data[6 + info_length :]
    if _number(data[0:2]) != 1 or len(info) != info_length or info_length < _AREA or info[12] != 0x10:
        raise ValueError("not one picture area")
    count = _number(info[31:33])
    if info_length != _AREA + count * (4 + _PAGE):
        raise ValueError("the pages do not fill their area")
    starts = range(_AREA, info_length, 4 + _PAGE)
    return Area(
        x=_number(info[13:15]),
        y=_number(info[15:17]),
        width=_number(info[17:19]),
        height=_number(info[19:21]),
        pages=tuple(_read_page(info[start : start + 4 + _PAGE], bitmaps) for start in starts),
        area=info[0],
        run=info[1],
        timeout_s=_number(info[2:4]),
        relate_all=info[4],
        when=info[7],
    )


def _read_page(head: bytes, bitmaps: bytes) -> Page:
    offset, length = _number(head[22:26]), _number(head[26:30])
    if _number(head[0:4]) != _PAGE or offset + length > len(bitmaps):
        raise ValueError("a page's bitmap is not there")
    return Page(
        bitmap=bitmaps[offset : offset + length],
        valid_width=_number(head[11:13]),
        mode=head[5],
        speed=head[7],
        stay_10ms=_number(head[8:10]),
        clear=head[6],
        repeat=head[10],
    )


def pack(dots: frozenset[tuple[int, int]], width: int, height: int, packing: Packing) -> bytes:
    """Return the bitmap of lit `dots` (x, y); `width` is a multiple of 8.  Two colours: both lit."""
    out = bytearray()
    for y in range(height):
        row = bytearray(b"\xff" * (width // 8))
        for x in range(width):
            if (x, y) in dots:
                row[x // 8] &= ~(0x80 >> x % 8)
        if packing == "two-by-byte":
            out += bytes(byte for byte in row for _ in range(2))
        else:
            out += row if packing == "one" else row + row
    return bytes(out)


def unpack(bitmap: bytes, width: int, height: int, packing: Packing) -> frozenset[tuple[int, int]]:
    """Return the dots (x, y) that are lit in any colour.  Raises ValueError for a bitmap of another size."""
    stride = width // 8 * (1 if packing == "one" else 2)
    if len(bitmap) != stride * height:
        raise ValueError(f"{len(bitmap)} bytes are no bitmap of {width} x {height}")
    dots = set()
    for y in range(height):
        row = bitmap[y * stride : (y + 1) * stride]
        for x in range(width):
            if not all(byte & (0x80 >> x % 8) for byte in _bytes_of(row, x // 8, packing)):
                dots.add((x, y))
    return frozenset(dots)


def _bytes_of(row: bytes, column: int, packing: Packing) -> tuple[int, ...]:
    if packing == "one":
        return (row[column],)
    if packing == "two-by-byte":
        return (row[2 * column], row[2 * column + 1])
    return (row[column], row[len(row) // 2 + column])


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
