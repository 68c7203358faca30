"""The blue head of every screen: hall, clock, title, steps, and a quiet skyline behind them."""

from __future__ import annotations

import math

from kivy.graphics import (
    Color,
    Ellipse,
    Mesh,
    Rectangle,
    StencilPop,
    StencilPush,
    StencilUnUse,
    StencilUse,
)
from kivy.graphics.texture import Texture
from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.relativelayout import RelativeLayout
from kivy.uix.widget import Widget

from kiosk.presenters.views import HeaderView
from kiosk.ui import theme
from kiosk.ui.theme import metrics
from kiosk.ui.widgets import touchables  # noqa: F401  loads Badge

SKYLINE = (0.35, 0.5, 0.42, 0.72, 0.55, 0.9, 0.48, 0.4, 0.66, 0.58, 0.8, 0.44, 0.36, 0.62, 0.5, 0.74)


class Backdrop(Widget):
    """Gradient, circles, skyline and two waves.  Drawn anew only when the size changes."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._sky = _gradient(theme.BLUE_SKY, theme.BLUE, theme.BLUE_DEEP)
        self.bind(size=self._draw, pos=self._draw)

    def _draw(self, *_: object) -> None:
        self.canvas.clear()
        x, y, width, height = self.x, self.y, self.width, self.height
        with self.canvas:
            Color(1, 1, 1, 1)
            Rectangle(pos=(x, y), size=(width, height), texture=self._sky)
            StencilPush()  # the circles end where the head does
            Rectangle(pos=(x, y), size=(width, height))
            StencilUse()
            Color(1, 1, 1, 0.05)
            for across, up, radius in ((0.88, 0.9, 0.5), (1.0, 0.45, 0.42), (0.08, 0.1, 0.34)):
                side = radius * max(height, 420 * metrics.u) * 2
                Ellipse(pos=(x + across * width - side / 2, y + up * height - side / 2), size=(side, side))
            self._draw_skyline()
            StencilUnUse()
            Rectangle(pos=(x, y), size=(width, height))
            StencilPop()
            _wave(x, y, width, height * 0.105, 0.6, (1, 1, 1, 0.28))
            _wave(x, y, width, height * 0.07, 3.4, (*theme.GROUND[:3], 1))

    def _draw_skyline(self) -> None:
        Color(1, 1, 1, 0.055)
        step = 72 * metrics.u
        for index in range(int(self.width / step) + 1):
            tall = SKYLINE[index % len(SKYLINE)] * self.height * 0.46
            Rectangle(pos=(self.x + index * step, self.y), size=(step * 0.74, tall))


def _gradient(*stops: list[float]) -> Texture:
    texture = Texture.create(size=(1, len(stops)), colorfmt="rgb")
    texture.blit_buffer(bytes(int(c * 255) for stop in stops for c in stop[:3]), colorfmt="rgb")
    texture.wrap = "clamp_to_edge"
    return texture


def _wave(x: float, y: float, width: float, height: float, phase: float, colour: tuple[float, ...]) -> None:
    Color(*colour)
    vertices: list[float] = []
    for index in range(61):
        along = index / 60
        top = y + height * (0.55 + 0.45 * math.sin(phase + along * 4.4))
        vertices += [x + along * width, y - 1, 0, 0, x + along * width, top, 0, 0]
    Mesh(vertices=vertices, indices=list(range(122)), mode="triangle_strip")


class StepDot(BoxLayout):
    """One step: its number, or a tick when done, and its name."""

    number = StringProperty("")
    caption = StringProperty("")
    current = BooleanProperty(False)
    done = BooleanProperty(False)


class StepsBar(BoxLayout):
    """The four steps; hidden where there is no step."""

    current = NumericProperty(0)

    def show(self, names: tuple[str, ...], current: int) -> None:
        """Draw the steps, the current one lit."""
        self.opacity = 1 if current else 0
        dots = [child for child in reversed(self.children) if isinstance(child, StepDot)]
        if len(dots) != len(names):
            self.clear_widgets()
            dots = [StepDot() for _ in names]
            for dot in dots:
                if self.children:
                    self.add_widget(StepLine())
                self.add_widget(dot)
        for index, (dot, name) in enumerate(zip(dots, names, strict=True), 1):
            dot.number, dot.caption = str(index), name
            dot.current, dot.done = index == current, index < current


class StepLine(Widget):
    """Between two steps."""


class Header(RelativeLayout):
    """The top of every screen."""

    hall = StringProperty("")
    tagline = StringProperty("")
    title = StringProperty("")
    hint = StringProperty("")
    demo = StringProperty("")
    elder = StringProperty("")
    time = StringProperty("")
    day = StringProperty("")
    remaining = StringProperty("")
    edge = NumericProperty(0)
    two_rows = BooleanProperty(False)

    def show(self, view: HeaderView) -> None:
        """Draw `view`."""
        self.hall, self.tagline, self.demo = view.hall, view.tagline, view.demo
        self.elder = view.elder
        self.title, self.hint, self.remaining = view.title, view.hint, view.remaining
        self.ids.steps.show(view.steps, view.current)


Builder.load_file(__file__.replace(".py", ".kv"))
