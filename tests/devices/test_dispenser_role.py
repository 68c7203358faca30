"""The dispenser's role: one id moves one card, also when the command comes again or the agent died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.agent.buses import Buses
from devices.agent.kept_file import KeptFile
from devices.agent.roles.base import Post
from devices.agent.roles.dispenser import DispenserRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.dispenser import CaptureCard, CardCommand, CardOutcome, CardResult, DispenseCard
from devices.contracts.health import DeviceHealth, DeviceStatus, Storage
from devices.errors import WireTimeout
from devices.kinds import DispenserStatus
from devices.session import Parts, Session

PATIENCE_S = 10


class FakeWire:
    async def close(self) -> None:
        return None


class FakeDispenser:
    """Counts cards; `wrong` is raised before anything moves."""

    discarded_bytes = 0

    def __init__(self) -> None:
        self.moved: list[str] = []
        self.wrong: Exception | None = None
        self.left = 2
        self.hold: asyncio.Event | None = None

    async def probe(self) -> None:
        return None

    async def status(self) -> DispenserStatus:
        stacker = Storage.LOW if self.left else Storage.EMPTY
        return DispenserStatus("" if self.left else "cards-out", stacker, None, at_exit=False)

    async def dispense(self, command_id: str) -> CardResult:
        if self.wrong is not None:
            raise self.wrong
        self.moved.append(command_id)
        self.left -= 1
        if self.hold is not None:
            await self.hold.wait()
        return CardResult(command_id=command_id, outcome=CardOutcome.DONE)

    async def capture(self, command_id: str) -> CardResult:
        return CardResult(command_id=command_id, outcome=CardOutcome.FAILED, reason="no-card")


class Hall:
    """A role on a memory bus."""

    def __init__(self, driver: FakeDispenser, state_dir: Path | None = None) -> None:
        self.site, self.local = MemoryBus(), MemoryBus()
        self.told: list[DeviceHealth] = []
        settings = DeviceSettings(id="d-1", driver="fake", wire="tcp://127.0.0.1:1")
        folder = str(state_dir) if state_dir else None
        self.post = Post(settings, Buses("demo", self.site, self.local), self._make(driver), None, folder)

    def _make(self, driver: FakeDispenser) -> Any:
        async def open_wire() -> FakeWire:
            return FakeWire()

        async def tell(health: DeviceHealth) -> None:
            self.told.append(health)

        def make_session(**hooks: Any) -> Session:
            return Session(
                Parts(
                    device_id="d-1",
                    kind="dispenser",
                    driver="fake",
                    open_wire=open_wire,
                    build=lambda _wire: driver,
                    tell=tell,
                    **hooks,
                )
            )

        return make_session

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(DispenserRole(self.post).run())
        for _ in range(20):
            await asyncio.sleep(0)  # let it subscribe and connect; everything here is in this loop
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def order(
        self, body: CardCommand, name: str = "dispense-card", expires_in_s: float | None = 30, **more: Any
    ) -> CardResult:
        envelope = envelope_of(body, expires_in_s=expires_in_s, **more)
        answers = await self.site.subscribe(topics.device_result("demo", "d-1", envelope.id), CardResult)
        await self.site.publish(topics.device_command("demo", "d-1", name), envelope)
        return (await answers.get(PATIENCE_S)).body


async def test_a_command_that_comes_twice_lets_out_one_card_and_is_answered_twice_the_same() -> None:
    driver = FakeDispenser()
    hall = Hall(driver)

    async with hall.running():
        first = await hall.order(DispenseCard(command_id="c-1"))
        again = await hall.order(DispenseCard(command_id="c-1"))

    assert first == again
    assert (first.outcome, driver.moved) == (CardOutcome.DONE, ["c-1"])


async def test_the_answer_outlives_the_agent(tmp_path: Path) -> None:
    driver = FakeDispenser()
    for _ in range(2):
        hall = Hall(driver, tmp_path)
        async with hall.running():
            result = await hall.order(DispenseCard(command_id="c-1"))

    assert (result.outcome, driver.moved) == (CardOutcome.DONE, ["c-1"])


async def test_a_command_that_the_agents_end_interrupted_is_unknown_and_not_begun_again(
    tmp_path: Path,
) -> None:
    driver = FakeDispenser()
    driver.hold = asyncio.Event()
    hall = Hall(driver, tmp_path)
    async with hall.running():
        topic = topics.device_command("demo", "d-1", "dispense-card")
        await hall.site.publish(topic, envelope_of(DispenseCard(command_id="c-1"), expires_in_s=30))
        async with asyncio.timeout(PATIENCE_S):
            while not driver.moved:
                await asyncio.sleep(0)

    hall = Hall(driver, tmp_path)
    async with hall.running():
        result = await hall.order(DispenseCard(command_id="c-1"))

    assert (result.outcome, result.reason) == (CardOutcome.UNKNOWN, "interrupted")
    assert driver.moved == ["c-1"]


async def test_a_command_that_failed_stays_failed_for_its_id() -> None:
    driver = FakeDispenser()
    driver.wrong = WireTimeout("silent")
    hall = Hall(driver)

    async with hall.running():
        first = await hall.order(DispenseCard(command_id="c-1"))
        driver.wrong = None
        again = await hall.order(DispenseCard(command_id="c-1"))

    assert (first.outcome, first.reason) == (CardOutcome.FAILED, "no-answer")
    assert (again, driver.moved) == (first, [])


@pytest.mark.parametrize(
    "when, reason",
    [
        ({"expires_in_s": None}, "no-expiry"),
        ({"now": datetime.now(UTC) - timedelta(minutes=5)}, "expired"),
    ],
)
async def test_a_command_that_may_be_late_moves_nothing(when: dict[str, Any], reason: str) -> None:
    driver = FakeDispenser()
    hall = Hall(driver)

    async with hall.running():
        result = await hall.order(DispenseCard(command_id="c-1"), **when)

    assert (result.outcome, result.reason, driver.moved) == (CardOutcome.FAILED, reason, [])


async def test_each_command_name_does_its_own() -> None:
    driver = FakeDispenser()
    hall = Hall(driver)

    async with hall.running():
        result = await hall.order(CaptureCard(command_id="c-1"), "capture-card")

    assert (result.reason, driver.moved) == ("no-card", [])


async def test_an_empty_stacker_is_told_at_once_in_the_words_of_xfs4iot() -> None:
    driver = FakeDispenser()
    hall = Hall(driver)

    async with hall.running():
        for number in range(2):
            await hall.order(DispenseCard(command_id=f"c-{number}"))

    assert hall.told[0].storage == {}
    assert hall.told[1].storage == {"stacker": Storage.LOW}
    last = hall.told[-1]
    assert (last.status, last.reason) == (DeviceStatus.HARDWARE_ERROR, "cards-out")
    assert last.storage == {"stacker": Storage.EMPTY}


def test_what_is_kept_is_there_again_and_the_oldest_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "d-1.json"
    kept = KeptFile(path, most=2)
    for key in ("a", "b", "c"):
        kept.put(key, key.upper())

    again = KeptFile(path, most=2)

    assert (again.get("a"), again.get("b"), again.get("c")) == (None, "B", "C")


@pytest.mark.parametrize("content", ["", "{", "[1]", "7", "\x00\x00"])
def test_a_damaged_file_is_put_aside_and_does_not_end_the_agent(tmp_path: Path, content: str) -> None:
    path = tmp_path / "d-1.json"
    path.write_text(content)
    kept = KeptFile(path)
    kept.put("a", "A")

    assert kept.get("a") == "A"
    assert (tmp_path / "d-1.broken").read_text() == content
    assert KeptFile(path).get("a") == "A"


async def test_nothing_moves_when_the_disk_would_not_remember_it(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.write_text("not a folder")
    driver = FakeDispenser()
    hall = Hall(driver, folder)

    async with hall.running():
        first = await hall.order(DispenseCard(command_id="c-1"))
        again = await hall.order(DispenseCard(command_id="c-1"))

    assert (first.outcome, first.reason, driver.moved) == (CardOutcome.FAILED, "state-dir", [])
    assert again == first
