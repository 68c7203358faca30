"""The one crossing between the Kivy thread and the asyncio thread.

Views go one way (`draw`), events the other (`post`); both may be called from any thread.  `call` runs a
function on the Kivy thread and waits for it, for the lab.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from kivy.clock import Clock

from kiosk.flows.intake_words import Event
from kiosk.presenters.views import View

Result = TypeVar("Result")


class Bridge:
    """Made on the Kivy thread; `attach` gives it the other side."""

    def __init__(self) -> None:
        self._show: Callable[[View], None] | None = None
        self._take: Callable[[Event], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._latest: View | None = None
        self._trigger = Clock.create_trigger(self._deliver)

    def on_view(self, show: Callable[[View], None]) -> None:
        """Say who draws; called on the Kivy thread."""
        self._show = show

    def attach(self, loop: asyncio.AbstractEventLoop, take: Callable[[Event], None]) -> None:
        """Say who takes events, on which loop."""
        self._loop, self._take = loop, take

    def post(self, event: Event) -> None:
        """Send an event to the flow; before `attach` and after the end there is nobody to tell."""
        if self._loop is not None and self._take is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, event)

    def draw(self, view: View) -> None:
        """Show `view` with the next frame; of several in one frame only the last is drawn."""
        self._latest = view
        self._trigger()

    def _deliver(self, _: float) -> None:
        if self._show is not None and self._latest is not None:
            self._show(self._latest)

    async def call(self, work: Callable[[], Result]) -> Result:
        """Run `work` on the Kivy thread and return its result."""
        done: Future[Result] = Future()

        def run(_: float) -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        Clock.schedule_once(run, 0)
        return await asyncio.wrap_future(done)
