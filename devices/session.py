"""One machine's life: connect, check, work, and come back after every break.

Owns the clock and the retries that drivers must not know.  One call at a time: a second caller waits.
The log says once "lost" and once "back after 42 s"; the health is told on every change, not more often.
A machine that returns is found within 3 s: no pause between two tries is longer than `MOST_PAUSE_S`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import random
from traceback import extract_tb
from typing import Any, Protocol

from devices.bus.base import BusClosed
from devices.contracts.health import DeviceHealth, DeviceStatus, Paper, Storage, SupplyLevel
from devices.errors import DeviceError, DeviceFault, ProtocolError, TransportError, WireTimeout
from devices.kinds import Driver
from devices.runtime.backoff import backoff_s
from devices.runtime.consumption import Supply, empty_at
from devices.runtime.tasks import end

MOST_PAUSE_S = 2.0
log = logging.getLogger(__name__)


class Closable(Protocol):
    """A wire that the session opened and must close.

    A wire that notices by itself that it was unplugged has `gone()`, which then raises a DeviceError.
    """

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
    supplies: dict[str, float] = field(default_factory=dict)
    """Name of what the machine uses up (`paper`) -> how much a filling holds."""
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    chance: Callable[[], float] = field(default=random)


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
        self._supplies = {name: Supply(full, parts.now()) for name, full in parts.supplies.items()}
        self.health = self._make_health(DeviceStatus.STARTING)

    @asynccontextmanager
    async def using(self) -> AsyncIterator[Any]:
        """Give the driver to one caller.  Raises NotThere while the machine is away.

        An error of the wire that passes through here makes the session reconnect; so does a mistake of the
        driver's own, which becomes the DeviceFault `driver-bug`: it must not stop the other machines.
        """
        async with self._lock:
            if self._driver is None:
                raise NotThere(f"{self._parts.device_id} is not connected")
            try:
                yield self._driver
            except (TransportError, WireTimeout, ProtocolError) as error:
                self._break(error)
                raise
            except (DeviceError, BusClosed, TimeoutError):
                raise  # the machine's refusal, or the caller's own affair
            except Exception as error:
                fault = _own_mistake(error)
                self._break(fault)
                raise fault from None

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
            except Exception as error:
                await self._lost(DeviceStatus.HARDWARE_ERROR, _own_mistake(error))
            tries += 1
            pause_s = backoff_s(
                tries, first_s=self._parts.first_retry_s, most_s=MOST_PAUSE_S, chance=self._parts.chance()
            )
            await self._parts.sleep(pause_s)

    def used(self, name: str, amount: float = 1.0) -> None:
        """Count what was used up; nothing happens when its capacity is not configured."""
        if name in self._supplies:
            self._supplies[name] = self._supplies[name].after_use(amount)

    def _break(self, error: Exception) -> None:
        if self._broken is not None and not self._broken.done():
            self._broken.set_exception(error)

    async def _one_life(self) -> None:
        wire = await self._parts.open_wire()
        try:
            driver = self._parts.build(wire)
            await driver.probe()
            await self._serve(driver, getattr(wire, "gone", None))
        finally:
            self._driver = None
            await wire.close()

    async def _serve(self, driver: Driver, gone: Callable[[], Awaitable[None]] | None) -> None:
        parts = self._parts
        self._driver = driver
        self._broken = asyncio.get_running_loop().create_future()
        await self._back()
        if parts.arrived is not None:
            await parts.arrived(driver)
        jobs = [asyncio.ensure_future(self._broken), asyncio.ensure_future(self._check_often())]
        if parts.listen is not None:
            jobs.append(asyncio.ensure_future(parts.listen(driver)))
        if gone is not None:
            jobs.append(asyncio.ensure_future(gone()))
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            self._discarded += driver.discarded_bytes
            await end(jobs)

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
        self._sense({"paper": detail.paper, **detail.storage})
        status = DeviceStatus.HARDWARE_ERROR if detail.reason else DeviceStatus.ONLINE
        health = self._make_health(status, detail.reason, detail.paper)
        await self._change(health.model_copy(update={"storage": detail.storage}))

    def _sense(self, words: Mapping[str, Paper | Storage | None]) -> None:
        for name, word in words.items():
            if word is not None and name in self._supplies:
                self._supplies[name] = self._supplies[name].sensed(word.value, self._parts.now())

    async def _back(self) -> None:
        if self._lost_at is not None:
            away_s = (self._parts.now() - self._lost_at).total_seconds()
            log.info("%s: back after %d s", self._parts.device_id, away_s)
            self._lost_at = None
        await self._change(self._make_health(DeviceStatus.ONLINE))

    async def _lost(self, status: DeviceStatus, error: Exception) -> None:
        self._errors += 1
        if self._lost_at is None:
            self._lost_at = self._parts.now()
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
            since_at=parts.now(),
            reason=reason,
            paper=paper,
            errors=self._errors,
            discarded_bytes=self._discarded + here,
            supplies={name: _level(supply, parts.now()) for name, supply in self._supplies.items()},
        )

    async def _change(self, health: DeviceHealth) -> None:
        before = self.health
        if _told(before) != _told(health):
            self.health = health
            await self._parts.tell(health)


def _told(health: DeviceHealth) -> tuple[object, ...]:
    """Return what must differ for a state to be told again."""
    left = {name: supply.left_percent for name, supply in health.supplies.items()}
    return (health.status, health.reason, health.paper, health.storage, left)


def _level(supply: Supply, now: datetime) -> SupplyLevel:
    """Return a supply as it is told: in steps, or every ticket would be news."""
    left = None if supply.left is None else round(20 * supply.left / supply.capacity) * 5
    return SupplyLevel(
        capacity=supply.capacity, used=supply.used, left_percent=left, empty_at=empty_at(supply, now)
    )


def _own_mistake(error: Exception) -> DeviceFault:
    """Return what is told of a driver's mistake: its place, not its text, which may hold personal data."""
    place = extract_tb(error.__traceback__)[-1:]
    where = f" at {Path(place[0].filename).name}:{place[0].lineno}" if place else ""
    return DeviceFault("driver-bug", f"its driver made a mistake: {type(error).__name__}{where}")


async def _probe(driver: Driver) -> None:
    await driver.probe()
