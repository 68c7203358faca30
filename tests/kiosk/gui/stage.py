"""The real app, offscreen, stepped by hand: no display, no clock, no other thread.

One process has one window; its pixels keep the size they began with (STAGE_SIZE=1920x1080), its layout
follows `Window.size`.
"""
# ruff: noqa: E402  Kivy must be told before its first import

from __future__ import annotations

import os

os.environ.update(
    KIVY_NO_ARGS="1",
    KIVY_NO_CONFIG="1",
    KIVY_NO_FILELOG="1",
    KIVY_LOG_MODE="PYTHON",
    SDL_VIDEODRIVER="offscreen",
)

from datetime import datetime
from pathlib import Path

from kivy.base import EventLoop
from kivy.config import Config

SIZE = os.environ.get("STAGE_SIZE", "1080x1920").split("x")
Config.set("graphics", "width", SIZE[0])
Config.set("graphics", "height", SIZE[1])
Config.set("graphics", "multisamples", "0")

from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glFinish, glReadPixels
from kivy.tests import UnitTestTouch
from kivy.uix.label import Label
from kivy.uix.widget import Widget
from PIL import Image

from kiosk.flows.intake import advance
from kiosk.flows.intake_state import start
from kiosk.flows.intake_words import Effect, Event
from kiosk.i18n.catalog import load
from kiosk.presenters.intake import present
from kiosk.ui.app import TicketApp
from kiosk.ui.widgets.labels import Text
from kiosk.ui.widgets.touchables import Touchable


class Stage:
    """One kiosk: the flow and the app; effects pile up in `effects` for the test to answer."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.state = start()
        self.effects: list[Effect] = []
        EventLoop.ensure_window()
        Window.size = size
        self.size = size
        self.frames = 0
        Window.bind(on_flip=self._flipped)
        self.app = TicketApp(self.say, lambda: datetime(2026, 11, 23, 9, 41))  # noqa: DTZ001
        self.app._run_prepare()
        EventLoop.status = "started"
        self.draw()

    def _flipped(self, *_: object) -> None:
        self.frames += 1
        glFinish()

    def restart(self) -> None:
        """Switch the kiosk off and on."""
        self.state = start(portrait=self.state.terminal.portrait)

    def say(self, *events: Event) -> None:
        for event in events:
            self.state, effects = advance(self.state, event)
            self.effects += effects
        self.draw()

    def draw(self) -> None:
        self.app.show(present(self.state, load(self.state.language), "QK01"))

    def step(self, frames: int = 3) -> None:
        for _ in range(frames):
            EventLoop.idle()

    def touchables(self) -> list[Touchable]:
        """What a finger can reach now."""
        top: Widget = self.app.root_widget
        if top.ids.warning.shown:
            top = top.ids.warning
        return [
            one
            for one in top.walk()
            if isinstance(one, Touchable) and one.shown and not one.disabled and one.opacity
        ]

    def labels(self) -> list[Label]:
        """Texts that can be seen now."""
        return [one for one in self._walk(False) if isinstance(one, Text) and one.text]

    def texts(self, *, everywhere: bool = False) -> list[str]:
        """What can be read now; `everywhere` also on screens that are put away."""
        return [one.text for one in self._walk(everywhere) if isinstance(one, Label) and one.text]

    def words_in(self, top: Widget) -> list[Label]:
        """Words that can be seen below `top`; icons are none."""
        return [
            one
            for one in top.walk(restrict=True)
            if isinstance(one, Label) and one.text and one.font_name != "icons" and _visible(one)
        ]

    def _walk(self, everywhere: bool) -> list[Widget]:
        root = self.app.root_widget
        roots = [root, *(root.screens() if everywhere else ())]
        return [one for top in roots for one in top.walk(restrict=True) if everywhere or _visible(one)]

    def find(self, key: str) -> Touchable:
        return next(one for one in self.touchables() if one.key == key)

    def tap(self, key: str) -> None:
        target = self.find(key)
        x, y = target.to_window(*target.to_parent(target.width / 2, target.height / 2))
        finger = UnitTestTouch(x, y)
        finger.touch_down()
        self.step(1)
        finger.touch_up()
        self.step(2)

    def shot(self, path: Path) -> None:
        """Save what the window itself shows: an off-window drawing would hide mistakes of clipping."""
        self.step(3)
        Window.dispatch("on_draw")
        size = (int(Window.width), int(Window.height))
        pixels = bytes(glReadPixels(0, 0, *size, GL_RGB, GL_UNSIGNED_BYTE))
        Image.frombytes("RGB", size, pixels).transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(path)

    def close(self) -> None:
        Window.unbind(size=self.app._fit, on_touch_down=self.app._touched, on_flip=self._flipped)
        for child in list(Window.children):
            Window.remove_widget(child)
        self.app.stop()


def _visible(widget: Widget) -> bool:
    while widget is not None and widget is not Window:
        if widget.opacity == 0:
            return False
        widget = widget.parent
    return True


def boxes(widget: Widget) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in window pixels."""
    x, y = widget.to_window(widget.x, widget.y)
    return x, y, x + widget.width, y + widget.height
