"""A line of call pads and evaluators: keys become events, window displays become digits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from itertools import count
from uuid import uuid4

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, envelope_of
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.call_pad import Beep, KeyPressed, RatingGiven
from devices.contracts.window_display import WindowDisplay
from devices.errors import DeviceError
from devices.kinds import PadLine, PadPress, PadRating

PRESS_LIVES_S = 10.0  # a press that arrives later than this would surprise the clerk
log = logging.getLogger(__name__)


class PadLineRole:
    """Publishes `key-pressed` and `rating-given`; shows number and waiting count on each pad."""

    def __init__(self, post: Post) -> None:
        self._device = post.device
        self._buses = post.buses
        self._window_of = post.device.windows
        self._addr_of = {window: addr for addr, window in post.device.windows.items()}
        self._boot = uuid4().hex[:12]
        self._seq = count(1)
        self._displays: dict[str, WindowDisplay] = {}
        self._stale: set[str] = set()
        self._shown: dict[str, tuple[str, int]] = {}
        self._news = asyncio.Event()
        self._session = post.make_session(listen=self._listen, arrived=self._arrived)

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None:
            log.warning("%s: needs [mqtt] to tell anybody of a key", self._device.id)
            await self._session.run()
            return
        site = self._buses.site
        await run_together(
            self._session.run(), self._hear_displays(site), self._hear_beeps(site), self._show()
        )

    async def _arrived(self, _driver: PadLine) -> None:
        self._stale = set(self._displays)
        self._shown.clear()
        self._news.set()

    async def _listen(self, driver: PadLine) -> None:
        async for press in driver.presses():
            window = self._window_of.get(press.addr)
            if window is None:
                log.warning("%s: a key from address %d, which has no window", self._device.id, press.addr)
                continue
            try:
                await self._tell(window, press)
            except BusClosed:
                with contextlib.suppress(DeviceError):
                    await driver.beep(press.addr)  # the clerk hears that nothing happened

    async def _tell(self, window: str, press: PadPress | PadRating) -> None:
        site, seq = self._buses.site, next(self._seq)
        if site is None:
            return
        body: Message
        if isinstance(press, PadPress):
            name, body = (
                "key-pressed",
                KeyPressed(device_id=self._device.id, window=window, key=press.key, boot=self._boot, seq=seq),
            )
        else:
            name, body = (
                "rating-given",
                RatingGiven(
                    device_id=self._device.id, window=window, level=press.level, boot=self._boot, seq=seq
                ),
            )
        topic = topics.device_event(self._buses.site_name, self._device.id, name)
        await site.publish(topic, envelope_of(body, expires_in_s=PRESS_LIVES_S))

    async def _hear_displays(self, bus: Bus) -> None:
        pattern = topics.window_display(self._buses.site_name, "+")
        async for message in await bus.subscribe(pattern, WindowDisplay):
            window = message.body.window
            known = self._displays.get(window)
            if window in self._addr_of and (known is None or message.body.seq >= known.seq):
                self._displays[window] = message.body
                self._stale.add(window)
                self._news.set()

    async def _hear_beeps(self, bus: Bus) -> None:
        topic = topics.device_command(self._buses.site_name, self._device.id, "beep")
        async for message in await bus.subscribe(topic, Beep):
            addr = self._addr_of.get(message.body.window)
            if addr is not None:
                with contextlib.suppress(DeviceError):
                    async with self._session.using() as driver:
                        await driver.beep(addr)

    async def _show(self) -> None:
        asked: dict[str, bool] = {}
        while True:
            await self._news.wait()
            self._news.clear()
            for window in sorted(self._stale):
                self._stale.discard(window)
                display = self._displays[window]
                try:
                    async with self._session.using() as driver:
                        await self._show_one(driver, display, asked.get(window, False))
                    asked[window] = display.ask_rating
                except DeviceError as error:
                    log.info("%s: pad of window %s not shown (%s)", self._device.id, window, error.code)

    async def _show_one(self, driver: PadLine, display: WindowDisplay, asked: bool) -> None:
        addr = self._addr_of[display.window]
        now_shown = (display.number, display.waiting)
        if self._shown.get(display.window) != now_shown:
            if not display.number:
                await driver.show_ticket(addr, "")  # dark, or the last number would stay
            await driver.show_waiting(addr, display.waiting)
            if display.number:  # last: a pad with one display for both shows the ticket
                await driver.show_ticket(addr, display.number)
            self._shown[display.window] = now_shown
        if display.ask_rating and not asked:
            await driver.ask_rating(addr)
