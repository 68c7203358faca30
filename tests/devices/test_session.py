"""A session keeps one machine: it connects, checks, comes back, and tells each change once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.contracts.health import DeviceHealth, DeviceStatus, Paper
from devices.errors import DeviceFault, TransportError, WireClosed, WireTimeout
from devices.session import Detail, NotThere, Parts, Session

PATIENCE_S = 10


class FakeWire:
    closed = False

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakeDriver:
    """A machine that does what its next instruction says."""

    probes: list[Exception] = field(default_factory=list)
    discarded_bytes: int = 0

    async def probe(self) -> None:
        if self.probes:
            raise self.probes.pop(0)


class Bench:
    """A session on fakes; time passes only when the session asks for it."""

    def __init__(self, driver: FakeDriver, open_errors: list[Exception] | None = None, **hooks: Any) -> None:
        self.told: list[DeviceHealth] = []
        self.wires: list[FakeWire] = []
        self.pauses: list[float] = []
        self._errors = open_errors or []
        self._changed = asyncio.Condition()
        self.session = Session(
            Parts(
                device_id="led-3",
                kind="led-board",
                driver="fake",
                open_wire=self._open,
                build=lambda _wire: driver,
                tell=self._tell,
                sleep=self._sleep,
                **hooks,
            )
        )

    async def _open(self) -> FakeWire:
        if self._errors:
            raise self._errors.pop(0)
        self.wires.append(FakeWire())
        return self.wires[-1]

    async def _tell(self, health: DeviceHealth) -> None:
        async with self._changed:
            self.told.append(health)
            self._changed.notify_all()

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def until(self, good: Callable[[list[DeviceHealth]], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: good(self.told))


def statuses(told: list[DeviceHealth]) -> list[DeviceStatus]:
    return [health.status for health in told]


async def test_a_machine_that_is_away_at_first_is_found_later_with_growing_pauses() -> None:
    bench = Bench(FakeDriver(), [TransportError("no port")] * 4)
    task = asyncio.create_task(bench.session.run())

    await bench.until(lambda told: statuses(told)[-1:] == [DeviceStatus.ONLINE])
    task.cancel()

    assert statuses(bench.told) == [DeviceStatus.OFFLINE, DeviceStatus.ONLINE]
    assert bench.pauses[:4] == [0.2, 0.4, 0.8, 1.6]


async def test_an_error_in_a_call_makes_the_session_reconnect() -> None:
    bench = Bench(FakeDriver())
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)

    with pytest.raises(WireClosed):
        async with bench.session.using():
            raise WireClosed("pulled")
    await bench.until(lambda told: len(told) == 3)
    task.cancel()

    assert statuses(bench.told) == [DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.ONLINE]
    assert bench.wires[0].closed
    assert bench.told[1].reason == "wire-closed"


async def test_a_refusal_by_the_machine_is_not_a_broken_wire() -> None:
    bench = Bench(FakeDriver())
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)

    with pytest.raises(DeviceFault):
        async with bench.session.using():
            raise DeviceFault("font-missing", "no such font")
    async with bench.session.using() as driver:
        assert driver is not None
    task.cancel()

    assert len(bench.wires) == 1


async def test_nobody_may_call_a_machine_that_is_away() -> None:
    bench = Bench(FakeDriver())

    with pytest.raises(NotThere):
        async with bench.session.using():
            raise AssertionError("must not be reached")


async def test_what_a_check_finds_is_told_once_and_taken_back_when_mended() -> None:
    findings = [
        Detail(),
        Detail("paper-out", Paper.OUT),
        Detail("paper-out", Paper.OUT),
        Detail("", Paper.FULL),
    ]

    async def check(_driver: Any) -> Detail:
        return findings.pop(0) if len(findings) > 1 else findings[0]

    bench = Bench(FakeDriver(), check=check)
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: told[-1:] != [] and told[-1].paper is Paper.FULL)
    task.cancel()

    assert [(health.status, health.reason) for health in bench.told] == [
        (DeviceStatus.ONLINE, ""),
        (DeviceStatus.HARDWARE_ERROR, "paper-out"),
        (DeviceStatus.ONLINE, ""),
    ]


async def test_a_silent_machine_is_offline_with_the_reason_no_answer() -> None:
    bench = Bench(FakeDriver(probes=[WireTimeout("nothing"), WireTimeout("nothing")]))
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: statuses(told)[-1:] == [DeviceStatus.ONLINE])
    task.cancel()

    assert (bench.told[0].status, bench.told[0].reason) == (DeviceStatus.OFFLINE, "no-answer")


async def test_calls_wait_for_each_other() -> None:
    bench = Bench(FakeDriver())
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)
    inside = 0
    most = 0

    async def call() -> None:
        nonlocal inside, most
        async with bench.session.using():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(call() for _ in range(20)))
    task.cancel()

    assert most == 1
