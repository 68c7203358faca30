"""A hall's emblem for the head of its tickets: a picture file as the dots of a print head."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from devices.codecs.ticket_lines import Picture

_MOST_PIXELS = 4_000_000
_BLACK_BELOW = 140


class BadLogo(ValueError):
    """The file is no picture that a printer could print; the text names it and the remedy."""


def load_logo(path: str, high_dots: int, most_wide_dots: int) -> Picture:
    """Return the picture, `high_dots` high unless that is too wide.  Raises BadLogo.

    What is transparent is white; what is darker than the middle is black: an emblem of one colour does best.
    """
    try:
        with Image.open(Path(path)) as found:
            if found.width * found.height > _MOST_PIXELS:
                raise BadLogo(f"the logo {path} is too large; make it at most 2000 x 2000 pixels")
            picture = found.convert("RGBA")
    except (OSError, UnidentifiedImageError) as error:
        raise BadLogo(f"the logo {path} cannot be read; give the path of a PNG file") from error
    white = Image.new("RGBA", picture.size, "white")
    grey = Image.alpha_composite(white, picture).convert("L")
    scale = min(high_dots / grey.height, most_wide_dots / grey.width)
    wide, high = max(1, int(grey.width * scale)), max(1, int(grey.height * scale))
    dots = Image.new("L", ((wide + 7) // 8 * 8, high), 255)
    dots.paste(grey.resize((wide, high), Image.Resampling.LANCZOS))
    black = dots.point(lambda value: 255 if value < _BLACK_BELOW else 0).convert("1")
    return Picture(black.tobytes(), dots.width // 8)
