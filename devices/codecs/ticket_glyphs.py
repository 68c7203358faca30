"""Lines with characters that a printer's font lacks, drawn with the hall's own font.

A rare character of a name (㛃), or a letter outside GBK (ö), makes its whole line a picture: then all of it
stands where the layout wants it, in one hand.  What this font lacks too is for the layout to replace.
Pure but for the font file, which is read once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from devices.codecs.escpos import Codepage, encodes
from devices.codecs.ticket_lines import Gap, Line, Picture, Span, TextLine

CELL_WIDE, CELL_HIGH = 12, 24  # dots of a Latin letter; a Chinese character has two cells
LEADING = 6
_FONTS = Path(__file__).resolve().parents[2] / "kiosk" / "assets" / "fonts"
_REGULAR, _BOLD = _FONTS / "NotoSansSC-Medium.ttf", _FONTS / "NotoSansSC-Bold.ttf"
_UNASSIGNED = "\uffff"  # in no font: what a font draws for it, it draws for all it lacks
_LATIN_END = 0x250
_BLACK_FROM = 118  # of 255: how much of a dot the glyph must cover


@lru_cache(maxsize=4096)
def draws(char: str) -> bool:
    """Say whether our font has `char`; False when the font is not installed."""
    font = _load(_REGULAR, CELL_HIGH)
    if font is None or len(char) != 1 or not char.isprintable():
        return False
    return char == " " or _shape(font, char) != _shape(font, _UNASSIGNED)


def with_pictures(lines: Iterable[Line], codepage: Codepage) -> tuple[Line, ...]:
    """Return the lines, those that a printer with `codepage` cannot set as text drawn as pictures."""
    drawn: list[Line] = []
    for line in lines:
        if isinstance(line, TextLine) and not _all_encode(line, codepage):
            drawn += [draw(line), Gap(LEADING)]
        else:
            drawn.append(line)
    return tuple(drawn)


def draw(line: TextLine) -> Picture:
    """Return a line as dots, as wide as its text and as high as its highest span; white at the right."""
    cells = [(char, span, _dots(char, span)) for span in line.spans for char in span.text]
    high = line.high * CELL_HIGH
    wide = max(1, (sum(dots for _, _, dots in cells) + 7) // 8)
    image = Image.new("L", (wide * 8, high), 0)
    left = 0
    for char, span, dots in cells:
        image.paste(_cell(char, span, dots), (left, high - span.high * CELL_HIGH))
        left += dots
    rows = image.point(lambda grey: 255 if grey >= _BLACK_FROM else 0).convert("1").tobytes()
    return Picture(rows, wide, line.align)


def _all_encode(line: TextLine, codepage: Codepage) -> bool:
    return all(encodes(char, codepage) for span in line.spans for char in span.text)


def _dots(char: str, span: Span) -> int:
    return CELL_WIDE * span.wide * (1 if ord(char) < _LATIN_END else 2)


def _cell(char: str, span: Span, dots: int) -> Image.Image:
    """Draw one character, white on black, squeezed into its cell if it is too wide for it."""
    high = span.high * CELL_HIGH
    latin = ord(char) < _LATIN_END
    base = high * (0.81 if latin else 0.86)
    font = _fitting(char, _BOLD if span.bold else _REGULAR, round(high * (0.9 if latin else 0.98)), base)
    if font is None or char == " ":
        return Image.new("L", (dots, high), 255 if span.inverse else 0)
    own = CELL_WIDE * span.high * (1 if latin else 2)
    square = Image.new("L", (max(own, round(font.getlength(char))), high), 0)
    ImageDraw.Draw(square).text((square.width / 2, base), char, fill=255, font=font, anchor="ms")
    cell = square if square.width == dots else square.resize((dots, high), Image.Resampling.LANCZOS)
    return cell.point(lambda grey: 255 - grey) if span.inverse else cell


def _fitting(char: str, path: Path, size: int, base: float) -> ImageFont.FreeTypeFont | None:
    """Return the font, smaller where the dots on an Ö would stand above the cell."""
    font = _load(path, size)
    if font is None:
        return None
    above = -font.getbbox(char, anchor="ms")[1]
    return font if above <= base else _load(path, int(size * base / above))


def _shape(font: ImageFont.FreeTypeFont, char: str) -> tuple[float, bytes]:
    return font.getlength(char), bytes(font.getmask(char))


@lru_cache(maxsize=32)
def _load(path: Path, size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype(str(path), size)
    except OSError:
        return None
