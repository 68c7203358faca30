"""Keeps the bar above a window true to the window's retained display."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from devices.agent.roles.base import Post
from devices.agent.roles.displays import newest_displays
from devices.agent.tasks import run_together
from devices.bus.base import Bus
from devices.contracts.window_display import WindowDisplay
from devices.errors import DeviceError, DeviceFault
from devices.kinds import LedBoard
from devices.session import Detail

RETRY_S = 1.0  # a board that refused once is asked again; the text may have changed by then
log = logging.getLogger(__name__)


class BoardRole:
    """Shows the newest display only: a text that was overtaken is never shown late."""

    def __init__(self, post: Post) -> None:
        self._device = post.device
        self._buses = post.buses
        self._session = post.make_session(arrived=self._arrived, check=self._check)
        self._wanted: WindowDisplay | None = None
        self._shown: tuple[str, int] | None = None
        self._news = asyncio.Event()
        self._refusal = ""  # why the board does not show what it should

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None or self._device.window is None:
            log.warning("%s: needs [mqtt] and `window` to have something to show", self._device.id)
            await self._session.run()
            return
        await run_together(
            self._session.run(), self._listen(self._buses.site, self._device.window), self._show()
        )

    async def _arrived(self, _driver: LedBoard) -> None:
        self._shown = None  # a board that was away may show anything
        self._news.set()

    async def _check(self, driver: LedBoard) -> Detail | None:
        await driver.probe()
        return Detail(self._refusal) if self._refusal else None

    async def _listen(self, bus: Bus, window: str) -> None:
        async for display in newest_displays(bus, self._buses.site_name, window):
            self._wanted = display
            self._news.set()

    async def _show(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._device.retell_s):
                    await self._news.wait()
            except TimeoutError:
                self._shown = None  # a board that lost power for a moment is dark, and nobody saw it
            self._news.clear()
            wanted = self._wanted
            if wanted is None or self._shown == (wanted.text, wanted.calls):
                continue
            try:
                async with self._session.using() as driver:
                    await _show_or_darken(driver, wanted.text)
                self._shown = (wanted.text, wanted.calls)
                await self._tell("")
            except DeviceError as error:
                self._shown = None
                if isinstance(error, DeviceFault):
                    await self._tell(error.code)
                await asyncio.sleep(RETRY_S)
                self._news.set()

    async def _tell(self, refusal: str) -> None:
        """Let the health say at once whether the board shows what it should; the log says it once."""
        if refusal == self._refusal:
            return
        self._refusal = refusal
        log.info("%s: %s", self._device.id, f"not shown ({refusal})" if refusal else "shown again")
        with contextlib.suppress(DeviceError):
            await self._session.check_now()


async def _show_or_darken(driver: LedBoard, text: str) -> None:
    """Show `text`; a board that refuses it goes dark, so that the call before does not stand there for it."""
    try:
        await driver.show(text)
    except DeviceFault:
        with contextlib.suppress(DeviceFault):
            await driver.clear()
        raise
