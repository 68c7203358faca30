"""Text that fits, and icons."""

from __future__ import annotations

from functools import lru_cache

from kivy.clock import Clock
from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.label import Label

from kiosk.ui import theme

Builder.load_string("""
#:import theme kiosk.ui.theme
<Text>:
    color: theme.INK
    disabled_color: self.color  # Kivy's own, a thin white, cannot be read on a closed tile
    font_name: 'regular'
    text_size: self.size
    halign: 'left'
    valign: 'middle'
    line_height: 1.15
<Icon>:
    font_name: 'icons'
    text: theme.icon(self.name)
    color: theme.BLUE
    disabled_color: self.color
""")


class Text(Label):
    """A label that shrinks until `text` fits into its box, down to `least`; then it ends in an ellipsis.

    `most` is the wished font size in pixels; at most `max_rows` rows (0: as many as fit).
    """

    most = NumericProperty(30)
    least = NumericProperty(theme.LEAST_TEXT)
    max_rows = NumericProperty(1)
    need = NumericProperty(0)
    """For a layout's own sums: how high the text wants to be, in pixels."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        fit_soon = Clock.create_trigger(self._fit, -1)  # once, after the layout has settled
        for name in ("text", "size", "most", "least", "max_rows", "font_name"):
            self.fbind(name, fit_soon)
        fit_soon()

    def _fit(self, *_: object) -> None:
        least, most = int(self.least), max(int(self.least), int(self.most))
        box = (int(self.width), int(self.height), int(self.max_rows))
        size = best_size(self.text, self.font_name, most, least, box)
        self.font_size = size
        full = fits(self.text, self.font_name, size, *box)
        self.shorten = not full and self.max_rows == 1
        self.shorten_from = "right"
        self.max_lines = 0 if self.max_rows == 1 else int(self.max_rows)


class Icon(Label):
    """One Material Design icon by name."""

    name = StringProperty("")


@lru_cache(maxsize=1024)
def best_size(text: str, font: str, most: int, least: int, box: tuple[int, int, int]) -> int:
    """Return the largest size from `most` down to `least` at which `text` fits into `box`, or `least`.

    Sizes go down in steps of a tenth: Kivy keeps a face open for every size it was ever asked for.
    """
    size = most
    while size > least and not fits(text, font, size, *box):
        size = max(least, round(size * 0.9))
    return size


@lru_cache(maxsize=1024)
def fits(text: str, font: str, size: int, width: int, height: int, max_rows: int) -> bool:
    """Say whether `text` fits into the box without breaking a word, in at most `max_rows` rows.

    Measured at one size and scaled, so that trying a size does not open a face for it.
    """
    if not text or width <= 1:
        return True
    wide_enough = width * theme.MEASURE / size * 0.985  # hinting makes small sizes a little wider
    high_enough = height * theme.MEASURE / size
    one = CoreLabel(font_name=font, font_size=theme.MEASURE)
    lines = text.split("\n")
    wide, row = max(one.get_extents(line) for line in lines)
    if len(lines) == 1 and wide <= wide_enough:
        return bool(row <= high_enough + 1)
    if max_rows == 1:
        return False
    if text.isascii() and max(one.get_extents(word)[0] for word in text.split()) > wide_enough:
        return False
    label = CoreLabel(
        text=text, font_name=font, font_size=theme.MEASURE, text_size=(wide_enough, None), line_height=1.15
    )
    _, high = label.render()  # lays the text out and draws nothing
    rows = round(high / (row * 1.15))
    return bool(high <= high_enough and (not max_rows or rows <= max_rows))
