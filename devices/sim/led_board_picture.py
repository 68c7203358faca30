"""Draws an LED matrix: a dark board with round lamps, some of them lit.

A font card has its own bitmap fonts; here a real font is drawn small and cut to dots.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from devices.codecs.onbon_text import from_gb2312

PITCH = 7  # picture pixels from lamp to lamp
_FINE = 4  # drawn larger by this and shrunk, so that lamps are round
_FONTS = Path(__file__).resolve().parents[2] / "kiosk" / "assets" / "fonts"
_RED, _GREEN, _YELLOW = (255, 52, 36), (64, 255, 96), (255, 196, 48)
_ESCAPES = {"1": _RED, "2": _GREEN, "3": _YELLOW}
_BACKGROUND, _DARK_LAMP, _FRAME = (12, 12, 14), (38, 24, 24), (30, 31, 34)
_BASELINE = 0.86  # of the height, from the top: a Chinese character then fills its cell
_THRESHOLD = 112  # of 255: how much of a dot the glyph must cover

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Board:
    """Size in lamps, and the size of one Chinese character."""

    width: int
    height: int
    glyph: int


def spans_of(shown: bytes) -> list[tuple[Colour, str]]:
    r"""Split GB2312 text at its colour escapes (`\C1` red, `\C2` green, `\C3` yellow); red at the start."""
    parts = re.split(r"\\C([123])", from_gb2312(shown))
    spans = [(_RED, parts[0])]
    spans += [(_ESCAPES[code], text) for code, text in zip(parts[1::2], parts[2::2], strict=True)]
    return [span for span in spans if span[1]]


def draw(board: Board, shown: bytes, *, scrolls: bool) -> str:
    """Return the board as `data:image/png;base64,…`; a text that runs is shown from its start."""
    return draw_lamps(board, _lamps(board, spans_of(shown), centred=not scrolls))


def draw_dots(board: Board, dots: frozenset[tuple[int, int]]) -> str:
    """Return the board with these red lamps lit, as `data:image/png;base64,…`."""
    return draw_lamps(board, dict.fromkeys(dots, _RED))


def draw_lamps(board: Board, lamps: dict[tuple[int, int], Colour]) -> str:
    """Return the board with these lamps lit, as `data:image/png;base64,…`."""
    picture = _dark(board).copy()
    light = Image.new("RGB", picture.size)
    for (x, y), colour in lamps.items():
        light.paste(colour, _place(x, y), _lamp())
    glow = light.filter(ImageFilter.GaussianBlur(PITCH * 0.6))
    picture = Image.composite(light, picture, light.convert("L").point(lambda value: 255 if value else 0))
    picture = _add(picture, glow)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def _add(picture: Image.Image, glow: Image.Image) -> Image.Image:
    return ImageChops.add(picture, glow, scale=1.25)


def _place(x: int, y: int) -> tuple[int, int]:
    return PITCH * (x + 1), PITCH * (y + 1)


@lru_cache(maxsize=1)
def _lamp() -> Image.Image:
    """Return one lamp as a mask, a little smaller than its pitch."""
    size = PITCH * _FINE
    mask = Image.new("L", (size, size))
    ImageDraw.Draw(mask).ellipse((3, 3, size - 4, size - 4), fill=255)
    return mask.resize((PITCH, PITCH), Image.Resampling.LANCZOS)


@lru_cache(maxsize=8)
def _dark(board: Board) -> Image.Image:
    """Return the board with all lamps off, in its frame."""
    size = (PITCH * (board.width + 2), PITCH * (board.height + 2))
    picture = Image.new("RGB", size, _FRAME)
    inner = (PITCH // 2, PITCH // 2, size[0] - PITCH // 2 - 1, size[1] - PITCH // 2 - 1)
    ImageDraw.Draw(picture).rectangle(inner, fill=_BACKGROUND)
    for y in range(board.height):
        for x in range(board.width):
            picture.paste(_DARK_LAMP, _place(x, y), _lamp())
    return picture


def _lamps(board: Board, spans: list[tuple[Colour, str]], *, centred: bool) -> dict[tuple[int, int], Colour]:
    """Return the lit lamps; Chinese characters are `glyph` wide, ASCII half of it."""
    cells = [
        (colour, char, board.glyph // (2 if char.isascii() else 1)) for colour, text in spans for char in text
    ]
    total = sum(width for _, _, width in cells)
    x = max(0, (board.width - total) // 2) if centred else 0
    top = (board.height - board.glyph) // 2
    lamps: dict[tuple[int, int], Colour] = {}
    for colour, char, width in cells:
        for dot_x, dot_y in _dots(char, width, board.glyph):
            if x + dot_x < board.width and 0 <= top + dot_y < board.height:
                lamps[x + dot_x, top + dot_y] = colour
        x += width
    return lamps


@lru_cache(maxsize=512)
def _dots(char: str, width: int, height: int) -> tuple[tuple[int, int], ...]:
    """Return the dots of one character in a cell."""
    cell = Image.new("L", (width, height))
    font = _font(height)
    baseline = (width / 2, round(height * _BASELINE))
    ImageDraw.Draw(cell).text(baseline, char, fill=255, font=font, anchor="ms")
    pixels = cell.load()
    if pixels is None:
        return ()
    return tuple((x, y) for y in range(height) for x in range(width) if _grey(pixels[x, y]) >= _THRESHOLD)


def _grey(value: float | tuple[int, ...]) -> float:
    return value[0] if isinstance(value, tuple) else value


@lru_cache(maxsize=4)
def _font(height: int) -> Font:
    """Return the hall's own Chinese font, or Pillow's (which has no Chinese) where it was not installed."""
    for path in sorted(_FONTS.glob("NotoSansSC-Medium.ttf")) or sorted(_FONTS.glob("*.ttf")):
        return ImageFont.truetype(str(path), height)
    return ImageFont.load_default(height)
