"""Sizes, colours, fonts, icons: the one place that says how the kiosk looks.

All sizes in the .kv files are in the units of a 1080×1920 (or 1920×1080) design; `metrics.u` is one unit in
pixels.  `px` keeps text readable and `touch` keeps targets big on small windows.
Contrast of every text colour on its ground is at least 4.5:1 (tests/kiosk/test_theme.py).
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import ceil, hypot
from pathlib import Path

from fonticon_mdi7 import MDI7
from kivy.core.text import Label as CoreLabel
from kivy.core.text import LabelBase
from kivy.event import EventDispatcher
from kivy.graphics.texture import Texture
from kivy.properties import BooleanProperty, NumericProperty
from kivy.utils import get_color_from_hex as _hex

FONTS = Path(__file__).parents[1] / "assets" / "fonts"
FACES = {
    "regular": "NotoSansSC-Regular.ttf",
    "medium": "NotoSansSC-Medium.ttf",
    "bold": "NotoSansSC-Bold.ttf",
}
LEAST_TEXT = 18  # pixels; domain.md 6.1: 18 dp at 96 dpi
LEAST_TOUCH = 60  # pixels
ELDER_TEXT = 1.28  # times the standard size; tests hold every screen of a visit to 1.25
SHADOW_EDGE = 31  # texels of the shadow texture from nothing to full
MEASURE = 40  # the one font size at which texts are measured

INK = _hex("#14213d")
INK_SOFT = _hex("#51607a")
BLUE = _hex("#0b57d0")
BLUE_DEEP = _hex("#0a3fa8")
BLUE_SKY = _hex("#2f8cf0")
BLUE_PALE = _hex("#e6effc")
BLUE_PRESSED = _hex("#08429c")
GROUND = _hex("#eef3fb")
PAPER = _hex("#ffffff")
PAPER_PRESSED = _hex("#dfe9fa")
PAPER_OFF = _hex("#f3f5f9")
LINE = _hex("#c9d6ea")
ON_BLUE = _hex("#ffffff")
ON_BLUE_SOFT = _hex("#e3eeff")
TONES = {  # text, ground
    "calm": (_hex("#2c4a78"), _hex("#e8effa")),
    "good": (_hex("#0a6b3d"), _hex("#e2f5ea")),
    "busy": (_hex("#9a4a00"), _hex("#fff0e0")),
    "off": (_hex("#51607a"), _hex("#e9edf4")),
}
ACCENTS = [  # icon, ground
    (_hex("#1d6ae5"), _hex("#e4eefd")),
    (_hex("#0f8f7f"), _hex("#e1f4f1")),
    (_hex("#6450d8"), _hex("#edeafb")),
    (_hex("#c8660f"), _hex("#fdeee0")),
    (_hex("#cf3f5b"), _hex("#fbe8ec")),
    (_hex("#1380b8"), _hex("#e2f2fa")),
    (_hex("#93700a"), _hex("#f8f1dc")),
    (_hex("#496273"), _hex("#e9eef1")),
]


class FontsMissing(Exception):
    """A font file is not where it must be; the text says what to do."""


class Metrics(EventDispatcher):
    """`u` is one design unit in pixels; `portrait` and `elder` choose between layouts."""

    u = NumericProperty(1.0)
    portrait = BooleanProperty(True)
    elder = BooleanProperty(False)

    def fit(self, width: float, height: float) -> None:
        """Take the size of the window in pixels."""
        self.portrait = height > width
        across, along = (1080, 1920) if self.portrait else (1920, 1080)
        self.u = min(width / across, height / along)


metrics = Metrics()


def px(units: float, u: float) -> float:
    """Return a text size in pixels, never below what people can read."""
    return max(LEAST_TEXT, units * u)


def body(units: float, u: float, elder: bool) -> float:
    """Return a text size in pixels, larger in elder mode, on small windows too."""
    return px(units, u) * (ELDER_TEXT if elder else 1.0)


def touch(units: float, u: float) -> float:
    """Return the side of something to touch, in pixels, never below what a finger can hit."""
    return max(LEAST_TOUCH, units * u)


def tone_text(tone: str) -> list[float]:
    """Return the text colour of a tone."""
    return list(TONES[tone][0])


def tone_ground(tone: str) -> list[float]:
    """Return the colour under a tone's text."""
    return list(TONES[tone][1])


def accent(index: int) -> list[float]:
    """Return the icon colour of a tile."""
    return list(ACCENTS[index % len(ACCENTS)][0])


def accent_ground(index: int) -> list[float]:
    """Return the colour under a tile's icon."""
    return list(ACCENTS[index % len(ACCENTS)][1])


def icon(name: str) -> str:
    """Return the glyph of a Material Design icon; a building for a name the font does not have."""
    glyph = getattr(MDI7, name.replace("-", "_"), None) if name else None
    return glyph if isinstance(glyph, str) else str(MDI7.office_building_outline)


def register_fonts() -> None:
    """Make `regular`, `medium`, `bold` and `icons` known to Kivy.  Raises FontsMissing."""
    for name, file in FACES.items():
        path = FONTS / file
        if not path.is_file():
            raise FontsMissing(f"{path.name} is missing in kiosk/assets/fonts: run `make setup`")
        LabelBase.register(name, str(path))
    LabelBase.register("icons", MDI7.__font_file__)


@lru_cache(maxsize=1024)
def text_width(text: str, font: str, size: float) -> float:
    """Return how wide one row of `text` is, in pixels, with a little to spare."""
    wide = CoreLabel(font_name=font, font_size=MEASURE).get_extents(text)[0]
    return float(wide) * size / MEASURE * 1.02


def high(text: str, font: str, size: float, width: float) -> float:
    """Return how high a box must be for `text` in as many rows of `width` pixels as it takes."""
    rows = max(1, ceil(text_width(text, font, size) / max(1.0, width)))
    return size * (1.5 if rows == 1 else 1.725 * rows)


@cache
def shadow() -> Texture:
    """Return the soft edge that all cards share, to be drawn as a nine-part border of SHADOW_EDGE texels.

    Kivy's BoxShadow keeps a picture of its own for every card; this is one of 64 by 64 for all.
    """
    side = 2 * SHADOW_EDGE + 2
    pixels = bytearray()
    for y in range(side):
        for x in range(side):
            across = max(0, SHADOW_EDGE - x, x - SHADOW_EDGE - 1)
            along = max(0, SHADOW_EDGE - y, y - SHADOW_EDGE - 1)
            near = max(0.0, 1.0 - hypot(across, along) / SHADOW_EDGE)
            pixels += bytes((255, 255, 255, int(255 * near * near * (3 - 2 * near))))
    texture = Texture.create(size=(side, side), colorfmt="rgba")
    texture.blit_buffer(bytes(pixels), colorfmt="rgba")
    return texture
