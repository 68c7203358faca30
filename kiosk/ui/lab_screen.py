"""The window under the hand of the lab: real touches, the present frame, what can be touched."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics.opengl import GL_RGB, GL_UNSIGNED_BYTE, glFinish, glReadPixels
from kivy.input.motionevent import MotionEvent
from kivy.uix.widget import Widget
from PIL import Image

from kiosk.ports import Shown, Spot
from kiosk.ui.app import Root, TicketApp
from kiosk.ui.bridge import Bridge
from kiosk.ui.widgets.touchables import Touchable
from kiosk.ui.window import is_offscreen


class Finger(MotionEvent):
    """A touch at `x`, `y`, 0 to 1 from the lower left."""

    def __init__(self, x: float, y: float) -> None:
        super().__init__("lab", id(self), {"x": x, "y": y}, is_touch=True, type_id="touch")

    def depack(self, args: dict[str, float]) -> None:
        """Take the place."""
        self.sx, self.sy = args["x"], args["y"]
        self.profile = ["pos"]
        super().depack(args)


class WindowOfLab:
    """A LabScreen.  Its methods run on the asyncio thread and cross by the bridge."""

    def __init__(self, app: TicketApp, bridge: Bridge) -> None:
        self._app = app
        self._bridge = bridge
        self._frames = 0
        self._packer = ThreadPoolExecutor(1, "picture")  # one: each thread keeps memory of its own
        self._cached: tuple[int, bytes] = (-1, b"")
        Window.bind(on_flip=self._count)

    async def shown(self) -> Shown:
        """Return what is visible now."""
        return await self._bridge.call(self._describe)

    async def touch(self, x: float, y: float) -> None:
        """Touch and let go."""
        finger = Finger(x, 1.0 - y)
        await self._bridge.call(lambda: EventLoop.post_dispatch_input("begin", finger))
        await self._bridge.call(lambda: EventLoop.post_dispatch_input("end", finger))

    async def picture(self) -> tuple[str, bytes]:
        """Return the present frame as PNG; drawn and packed only when there is a new one."""
        frame, pixels, size = await self._bridge.call(self._read)
        if pixels is not None:
            png = await asyncio.get_running_loop().run_in_executor(self._packer, _png, pixels, size)
            self._cached = (frame, png)
        return f"{frame}", self._cached[1]

    def _count(self, *_: object) -> None:
        self._frames += 1

    def _read(self) -> tuple[int, bytes | None, tuple[int, int]]:
        width, height = int(Window.width), int(Window.height)
        if self._cached[0] == self._frames:
            return self._frames, None, (width, height)
        Window.dispatch("on_draw")  # after a flip the back buffer is anybody's
        glFinish()
        pixels = bytes(glReadPixels(0, 0, width, height, GL_RGB, GL_UNSIGNED_BYTE))
        return self._frames, pixels, (width, height)

    def _describe(self) -> Shown:
        Clock.tick_draw()  # lay out what has changed, so that centres are where they will be seen
        root = self._app.root_widget
        view = root.view if root is not None else None
        return Shown(
            screen=view.screen if view else "starting",
            language=view.language if view else "",
            elder=bool(view and view.elder),
            width=int(Window.width),
            height=int(Window.height),
            offscreen=is_offscreen(),
            buttons=tuple(_spot(one) for one in reachable(root)) if root is not None else (),
        )


def reachable(root: Root) -> list[Touchable]:
    """Return what a finger can reach now: under the question "still there?" only its own buttons."""
    top: Widget = root.ids.warning if root.ids.warning.shown else root
    return [
        one
        for one in top.walk(restrict=True)
        if isinstance(one, Touchable) and one.shown and not one.disabled and one.width > 1
    ]


def _spot(one: Touchable) -> Spot:
    x, y = one.to_window(one.center_x, one.center_y)
    return Spot(one.caption, one.key, round(x / Window.width, 4), round(1.0 - y / Window.height, 4))


def _png(pixels: bytes, size: tuple[int, int]) -> bytes:
    picture = Image.frombuffer("RGB", size, pixels, "raw", "RGB", 0, -1)  # GL counts rows from below
    packed = BytesIO()
    picture.save(packed, "PNG", compress_level=3)
    return packed.getvalue()
