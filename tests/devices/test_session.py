"""A session keeps one machine: it connects, checks, comes back, and tells each change once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.bus.base import BusClosed
from devices.contracts.health import DeviceHealth, DeviceStatus, Paper
from devices.errors import DeviceFault, TransportError, WireClosed, WireTimeout
from devices.runtime.backoff import backoff_s
from devices.session import MOST_PAUSE_S, Detail, NotThere, Parts, Session

PATIENCE_S = 10


class FakeWire:
    closed = False

    def __init__(self) -> None:
        self.pulled = asyncio.Event()

    async def gone(self) -> None:
        await self.pulled.wait()
        raise WireClosed("pulled out")

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
                **{"sleep": self._sleep, "chance": lambda: 1.0, **hooks},
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


@given(st.integers(1, 1000), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_no_pause_is_longer_than_the_cap_or_shorter_than_half_of_it(tries: int, chance: float) -> None:
    whole = backoff_s(tries, first_s=0.2, most_s=MOST_PAUSE_S)
    pause = backoff_s(tries, first_s=0.2, most_s=MOST_PAUSE_S, chance=chance)

    assert whole / 2 <= pause <= whole <= MOST_PAUSE_S


async def test_machines_that_were_lost_together_do_not_come_back_together() -> None:
    pauses = []
    for chance in (0.0, 0.5, 1.0):
        bench = Bench(FakeDriver(), [TransportError("hub")] * 3, chance=lambda chance=chance: chance)
        task = asyncio.create_task(bench.session.run())
        await bench.until(lambda told: statuses(told)[-1:] == [DeviceStatus.ONLINE])
        task.cancel()
        pauses.append([round(pause, 3) for pause in bench.pauses[:3]])

    assert pauses == [[0.1, 0.2, 0.4], [0.15, 0.3, 0.6], [0.2, 0.4, 0.8]]


class Clock:
    """A clock that passes only in a session's pauses."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@pytest.mark.parametrize("away_s", [1, 7, 60, 3600])
async def test_an_adapter_that_returns_is_found_within_three_seconds(away_s: int) -> None:
    clock = Clock()
    back_at = clock.now + timedelta(seconds=away_s)
    found: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

    async def open_wire() -> FakeWire:
        if clock.now < back_at:
            raise TransportError("no such port")
        if not found.done():
            found.set_result(clock.now)
        return FakeWire()

    async def tell(_health: DeviceHealth) -> None:
        return None

    parts = Parts("pads", "pad-line", "fake", open_wire, lambda _wire: FakeDriver(), tell, sleep=clock.sleep)
    task = asyncio.create_task(Session(parts).run())
    late = await asyncio.wait_for(found, PATIENCE_S) - back_at
    task.cancel()

    assert late <= timedelta(seconds=3)


async def test_a_wire_that_is_pulled_while_nobody_talks_is_noticed_before_the_next_check() -> None:
    async def never(_seconds: float) -> None:
        if len(bench.wires) == 1:
            await asyncio.Event().wait()  # the next check never comes

    bench = Bench(FakeDriver(), sleep=never)
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)
    bench.wires[0].pulled.set()
    await bench.until(lambda told: statuses(told)[1:] != [])
    task.cancel()

    assert (bench.told[1].status, bench.told[1].reason) == (DeviceStatus.OFFLINE, "wire-closed")


async def test_the_log_says_once_lost_and_once_back_with_how_long(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    errors: list[Exception] = [TransportError("unplugged")] * 30
    bench = Bench(FakeDriver(), errors, now=lambda: clock.now, sleep=clock.sleep)
    with caplog.at_level(logging.INFO, logger="devices.session"):
        task = asyncio.create_task(bench.session.run())
        await bench.until(lambda told: statuses(told)[-1:] == [DeviceStatus.ONLINE])
        task.cancel()

    away_s = int((bench.told[-1].since_at - bench.told[0].since_at).total_seconds())
    assert [record.getMessage() for record in caplog.records] == [
        "led-3: lost: unplugged",
        f"led-3: back after {away_s} s",
    ]
    assert away_s > 40
    assert bench.told[-1].errors == 30


async def test_a_printer_tells_how_much_paper_is_left_and_when_it_ends() -> None:
    clock = Clock()
    findings = [Detail("", Paper.LOW), Detail("", Paper.FULL)]

    async def check(_driver: Any) -> Detail:
        return findings.pop(0) if len(findings) > 1 else findings[0]

    bench = Bench(FakeDriver(), check=check, supplies={"paper": 600}, now=lambda: clock.now)
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: told != [] and told[-1].paper is Paper.FULL)
    full_at = bench.told[-1].supplies["paper"]
    clock.now += timedelta(hours=2)
    for _ in range(60):
        bench.session.used("paper")
    await bench.until(lambda told: told[-1].supplies["paper"].left_percent == 90)
    after = bench.told[-1].supplies["paper"]
    task.cancel()

    assert bench.told[0].supplies["paper"].left_percent is None  # just started: nobody knows
    assert (full_at.left_percent, full_at.empty_at) == (100, None)
    assert after.empty_at == clock.now + timedelta(hours=18)  # 540 tickets at 30 an hour


async def test_tickets_that_change_nothing_worth_telling_are_not_told() -> None:
    bench = Bench(FakeDriver(), supplies={"paper": 600})
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)
    for _ in range(20):
        bench.session.used("paper")
        await bench.session.check_now()
    task.cancel()

    assert len(bench.told) == 1


SECRET = "11010519491231002X"


async def test_a_drivers_own_mistake_in_a_call_is_a_fault_of_that_machine_and_it_is_started_anew() -> None:
    bench = Bench(FakeDriver())
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)

    with pytest.raises(DeviceFault) as caught:
        async with bench.session.using():
            int(SECRET)
    await bench.until(lambda told: len(told) == 3)
    task.cancel()

    assert caught.value.code == "driver-bug"
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert [(health.status, health.reason) for health in bench.told[1:]] == [
        (DeviceStatus.HARDWARE_ERROR, "driver-bug"),
        (DeviceStatus.ONLINE, ""),
    ]


async def test_a_drivers_own_mistake_ends_no_session_and_tells_nothing_of_a_person(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(FakeDriver(probes=[KeyError(SECRET), ValueError(SECRET)]))
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: statuses(told)[-1:] == [DeviceStatus.ONLINE])
    task.cancel()

    assert (bench.told[0].status, bench.told[0].reason) == (DeviceStatus.HARDWARE_ERROR, "driver-bug")
    assert "KeyError at test_session.py" in caplog.text
    assert SECRET not in caplog.text


async def test_a_callers_own_trouble_is_not_the_machines() -> None:
    bench = Bench(FakeDriver())
    task = asyncio.create_task(bench.session.run())
    await bench.until(lambda told: len(told) == 1)

    for trouble in (BusClosed("no bus"), TimeoutError()):
        with pytest.raises(type(trouble)):
            async with bench.session.using():
                raise trouble
    task.cancel()

    assert statuses(bench.told) == [DeviceStatus.ONLINE]
