"""What a font card is told to show: the dynamic area of command A3 06, and its GB2312 text.

Payload after group, command, reply and the two disputed bytes r1 r2::

    delCount | areaCount | len u16 | type 00 | x y w h u16 | areaId | lineSpacing | runMode | timeout u16
    | voice 00 | ext 00 | align | singleLine | autoWrap | mode | exit 00 | speed | stay | textLen u32 | text

Source: protocols section 4.1.1.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from devices.codecs.onbon import SHOW_TEXT

STATIC = 0x01
SCROLL_LEFT = 0x03
COLOURS = {"red": rb"\C1", "green": rb"\C2", "yellow": rb"\C3"}
_COLOUR = re.compile(rb"\\C[123]")
TEXT_LIMIT = 1024  # one source cuts there
_AREA_BYTES = 27  # of an area, before its text
_LOOKALIKES = {"–": "-", "‐": "-", "‑": "-", "−": "-", "•": "·", "‧": "·", "\u3000": " ", "\u00a0": " "}

FlagStyle = Literal["clear", "none", "length"]
"""r1 r2: `01 00` (clear first), `00 00`, or the length of what follows.  The sources disagree."""


@dataclass(frozen=True, slots=True)
class DynamicText:
    """One text area.  `x y width height` are raw: units of 8 px, or pixels with bit 15 set.

    `speed` is 0-24 (0 fastest), `stay_half_s` how long a page stands, in half seconds.
    """

    text: bytes
    width: int
    height: int
    x: int = 0
    y: int = 0
    area: int = 0
    mode: int = STATIC
    align: int = 0
    single_line: bool = True
    speed: int = 4
    stay_half_s: int = 5
    run_mode: int = 0
    timeout_s: int = 0
    delete: bytes = b"\x00"
    """`00` none, `FF` all, else a count and the ids."""

    def encode(self, flag: FlagStyle) -> bytes:
        """Return the data of a whole A3 06 frame, from group to text."""
        area = (
            b"\0"
            + b"".join(n.to_bytes(2, "little") for n in (self.x, self.y, self.width, self.height))
            + bytes((self.area, 0, self.run_mode))
            + self.timeout_s.to_bytes(2, "little")
            + bytes((0, 0, self.align))
            + (b"\x01\x01" if self.single_line else b"\x02\x02")
            + bytes((self.mode, 0, self.speed, self.stay_half_s))
            + len(self.text).to_bytes(4, "little")
            + self.text
        )
        rest = self.delete + b"\x01" + len(area).to_bytes(2, "little") + area
        r1_r2 = {"clear": 1, "none": 0, "length": len(rest)}[flag].to_bytes(2, "little")
        return SHOW_TEXT + b"\x01" + r1_r2 + rest


def decode_areas(data: bytes) -> list[DynamicText]:
    """Return the areas in the data of an A3 06 frame.  Raises ValueError when they do not add up."""
    if data[:2] != SHOW_TEXT or len(data) < 7:
        raise ValueError("not a dynamic text")
    deleted = 0 if data[5] in (0x00, 0xFF) else data[5]
    count_at = 6 + deleted
    areas: list[DynamicText] = []
    at = count_at + 1
    for _ in range(data[count_at] if count_at < len(data) else 0):
        end = at + 2 + int.from_bytes(data[at : at + 2], "little")
        areas.append(_decode_area(data[at + 2 : end], data[5:count_at]))
        at = end
    if at != len(data):
        raise ValueError("the areas are not as long as they say")
    return areas


def _decode_area(area: bytes, delete: bytes) -> DynamicText:
    if len(area) < _AREA_BYTES or int.from_bytes(area[23:27], "little") != len(area) - _AREA_BYTES:
        raise ValueError("an area is not as long as it says")
    x, y, width, height = (int.from_bytes(area[at : at + 2], "little") for at in (1, 3, 5, 7))
    return DynamicText(
        text=area[_AREA_BYTES:],
        width=width,
        height=height,
        x=x,
        y=y,
        area=area[9],
        run_mode=area[11],
        timeout_s=int.from_bytes(area[12:14], "little"),
        align=area[16],
        single_line=area[17] == 1,
        mode=area[19],
        speed=area[21],
        stay_half_s=area[22],
        delete=delete,
    )


def gb2312(text: str) -> bytes:
    """Return `text` as a font card can show it, at most TEXT_LIMIT bytes, never half a character.

    A character outside GB2312 becomes its compatibility form (`Ａ`-like variants), else a look-alike
    (`–` is `-`), else `?`; control characters become spaces.
    """
    out = b""
    for char in text:
        part = _first(char, (_exactly, _compatible, _lookalike)) or b"?"
        if len(out) + len(part) > TEXT_LIMIT:
            break
        out += part
    return out


def half_columns(data: bytes) -> int:
    """Return how many half-width columns a text takes; colour escapes take none."""
    return len(_COLOUR.sub(b"", data))


def from_gb2312(data: bytes) -> str:
    """Return what a card's font would draw; a byte pair that is no character is `?`."""
    return data.decode("gbk", errors="replace").replace("\ufffd", "?")


def _first(char: str, rules: tuple[Callable[[str], bytes | None], ...]) -> bytes | None:
    return next((part for rule in rules if (part := rule(char))), None)


def _exactly(char: str) -> bytes | None:
    """Encode one character.  Python's `gb2312` misplaces `—` and `·`: `gbk` writes, it only checks."""
    if ord(char) < 0x80:
        return char.encode() if char.isprintable() else b" "
    try:
        data = char.encode("gbk")
        data.decode("gb2312")
    except UnicodeError:
        return None
    return data


def _compatible(char: str) -> bytes | None:
    parts = [_exactly(part) for part in unicodedata.normalize("NFKC", char)]
    return b"".join(part for part in parts if part) if all(parts) else None


def _lookalike(char: str) -> bytes | None:
    other = _LOOKALIKES.get(char)
    return _exactly(other) if other else None
