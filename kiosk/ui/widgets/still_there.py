"""The question before a visit ends by itself; covers everything else."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.relativelayout import RelativeLayout

from kiosk.flows import intake_words as w
from kiosk.presenters.views import WarningView
from kiosk.ui.widgets import touchables  # noqa: F401  the rule uses Pill


class StillThere(RelativeLayout):
    """`show` is the way in, `on_said` with an event of the flow the way out."""

    __events__ = ("on_said",)
    shown = BooleanProperty(False)
    title = StringProperty("")
    text = StringProperty("")
    go_on = StringProperty("")
    leave = StringProperty("")

    def show(self, view: WarningView | None) -> None:
        """Ask, or take the question away."""
        self.shown = view is not None
        if view is not None:
            self.title, self.text, self.go_on, self.leave = view.title, view.text, view.go_on, view.leave

    def on_touch_down(self, finger: object) -> bool:
        """Nothing under the question can be touched."""
        if not self.shown:
            return False
        super().on_touch_down(finger)
        return True

    def stay(self) -> None:
        """Somebody is there."""
        self.dispatch("on_said", w.Touched())

    def go_home(self) -> None:
        """Give up."""
        self.dispatch("on_said", w.WentHome())

    def on_said(self, event: object) -> None:
        """Event: a finger said this.  The app binds it."""


Builder.load_file(__file__.replace(".py", ".kv"))
