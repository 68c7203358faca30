"""Keeps the digit displays of one line true to their windows: each shows the ticket at its window."""

from __future__ import annotations

import asyncio
import logging

from devices.agent.roles.base import Post
from devices.agent.roles.displays import newest_displays
from devices.agent.tasks import run_together
from devices.bus.base import Bus
from devices.contracts.window_display import WindowDisplay
from devices.errors import DeviceError, DeviceFault
from devices.kinds import DigitLine
from devices.session import Detail

IMPOSSIBLE = "board-text-impossible"
RETRY_S = 1.0  # a display that refused is asked again; the number may have changed by then
log = logging.getLogger(__name__)


class DigitLineRole:
    """Shows each window's newest number only.  A display that is silent does not stop the others."""

    def __init__(self, post: Post) -> None:
        self._device = post.device
        self._buses = post.buses
        self._session = post.make_session(arrived=self._arrived, check=self._check)
        self._address = {window: addr for addr, window in post.device.windows.items()}
        self._wanted: dict[str, WindowDisplay] = {}
        self._shown: dict[str, str] = {}
        self._news = asyncio.Event()
        self._failed: list[str] = []  # windows whose display does not show what it should
        self._refusals: dict[str, str] = {}  # window -> why its number cannot be shown

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None or not self._address:
            log.warning("%s: needs [mqtt] and `windows` to have something to show", self._device.id)
            await self._session.run()
            return
        site = self._buses.site
        await run_together(
            self._session.run(), self._show(), *(self._listen(site, window) for window in self._address)
        )

    async def check_now(self) -> None:
        """Ask every display how it is, without waiting for the next round.  Raises NotThere."""
        await self._session.check_now()

    async def _arrived(self, _driver: DigitLine) -> None:
        self._shown.clear()  # displays that were away may show anything
        self._news.set()

    async def _check(self, driver: DigitLine) -> Detail | None:
        """Ask every display; one that is silent is forgotten, so that it is told again when it is back."""
        if not self._address:
            await driver.probe()
            return None
        silent: list[DeviceFault] = []
        for window, addr in self._address.items():
            try:
                await driver.check_unit(addr)
            except DeviceFault as fault:
                silent.append(fault)
                self._shown.pop(window, None)
        if len(silent) == len(self._address):
            await driver.probe()  # nobody answers: the line itself may be gone
        if self._is_behind():
            self._news.set()
        reasons = [fault.code for fault in silent] + list(self._refusals.values())
        return Detail(reasons[0]) if reasons else None

    async def _listen(self, bus: Bus, window: str) -> None:
        async for display in newest_displays(bus, self._buses.site_name, window):
            self._wanted[window] = display
            self._news.set()

    def _is_behind(self) -> bool:
        return any(self._shown.get(window) != wanted.number for window, wanted in self._wanted.items())

    async def _show(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._device.retell_s):
                    await self._news.wait()
            except TimeoutError:
                self._shown.clear()  # a display that lost power for a moment is dark, and nobody saw it
            self._news.clear()
            failed = [window for window in sorted(self._wanted) if not await self._show_one(window)]
            self._say_once(failed)
            if failed:
                await asyncio.sleep(RETRY_S)
                self._news.set()

    def _say_once(self, failed: list[str]) -> None:
        if failed != self._failed:
            log.info("%s: not shown at %s", self._device.id, ", ".join(failed) or "no window any more")
            self._failed = failed

    async def _show_one(self, window: str) -> bool:
        """Say whether the display of `window` shows what it should."""
        number = self._wanted[window].number
        if self._shown.get(window) == number:
            return True
        self._shown.pop(window, None)  # until it is confirmed, it may show the old or the new number
        try:
            async with self._session.using() as driver:
                await driver.show_number(self._address[window], number)
        except DeviceFault as fault:
            if fault.code != IMPOSSIBLE:
                return False
            self._refusals[window] = fault.code  # the display is dark; asking again would change nothing
        except DeviceError:
            return False
        else:
            self._refusals.pop(window, None)
        self._shown[window] = number
        return True
