"""A USB-serial adapter that is pulled and put back, played by ptys behind a `by-id` link.

The link vanishes with the adapter and leads to another device when it returns, as udev does it.
"""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices import registry
from devices.agent.app import open_wire
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.kinds import Driver
from devices.session import Parts, Session

PATIENCE_S = 20.0  # the cadence of the tries is proved in test_session.py; here is a busy computer

pytestmark = pytest.mark.process


class Adapter:
    """A USB-serial adapter at `link`; nothing is on its line."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._master = -1
        self.port = ""

    def plug(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self.link.symlink_to(self.port)
        os.close(slave)

    def pull(self) -> None:
        self.link.unlink()
        os.close(self._master)


@dataclass
class Heard:
    """What a session told, and when it had checked its machine."""

    told: asyncio.Queue[DeviceHealth] = field(default_factory=asyncio.Queue)
    checked: asyncio.Event = field(default_factory=asyncio.Event)

    async def check(self, driver: Driver) -> None:
        await driver.probe()
        self.checked.set()

    async def next(self) -> tuple[DeviceStatus, str]:
        async with asyncio.timeout(PATIENCE_S):
            health = await self.told.get()
        return health.status, health.reason

    async def until_idle(self) -> None:
        """Wait for the check after a connection; the next one comes in an hour."""
        async with asyncio.timeout(PATIENCE_S):
            await self.checked.wait()
        self.checked.clear()


@asynccontextmanager
async def agent_for(link: Path) -> AsyncIterator[Heard]:
    """Run the session of a lamp box, which never says a word, at `link`."""
    heard = Heard()
    spec = registry.find("light-ascii")
    session = Session(
        Parts(
            device_id="light-1",
            kind=spec.kind,
            driver=spec.name,
            open_wire=lambda: open_wire(spec, f"serial:{link}?baud=9600"),
            build=lambda wire: spec.build("light-1", wire, spec.settings()),
            tell=heard.told.put,
            check=heard.check,
            check_s=3600,
        )
    )
    running = asyncio.create_task(session.run())
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_an_adapter_that_is_pulled_and_put_back_works_again_by_itself(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path / "usb-1a86_USB_Serial-if00-port0")
    adapter.plug()
    async with agent_for(adapter.link) as heard:
        first = await heard.next()
        for _ in range(3):
            await heard.until_idle()
            adapter.pull()
            lost = await heard.next()
            adapter.plug()
            back = await heard.next()

            assert lost[0] is DeviceStatus.OFFLINE
            assert back == (DeviceStatus.ONLINE, "")

    assert first == (DeviceStatus.ONLINE, "")


async def test_an_adapter_that_was_not_there_at_the_start_is_found_when_it_comes(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path / "usb-FTDI-if00-port0")
    async with agent_for(adapter.link) as heard:
        missing = await heard.next()
        adapter.plug()
        there = await heard.next()

    assert missing == (DeviceStatus.OFFLINE, "wire-lost")
    assert there == (DeviceStatus.ONLINE, "")
