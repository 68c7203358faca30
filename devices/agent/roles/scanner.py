"""A code scanner: what it reads is told to the terminal's own programs, and to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from uuid import uuid4

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, envelope_of
from devices.codecs.scan_text import ScanText
from devices.contracts import topics
from devices.contracts.scanner import CodeScanned, StartScan
from devices.errors import DeviceError

LOOK_S = 0.25  # how long one look waits for a code; a command to the scanner waits at most that long
AWAY_S = 0.2  # between looks while the scanner is away
SCAN_LIVES_S = 10.0  # a code that arrives later than this belongs to a citizen who has gone
log = logging.getLogger(__name__)


class ScannerRole:
    """Event `code-scanned`, command `start-scan`, both on the terminal's own bus."""

    def __init__(self, post: Post, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._id = post.device.id
        self._bus = post.buses.local
        self._sleep = sleep
        self._boot = uuid4().hex[:12]
        self._seq = count(1)
        self._session = post.make_session()

    async def run(self) -> None:
        """Work until cancelled."""
        if self._bus is None:
            log.warning("%s: needs local_socket to tell anybody of a code", self._id)
            await self._session.run()
            return
        await run_together(self._session.run(), self._watch(self._bus), self._take_commands(self._bus))

    async def _watch(self, bus: Bus) -> None:
        while True:
            try:
                async with self._session.using() as driver:
                    scan = await driver.look(LOOK_S)
            except DeviceError:
                await self._sleep(AWAY_S)  # the session reconnects
            else:
                if scan is not None:
                    await self._tell(bus, scan)
            await asyncio.sleep(0)  # who waits for the scanner has his turn

    async def _tell(self, bus: Bus, scan: ScanText) -> None:
        seq = next(self._seq)
        body = CodeScanned(
            device_id=self._id, text=scan.text, symbology=scan.symbology, boot=self._boot, seq=seq
        )
        with contextlib.suppress(BusClosed):
            topic = topics.local_event(self._id, "code-scanned")
            await bus.publish(topic, envelope_of(body, expires_in_s=SCAN_LIVES_S))

    async def _take_commands(self, bus: Bus) -> None:
        topic = topics.local_command(self._id, "start-scan")
        async for _command in await bus.subscribe(topic, StartScan):
            try:
                async with self._session.using() as driver:
                    await driver.trigger()
            except DeviceError as error:
                log.info("%s: did not start to scan (%s)", self._id, error.code)
