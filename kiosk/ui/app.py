"""The Kivy app of the ticket kiosk: one root, one screen at a time, all drawn from a View."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from kivy.app import App
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.lang import Builder
from kivy.properties import ObjectProperty
from kivy.uix.floatlayout import FloatLayout
from kivy.uix.widget import Widget

from kiosk.flows import intake_words as w
from kiosk.flows.intake_words import Event
from kiosk.i18n.catalog import load
from kiosk.presenters.clock import date_text
from kiosk.presenters.views import View
from kiosk.ui import theme
from kiosk.ui.screens.code import CodeScreen
from kiosk.ui.screens.tiles import TilesScreen
from kiosk.ui.screens.visit import CardScreen, IssuingScreen, NoticeScreen, TicketScreen, VisitScreen
from kiosk.ui.widgets import footer, header, still_there  # noqa: F401  the rule below uses them

Builder.load_string("""
#:import m kiosk.ui.theme.metrics
#:import theme kiosk.ui.theme
<Root>:
    canvas.before:
        Color:
            rgba: theme.GROUND
        Rectangle:
            pos: self.pos
            size: self.size
    Header:
        id: header
        size_hint: 1, None
        height: ((440 if m.elder else 480) if m.portrait else (292 if m.elder else 258)) * m.u
        pos: 0, root.height - self.height
    RelativeLayout:
        id: stage
        size_hint: 1, None
        height: root.height - header.height - footer.height
        pos: 0, footer.top
    Footer:
        id: footer
        size_hint: 1, None
        height: max((140 if m.portrait else 116) * m.u, theme.touch(92, m.u) + 8)
        pos: 0, 0
    StillThere:
        id: warning
""")


class Root(FloatLayout):
    """Header, stage, footer, and the question over all."""

    view = ObjectProperty(None, allownone=True)

    def __init__(self, said: Callable[[Event], None], **kwargs: object) -> None:
        super().__init__(**kwargs)
        tiles, notice, ticket = TilesScreen(), NoticeScreen(), TicketScreen()
        self._screens: dict[str, Widget] = {
            "choose-department": tiles,
            "choose-service": tiles,
            "choose-package": tiles,
            "card": CardScreen(),
            "code": CodeScreen(),
            "issuing": IssuingScreen(),
            "ticket": ticket,
            "place": ticket,
            "sorry": notice,
            "out-of-order": notice,
        }
        for speaker in (*self._screens.values(), self.ids.footer, self.ids.warning):
            speaker.bind(on_said=lambda _, event: said(event))

    def screens(self) -> tuple[Widget, ...]:
        """Return every screen, shown or put away."""
        return tuple(dict.fromkeys(self._screens.values()))

    def show(self, view: View) -> None:
        """Draw `view`.  Kivy thread only (see kiosk/ui/bridge.py)."""
        theme.metrics.elder = view.elder
        self.ids.header.show(view.header)
        self.ids.footer.show(view.footer, view.language)
        self.ids.warning.show(view.warning)
        screen = self._screens[view.screen]
        if self.view is None or view.body != self.view.body or view.screen != self.view.screen:
            screen.show(view)
        if screen.parent is None:
            self.ids.stage.clear_widgets()
            for other in self.screens():
                if other is not screen and isinstance(other, VisitScreen):
                    other.forget()
            self.ids.stage.add_widget(screen)
        self.view = view


class TicketApp(App):
    """`said` takes what fingers say; `hall_now` is the hall's own local time."""

    def __init__(self, said: Callable[[Event], None], hall_now: Callable[[], datetime]) -> None:
        theme.register_fonts()
        super().__init__()
        self._said = said
        self._hall_now = hall_now
        self.root_widget: Root | None = None

    def build(self) -> Root:
        """Make the one root and fit it to the window."""
        Window.clearcolor = theme.GROUND
        Window.bind(size=self._fit, on_touch_down=self._touched)
        self.root_widget = Root(self._said)
        self._fit(Window, Window.size)
        Clock.schedule_interval(self._tell_time, 1)
        return self.root_widget

    def show(self, view: View) -> None:
        """Draw `view` and the time in its language."""
        if self.root_widget is not None:
            self.root_widget.show(view)
            self._tell_time(0)

    def open_settings(self, *_: object) -> bool:
        """No settings page on F1: a kiosk has no operator at its keyboard."""
        return False

    def _fit(self, _: object, size: tuple[int, int]) -> None:
        theme.metrics.fit(*size)
        self._said(w.ShapeChanged(theme.metrics.portrait))

    def _touched(self, *_: object) -> bool:
        root = self.root_widget
        if root is not None and root.view is not None and root.view.warning is None:
            self._said(w.Touched())
        return False

    def _tell_time(self, _: float) -> None:
        """Kivy redraws only when a text changed, so this costs nothing 59 times of 60."""
        root = self.root_widget
        if root is None or root.view is None:
            return
        now = self._hall_now()
        root.ids.header.time = now.strftime("%H:%M")
        root.ids.header.day = date_text(now.date(), load(root.view.language))
