"""Draws the strips of a ticket as the print head would, one dot one pixel (203 dpi)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from devices.sim.printer_page import (
    CELL_HIGH,
    BarStrip,
    Cell,
    Feed,
    Knife,
    QrStrip,
    RasterStrip,
    Strip,
    TextStrip,
)

_OWN_FONTS = Path(__file__).parents[2] / "kiosk" / "assets" / "fonts"
_SYSTEM_FONTS = Path("/usr/share/fonts")
_CHINESE_NAMES = ("notosanssc", "notosanscjk", "sourcehansans", "wqy", "notoserifsc")
_INK, _PAPER = 24, 255
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class FontFiles:
    """A Chinese font in two weights; None where nothing was found."""

    regular: Path | None = None
    bold: Path | None = None


def find_fonts(folders: Iterable[Path] = (_OWN_FONTS, _SYSTEM_FONTS)) -> FontFiles:
    """Return the best fonts found: the kiosk's own first, then the system's."""
    files = [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in (".ttf", ".ttc", ".otf")
    ]

    def first(names: Iterable[str], weights: Iterable[str]) -> Path | None:
        for weight in weights:
            for path in files:
                name = path.stem.lower().replace("-", "").replace("_", "")
                if any(wanted in name for wanted in names) and weight in name:
                    return path
        return None

    return FontFiles(
        first(_CHINESE_NAMES, ("medium", "regular", "")),
        first(_CHINESE_NAMES, ("700bold", "scbold", "bold")),
    )


@lru_cache(maxsize=1)
def installed_fonts() -> FontFiles:
    """Return what this machine has; looked up once."""
    return find_fonts()


@lru_cache(maxsize=64)
def _font(path: Path | None, pixels: int) -> Font:
    if path is None:
        return ImageFont.load_default(pixels)
    index = (
        2 if path.suffix.lower() == ".ttc" and "cjk" in path.stem.lower() else 0
    )  # 2 is Simplified Chinese
    return ImageFont.truetype(str(path), pixels, index=index)


def render(strips: Iterable[Strip], width_dots: int, fonts: FontFiles | None = None) -> bytes:
    """Return a PNG, `width_dots` wide and as high as the paper that was used."""
    strips = list(strips)
    height = max(1, sum(strip.dots for strip in strips))
    image = Image.new("L", (width_dots, height), _PAPER)
    top = 0
    for strip in strips:
        _draw(image, strip, top, fonts or installed_fonts())
        top += strip.dots
    out = BytesIO()
    image.quantize(16).save(out, "PNG", optimize=True)
    return out.getvalue()


def data_url(png: bytes) -> str:
    """Return a PNG as a page can show it."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _draw(image: Image.Image, strip: Strip, top: int, fonts: FontFiles) -> None:
    match strip:
        case TextStrip(cells, align, _):
            base = top + max(cell.high for cell in cells) * CELL_HIGH
            left = _left(align, sum(cell.dots for cell in cells), image.width)
            for cell in cells:
                _draw_cell(image, cell, left, base, fonts)
                left += cell.dots
        case QrStrip():
            _draw_qr(image, strip, top)
        case BarStrip():
            _draw_bars(image, strip, top)
        case RasterStrip(rows, wide, dots, align):
            picture = Image.frombytes("1", (wide * 8, dots), bytes(byte ^ 0xFF for byte in rows))
            image.paste(picture.convert("L"), (_left(align, wide * 8, image.width), top))
        case Feed() | Knife():
            pass


def _left(align: str, used: int, width: int) -> int:
    return {"left": 0, "center": (width - used) // 2, "right": width - used}[align]


def _draw_cell(image: Image.Image, cell: Cell, left: int, base: int, fonts: FontFiles) -> None:
    """Draw one character on its own square and stretch that, as a printer does with its bitmaps."""
    if cell.char == " " and not cell.inverse:
        return
    high = cell.high * CELL_HIGH
    path = (fonts.bold if cell.bold else fonts.regular) or fonts.regular
    font = _font(path, int(high * (0.98 if cell.full else 0.9)))
    own_wide = (CELL_HIGH if cell.full else CELL_HIGH // 2) * cell.high
    square_wide = max(own_wide, round(font.getlength(cell.char)))  # a wide letter is squeezed into its cell
    ink, ground = (_PAPER, _INK) if cell.inverse else (_INK, _PAPER)
    square = Image.new("L", (square_wide, high), ground)
    anchor, at = (
        ("ms", (square_wide / 2, high * (0.86 if cell.full else 0.81))) if path else (None, (0.0, 0.0))
    )
    stroke = cell.high if cell.bold and fonts.bold is None else 0
    ImageDraw.Draw(square).text(at, cell.char, fill=ink, font=font, anchor=anchor, stroke_width=stroke)
    image.paste(square.resize((cell.dots, high), Image.Resampling.LANCZOS), (left, base - high))


def _draw_qr(image: Image.Image, strip: QrStrip, top: int) -> None:
    draw = ImageDraw.Draw(image)
    size = strip.module
    left = _left(strip.align, len(strip.modules) * size, image.width)
    for y, row in enumerate(strip.modules):
        for x, dark in enumerate(row):
            if dark:
                corner = (left + x * size, top + y * size)
                draw.rectangle((*corner, corner[0] + size - 1, corner[1] + size - 1), fill=_INK)


def _draw_bars(image: Image.Image, strip: BarStrip, top: int) -> None:
    draw = ImageDraw.Draw(image)
    left = _left(strip.align, len(strip.modules) * strip.module, image.width)
    for place, module in enumerate(strip.modules):
        if module == "1":
            x = left + place * strip.module
            draw.rectangle((x, top, x + strip.module - 1, top + strip.dots - 1), fill=_INK)
