"""Text as dots of an LED matrix, drawn with a real font: for boards that take pictures instead of text.

A text is set as large as it fits: one line, then two smaller ones, and so on; a text that fits in no way is
split into pages, between words and characters, never inside a ticket number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).resolve().parents[2] / "kiosk" / "assets" / "fonts" / "NotoSansSC-Medium.ttf"
"""The hall's own Chinese font."""

Dots = frozenset[tuple[int, int]]
"""Lit dots, (x, y) from the upper left."""

_BASELINE = 0.86  # of the height, from the top: a Chinese character then fills its cell
_THRESHOLD = 112  # of 255: how much of a dot the glyph must cover
_UNASSIGNED = "\uffff"  # in no font: what a font draws for it, it draws for all it lacks
_WORDS = re.compile(r"[!-~]+|.", re.DOTALL)  # ASCII runs such as A001 stay together


@dataclass(frozen=True, slots=True)
class Face:
    """A board's size in dots, the smallest character it may use, and the font file."""

    width: int
    height: int
    least_glyph: int = 12
    font: Path = FONT


def pages(text: str, face: Face) -> list[Dots]:
    """Return the pages that show `text`, at least one.  Raises OSError when the font is not there."""
    clean = "".join(_drawable(char, face.font) for char in text).strip()
    most_lines = max(1, face.height // face.least_glyph)
    for count in range(1, most_lines + 1):
        glyph = face.height // count
        lines = _lines(clean, glyph, face)
        if len(lines) <= count:
            return [_page(lines, glyph, face)]
    return [_page(lines[at : at + count], glyph, face) for at in range(0, len(lines), count)]


def _lines(text: str, glyph: int, face: Face) -> list[str]:
    """Break `text` into lines no wider than the face; at least one line."""
    lines, line = [], ""
    for word in _WORDS.findall(text):
        parts = [word] if _width(word, glyph, face.font) <= face.width else list(word)
        for part in parts:
            if line and _width(line + part, glyph, face.font) > face.width:
                lines.append(line.rstrip())
                line = ""
            line += part if line else part.lstrip()
    return [*lines, line.rstrip()] if line or not lines else lines


def _page(lines: list[str], glyph: int, face: Face) -> Dots:
    dots = set()
    top = (face.height - glyph * len(lines)) // 2
    for number, line in enumerate(lines):
        x = max(0, (face.width - _width(line, glyph, face.font)) // 2)
        for char in line:
            for dot_x, dot_y in _glyph(char, glyph, face.font):
                place = (x + dot_x, top + number * glyph + dot_y)
                if place[0] < face.width and 0 <= place[1] < face.height:
                    dots.add(place)
            x += _width(char, glyph, face.font)
    return frozenset(dots)


def _width(text: str, glyph: int, font: Path) -> int:
    return sum(_advance(char, glyph, font) for char in text)


@lru_cache(maxsize=4096)
def _advance(char: str, glyph: int, font: Path) -> int:
    return round(_load(font, glyph).getlength(char))


@lru_cache(maxsize=1024)
def _glyph(char: str, glyph: int, font: Path) -> tuple[tuple[int, int], ...]:
    """Return the dots of one character in its cell."""
    width = max(1, _advance(char, glyph, font))
    cell = Image.new("L", (width, glyph))
    ImageDraw.Draw(cell).text(
        (0, round(glyph * _BASELINE)), char, fill=255, font=_load(font, glyph), anchor="ls"
    )
    grey = cell.tobytes()
    return tuple((at % width, at // width) for at, value in enumerate(grey) if value >= _THRESHOLD)


@lru_cache(maxsize=4096)
def _drawable(char: str, font: Path) -> str:
    """Return `char`, or its compatibility form, or `?` when the font has neither; controls are spaces."""
    if not char.isprintable():
        return " "
    other = unicodedata.normalize("NFKC", char)
    return next((form for form in (char, other) if all(_has(one, font) for one in form)), "?")


def _has(char: str, font: Path) -> bool:
    face = _load(font, 24)
    return char == " " or _shape(face, char) != _shape(face, _UNASSIGNED)


def _shape(face: ImageFont.FreeTypeFont, char: str) -> tuple[float, bytes]:
    return face.getlength(char), bytes(face.getmask(char))


@lru_cache(maxsize=16)
def _load(font: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font), size)
