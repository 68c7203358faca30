"""The foot of every screen: language, large text, back, home with the countdown, state of the machines."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from kiosk.flows import intake_words as w
from kiosk.presenters.views import FooterView
from kiosk.ui.widgets import touchables  # noqa: F401  the rule below uses Pill and Segment


class Footer(BoxLayout):
    """`show` is the way in, `on_said` with an event of the flow the way out."""

    __events__ = ("on_said",)
    back = StringProperty("")
    home = StringProperty("")
    elder = StringProperty("")
    status = StringProperty("")
    status_good = BooleanProperty(True)
    terminal = StringProperty("")

    def show(self, view: FooterView, language: str) -> None:
        """Draw `view`."""
        self.back, self.home = view.back, view.home
        self.elder, self.terminal = view.elder, view.terminal
        self.status, self.status_good = view.status, view.status_good
        for code, name in view.languages:
            segment = self.ids[code]
            segment.caption, segment.chosen = name, code == language

    def choose_language(self, code: str) -> None:
        """A finger chose a language."""
        self.dispatch("on_said", w.LanguageChosen(code))

    def toggle_elder(self) -> None:
        """A finger wants large text, or not any more."""
        self.dispatch("on_said", w.ElderToggled())

    def go_back(self) -> None:
        """One step back."""
        self.dispatch("on_said", w.WentBack())

    def go_home(self) -> None:
        """Give up, or done."""
        self.dispatch("on_said", w.WentHome())

    def on_said(self, event: object) -> None:
        """Event: a finger said this.  The app binds it."""


Builder.load_file(__file__.replace(".py", ".kv"))
