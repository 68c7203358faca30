"""Everything that can be touched is a Touchable, so that tests and the lab can find it."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import (
    BooleanProperty,
    ColorProperty,
    NumericProperty,
    StringProperty,
)
from kivy.uix.behaviors import ButtonBehavior
from kivy.uix.relativelayout import RelativeLayout

from kiosk.ui.widgets import labels  # noqa: F401  the rules below use Text and Icon


class Touchable(ButtonBehavior, RelativeLayout):
    """A button.  `caption` is what it says, in the citizen's language; `key` names it for the program."""

    caption = StringProperty("")
    key = StringProperty("")
    shown = BooleanProperty(True)
    always_release = True

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._trigger_layout()  # children of a rule are there before the layout listens

    def on_touch_down(self, finger: object) -> bool:
        """A hidden button is not there."""
        return bool(self.shown and super().on_touch_down(finger))


class Pill(Touchable):
    """A rounded button.  `look`: `primary, plain, outline, quiet`; `words`: size of its text in pixels."""

    icon = StringProperty("")
    icon_after = BooleanProperty(False)
    look = StringProperty("plain")
    font_units = NumericProperty(34)
    words = NumericProperty(34)
    with_icon = BooleanProperty(False)
    ink = ColorProperty()
    ground = ColorProperty()


class Segment(Touchable):
    """One half of the language switch."""

    chosen = BooleanProperty(False)


class PageNumber(Touchable):
    """A page's own button between the arrows."""

    chosen = BooleanProperty(False)


class Badge(RelativeLayout):
    """A word or two on a coloured ground."""

    text = StringProperty("")
    tone = StringProperty("calm")
    units = NumericProperty(26)


class TileButton(Touchable):
    """What all tiles show."""

    title = StringProperty("")
    subtitle = StringProperty("")
    badge = StringProperty("")
    tone = StringProperty("calm")
    icon = StringProperty("")
    tag = StringProperty("")
    accent = NumericProperty(0)
    subtitle_rows = NumericProperty(1)
    pad = NumericProperty(0)
    box = NumericProperty(0)
    share = NumericProperty(0.5)


class EntryButton(Touchable):
    """A way to something else than a new number: an icon and at most two rows of text."""

    icon = StringProperty("")


class DepartmentTile(TileButton):
    """Icon and badge above, name and services below."""


class ServiceTile(TileButton):
    """A row: tag, name with matters, badge, arrow."""


Builder.load_file(__file__.replace(".py", ".kv"))
