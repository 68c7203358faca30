"""One machine's life: connect, check, work, and come back after every break.

Owns the clock and the retries that drivers must not know.  One call at a time: a second caller waits.
The log says once "lost" and once "back after 42 s"; the health is told on every change, not more often.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from devices.contracts.health import DeviceHealth, DeviceStatus, Paper, Storage
from devices.errors import DeviceError, DeviceFault, ProtocolError, TransportError, WireTimeout
from devices.kinds import Driver
from devices.runtime.backoff import backoff_s

log = logging.getLogger(__name__)


class Closable(Protocol):
    """A wire that the session opened and must close."""

    async def close(self) -> None:
        """Let go."""
        ...


class NotThere(DeviceError):
    """The machine is away at the moment."""

    code = "no-device"


@dataclass
class Parts:
    """How to make one machine's driver, and what to do besides answering calls.

    `check` runs every `check_s` while nobody calls (None: the driver's probe); it may return a health detail.
    `listen` runs all the time that the machine is there, for those that speak unasked.
    `arrived` runs after each connection, before anything else.
    """

    device_id: str
    kind: str
    driver: str
    open_wire: Callable[[], Awaitable[Any]]
    build: Callable[[Any], Driver]
    tell: Callable[[DeviceHealth], Awaitable[None]]
    check: Callable[[Any], Awaitable[Detail | None]] | None = None
    listen: Callable[[Any], Awaitable[None]] | None = None
    arrived: Callable[[Any], Awaitable[None]] | None = None
    check_s: float = 5.0
    first_retry_s: float = 0.2
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)


@dataclass(frozen=True, slots=True)
class Detail:
    """What a check found: the machine answers, but perhaps cannot work."""

    reason: str = ""
    paper: Paper | None = None
    storage: dict[str, Storage] = field(default_factory=dict)


class Session:
    """Keeps one machine.  `run` for ever in a task of its own; `using` to call the driver."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._driver: Any = None
        self._lock = asyncio.Lock()
        self._broken: asyncio.Future[None] | None = None
        self._errors = 0
        self._discarded = 0
        self._lost_at: datetime | None = None
        self.health = self._make_health(DeviceStatus.STARTING)

    @asynccontextmanager
    async def using(self) -> AsyncIterator[Any]:
        """Give the driver to one caller.  Raises NotThere while the machine is away.

        An error of the wire that passes through here makes the session reconnect.
        """
        async with self._lock:
            if self._driver is None:
                raise NotThere(f"{self._parts.device_id} is not connected")
            try:
                yield self._driver
            except (TransportError, WireTimeout, ProtocolError) as error:
                self._break(error)
                raise

    async def run(self) -> None:
        """Connect and reconnect until cancelled."""
        tries = 0
        while True:
            try:
                await self._one_life()
            except DeviceFault as fault:
                await self._lost(DeviceStatus.HARDWARE_ERROR, fault)
            except (DeviceError, OSError) as error:
                was_there = self.health.status is DeviceStatus.ONLINE
                tries = 0 if was_there else tries
                await self._lost(DeviceStatus.OFFLINE, error)
            tries += 1
            await self._parts.sleep(backoff_s(tries, first_s=self._parts.first_retry_s, most_s=2.0))

    def _break(self, error: Exception) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _one_life(self) -> None:
        wire = await self._parts.open_wire()
        try:
            driver = self._parts.build(wire)
            await driver.probe()
            await self._serve(driver)
        finally:
            self._driver = None
            await wire.close()

    async def _serve(self, driver: Driver) -> None:
        parts = self._parts
        self._driver = driver
        self._broken = asyncio.get_running_loop().create_future()
        await self._back()
        if parts.arrived is not None:
            await parts.arrived(driver)
        jobs = [asyncio.ensure_future(self._broken), asyncio.ensure_future(self._check_often())]
        if parts.listen is not None:
            jobs.append(asyncio.ensure_future(parts.listen(driver)))
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            self._discarded += driver.discarded_bytes
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)

    async def _check_often(self) -> None:
        while True:
            await self.check_now()
            await self._parts.sleep(self._parts.check_s)

    async def check_now(self) -> None:
        """Check the machine and tell what changed.  Raises what the driver raises, NotThere."""
        async with self.using() as driver:
            try:
                detail = await (self._parts.check or _probe)(driver)
            except DeviceFault as fault:
                detail = Detail(fault.code)
        await self._say(detail or Detail())

    async def _say(self, detail: Detail) -> None:
        status = DeviceStatus.HARDWARE_ERROR if detail.reason else DeviceStatus.ONLINE
        health = self._make_health(status, detail.reason, detail.paper)
        await self._change(health.model_copy(update={"storage": detail.storage}))

    async def _back(self) -> None:
        if self._lost_at is not None:
            away_s = (datetime.now(UTC) - self._lost_at).total_seconds()
            log.info("%s: back after %d s", self._parts.device_id, away_s)
            self._lost_at = None
        await self._change(self._make_health(DeviceStatus.ONLINE))

    async def _lost(self, status: DeviceStatus, error: Exception) -> None:
        self._errors += 1
        if self._lost_at is None:
            self._lost_at = datetime.now(UTC)
            log.warning("%s: lost: %s", self._parts.device_id, error)
        code = getattr(error, "code", "wire-lost")
        await self._change(self._make_health(status, code))

    def _make_health(
        self, status: DeviceStatus, reason: str = "", paper: Paper | None = None
    ) -> DeviceHealth:
        parts = self._parts
        here = self._driver.discarded_bytes if self._driver is not None else 0
        return DeviceHealth(
            device_id=parts.device_id,
            kind=parts.kind,
            driver=parts.driver,
            status=status,
            since_at=datetime.now(UTC),
            reason=reason,
            paper=paper,
            errors=self._errors,
            discarded_bytes=self._discarded + here,
        )

    async def _change(self, health: DeviceHealth) -> None:
        before = self.health
        if _told(before) != _told(health):
            self.health = health
            await self._parts.tell(health)


def _told(health: DeviceHealth) -> tuple[object, ...]:
    """Return what must differ for a state to be told again."""
    return (health.status, health.reason, health.paper, health.storage)


async def _probe(driver: Driver) -> None:
    await driver.probe()
