"""Text that fits, and icons."""

from __future__ import annotations

from functools import lru_cache

from kivy.core.text import Label as CoreLabel
from kivy.lang import Builder
from kivy.properties import NumericProperty, StringProperty
from kivy.uix.label import Label

from kiosk.ui import theme

Builder.load_string("""
#:import theme kiosk.ui.theme
<Text>:
    color: theme.INK
    font_name: 'regular'
    text_size: self.size
    halign: 'left'
    valign: 'middle'
    line_height: 1.15
<Icon>:
    font_name: 'icons'
    text: theme.icon(self.name)
    color: theme.BLUE
""")


class Text(Label):
    """A label that shrinks until `text` fits into its box, down to `least`; then it ends in an ellipsis.

    `most` is the wished font size in pixels; at most `max_rows` rows (0: as many as fit).
    """

    most = NumericProperty(30)
    least = NumericProperty(theme.LEAST_TEXT)
    max_rows = NumericProperty(1)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        for name in ("text", "size", "most", "least", "max_rows", "font_name"):
            self.fbind(name, self._fit)
        self._fit()

    def _fit(self, *_: object) -> None:
        size = self.most
        while size > self.least and not fits(
            self.text, self.font_name, int(size), int(self.width), int(self.height), int(self.max_rows)
        ):
            size -= 1
        self.font_size = max(self.least, size)
        full = fits(
            self.text,
            self.font_name,
            int(self.font_size),
            int(self.width),
            int(self.height),
            int(self.max_rows),
        )
        self.shorten = not full and self.max_rows == 1
        self.shorten_from = "right"
        self.max_lines = 0 if self.max_rows == 1 else int(self.max_rows)


class Icon(Label):
    """One Material Design icon by name."""

    name = StringProperty("")


@lru_cache(maxsize=4096)
def fits(text: str, font: str, size: int, width: int, height: int, max_rows: int) -> bool:
    """Say whether `text` fits into the box without breaking a word, in at most `max_rows` rows."""
    if not text or width <= 1:
        return True
    one = CoreLabel(font_name=font, font_size=size)
    lines = text.split("\n")
    wide, row = max(one.get_extents(line) for line in lines)
    if len(lines) == 1 and wide <= width:
        return row <= height + 1
    if max_rows == 1:
        return False
    if max(one.get_extents(word)[0] for word in text.split()) > width and text.isascii():
        return False
    label = CoreLabel(text=text, font_name=font, font_size=size, text_size=(width, None), line_height=1.15)
    label.refresh()
    rows = round(label.texture.height / (row * 1.15)) if label.texture else 1
    return bool(label.texture and label.texture.height <= height and (not max_rows or rows <= max_rows))
