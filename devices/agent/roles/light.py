"""Keeps the light above a window in the colour of the window's state."""

from __future__ import annotations

import asyncio
import logging

from devices.agent.roles.base import Post
from devices.agent.roles.displays import newest_displays
from devices.agent.tasks import run_together
from devices.bus.base import Bus
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.errors import DeviceError
from devices.kinds import Light

RETRY_S = 1.0
log = logging.getLogger(__name__)


class LightRole:
    """Tells the newest state, and tells it again as often as the light needs."""

    def __init__(self, post: Post) -> None:
        self._device = post.device
        self._buses = post.buses
        self._session = post.make_session(arrived=self._arrived)
        self._wanted: WindowDisplay | None = None
        self._shown: WindowState | None = None
        self._refresh_s = RETRY_S
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None or self._device.window is None:
            log.warning("%s: needs [mqtt] and `window` to have something to show", self._device.id)
            await self._session.run()
            return
        await run_together(
            self._session.run(), self._listen(self._buses.site, self._device.window), self._show()
        )

    async def _arrived(self, driver: Light) -> None:
        self._shown = None  # a light that was away may show anything
        self._refresh_s = driver.refresh_s
        self._news.set()

    async def _listen(self, bus: Bus, window: str) -> None:
        async for display in newest_displays(bus, self._buses.site_name, window):
            self._wanted = display
            if display.state is not self._shown:
                self._news.set()

    async def _show(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._refresh_s):
                    await self._news.wait()
            except TimeoutError:
                pass  # nothing new: tell the same again
            self._news.clear()
            wanted = self._wanted
            if wanted is None:
                continue
            try:
                async with self._session.using() as driver:
                    await driver.show_state(wanted.state)
                self._shown = wanted.state
            except DeviceError as error:
                if self._shown is not None:
                    log.info("%s: not shown yet (%s)", self._device.id, error.code)
                self._shown = None
