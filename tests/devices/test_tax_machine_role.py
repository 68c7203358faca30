"""The tax machine's role on a bus: commands once, mismatches locked and told, the journal without a name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.tax_machine import TaxMachineRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.codecs.tax_link import Cmd, LinkCodec
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.health import DeviceHealth, DeviceStatus, Storage
from devices.contracts.tax_machine import (
    CassetteMismatch,
    EndExchange,
    JournalEntry,
    LockCassette,
    MachineEvent,
    ReconcileCassette,
    Refill,
    SetLowMark,
    StartExchange,
    StorageReport,
    TaxCommand,
    TaxOutcome,
    TaxResult,
    UnlockCassette,
)
from devices.drivers.taxmachine_link import TaxLinkSettings, TaxMachineLink
from devices.errors import DeviceFault
from devices.session import Parts, Session
from devices.sim.tax_machine import SimTaxMachine
from devices.transports.memory import MemoryWire

PATIENCE_S = 10
STAFF = ("s-17", "s-23")
Said = TypeVar("Said", bound=Message)


class RealTimeWire(MemoryWire):
    """Virtual time, but each wait lets the other tasks run."""

    async def read(self, timeout_s: float | None = None) -> bytes:
        await asyncio.sleep(0)
        return await super().read(timeout_s)

    async def close(self) -> None:  # type: ignore[override]
        super().close()


class Hall:
    """A role, its machine and a memory bus.  `ears` hear everything on the site."""

    def __init__(self, machine: SimTaxMachine, state_dir: Path | None = None) -> None:
        self.machine = machine
        self.site = MemoryBus()
        self.told: list[DeviceHealth] = []
        self.wire = RealTimeWire(machine)
        settings = DeviceSettings(id="tax-1", driver="taxmachine-link", wire="tcp://127.0.0.1:1")
        folder = str(state_dir) if state_dir else None
        self.post = Post(settings, Buses("demo", self.site, None), self._make_session, None, folder)
        self.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def _make_session(self, **hooks: Any) -> Session:
        async def open_wire() -> RealTimeWire:
            now_s = self.wire.now_s()
            self.wire = RealTimeWire(self.machine)
            self.wire.pass_time(now_s + 5)
            return self.wire

        async def tell(health: DeviceHealth) -> None:
            self.told.append(health)

        async def pause(_seconds: float) -> None:
            await asyncio.sleep(0)

        return Session(
            Parts(
                device_id="tax-1",
                kind="tax-machine",
                driver="taxmachine-link",
                open_wire=open_wire,
                build=lambda wire: TaxMachineLink("tax-1", wire, TaxLinkSettings(answer_s=0.5)),
                tell=tell,
                sleep=pause,
                **hooks,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async def pause(_seconds: float) -> None:
            await asyncio.sleep(0)

        role = TaxMachineRole(self.post, sleep=pause, now=lambda: self.now)
        task = asyncio.create_task(role.run())
        for _ in range(20):
            await asyncio.sleep(0)  # let it subscribe and connect; everything here is in this loop
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def hear(self, name: str, body: type[Said]) -> Any:
        return await self.site.subscribe(topics.device_event("demo", "tax-1", name), body)

    async def order(
        self, name: str, body: TaxCommand, expires_in_s: float | None = 30, **more: Any
    ) -> TaxResult:
        envelope = envelope_of(body, expires_in_s=expires_in_s, now=more.get("now", self.now))
        answers = await self.site.subscribe(topics.device_result("demo", "tax-1", envelope.id), TaxResult)
        await self.site.publish(topics.device_command("demo", "tax-1", name), envelope)
        return (await answers.get(PATIENCE_S)).body

    def do(self, action: str, **params: Any) -> None:
        self.machine.do(action, params, self.wire.now_s())


async def got(subscription: Any) -> Any:
    return (await subscription.get(PATIENCE_S)).body


async def test_a_sale_reaches_the_site_as_a_journal_entry_and_a_new_stock() -> None:
    hall = Hall(SimTaxMachine())
    journal = await hall.hear("journal", JournalEntry)
    storage = await hall.hear("storage", StorageReport)

    async with hall.running():
        first = await got(storage)
        hall.do("sell", unit="invoice1", count=3)
        entry = await got(journal)
        after = await got(storage)
        while after.units[0].issued < 3:  # told on the way as well
            after = await got(storage)

    assert (entry.seq, entry.type, entry.count, entry.first, entry.last) == (
        1,
        "issue",
        3,
        12345601,
        12345603,
    )
    assert (first.units[0].count, after.units[0].count) == (100, 97)


async def test_no_message_on_the_site_names_a_taxpayer() -> None:
    hall = Hall(SimTaxMachine())
    heard: list[bytes] = []
    plain = hall.site.publish

    async def publish(topic: str, envelope: Any, *, retain: bool = False) -> None:
        heard.append(envelope.model_dump_json().encode())
        await plain(topic, envelope, retain=retain)

    hall.site.publish = publish  # type: ignore[method-assign]
    journal = await hall.hear("journal", JournalEntry)

    async with hall.running():
        hall.do("sell", unit="invoice1", count=1)
        await got(journal)

    assert any(b'"issue"' in one for one in heard)
    assert not any(b"9199" in one or b"taxpayer" in one for one in heard)


@pytest.mark.parametrize("senses_stock", [True, False])
async def test_a_count_that_does_not_add_up_locks_the_cassette_and_is_told_once(senses_stock: bool) -> None:
    hall = Hall(SimTaxMachine(senses_stock=senses_stock))
    mismatch = await hall.hear("cassette-mismatch", CassetteMismatch)
    hall.do("stock", unit="invoice2", sheets=48)

    async with hall.running():
        result = await hall.order("reconcile-cassette", ReconcileCassette(command_id="c-1", unit="invoice2"))
        told = await got(mismatch)
        again = await hall.order("reconcile-cassette", ReconcileCassette(command_id="c-2", unit="invoice2"))
        refused = await hall.order("unlock-cassette", UnlockCassette(command_id="c-3", unit="invoice2"))
        await mismatch.close()
        more = [message async for message in mismatch]

    assert result.reconciliation is not None
    assert again.reconciliation is not None
    assert (result.reconciliation.difference, again.reconciliation.difference) == (2, 2)
    assert (told.unit, told.expected, told.counted, told.difference, told.locked) == (
        "invoice2",
        50,
        48,
        2,
        True,
    )
    assert hall.machine.works.cassettes["invoice2"].locked
    assert (refused.outcome, refused.reason) == (TaxOutcome.REFUSED, "mismatch")
    assert more == []
    assert hall.told[-1].reason == "cassette-locked"


async def test_two_people_refill_a_cassette_and_its_ledger_begins_again() -> None:
    hall = Hall(SimTaxMachine())
    hall.do("stock", unit="invoice1", sheets=3)
    refill = Refill(unit="invoice1", code="044001900112", first=1, last=500)

    async with hall.running():
        alone = await hall.order(
            "start-exchange", StartExchange(command_id="c-0", operators=("s-17", "s-17"))
        )
        start = await hall.order("start-exchange", StartExchange(command_id="c-1", operators=STAFF))
        meanwhile = hall.told[-1].reason
        end = await hall.order(
            "end-exchange", EndExchange(command_id="c-2", operators=STAFF, units=(refill,))
        )
        unlock = await hall.order("unlock-cassette", UnlockCassette(command_id="c-3", unit="invoice1"))

    assert (alone.outcome, alone.reason) == (TaxOutcome.REFUSED, "two-operators")
    assert [one.outcome for one in (start, end, unlock)] == [TaxOutcome.DONE] * 3
    assert meanwhile == "exchange"
    assert hall.told[-1].status is DeviceStatus.ONLINE
    assert hall.told[-1].storage["invoice1"] is Storage.FULL


async def test_a_command_that_comes_twice_is_carried_out_once_also_by_another_agent(tmp_path: Path) -> None:
    machine = SimTaxMachine()
    for _ in range(2):
        hall = Hall(machine, tmp_path)
        async with hall.running():
            for _ in range(2):
                result = await hall.order("lock-cassette", LockCassette(command_id="c-1", unit="invoice1"))

    assert result.outcome is TaxOutcome.DONE
    assert machine.works.journal.newest == 1


@pytest.mark.parametrize(
    "when, reason",
    [
        ({"expires_in_s": None}, "no-expiry"),
        ({"now": datetime(2026, 11, 23, 8, 0, tzinfo=UTC)}, "expired"),
    ],
)
async def test_a_command_that_may_be_late_changes_nothing(when: dict[str, Any], reason: str) -> None:
    hall = Hall(SimTaxMachine())

    async with hall.running():
        result = await hall.order("lock-cassette", LockCassette(command_id="c-1", unit="invoice1"), **when)

    assert (result.outcome, result.reason) == (TaxOutcome.REFUSED, reason)
    assert not hall.machine.works.cassettes["invoice1"].locked


async def test_a_low_mark_changes_what_is_called_low() -> None:
    hall = Hall(SimTaxMachine())

    async with hall.running():
        result = await hall.order("set-low-mark", SetLowMark(command_id="c-1", unit="invoice1", low=100))

    assert result.outcome is TaxOutcome.DONE
    assert hall.told[-1].storage["invoice1"] is Storage.LOW


async def test_an_open_door_is_an_event_and_the_machines_state() -> None:
    hall = Hall(SimTaxMachine())
    events = await hall.hear("tax-machine", MachineEvent)

    async with hall.running():
        hall.do("door", state="open")
        event = await got(events)
        result = await hall.order("lock-cassette", LockCassette(command_id="c-1", unit="invoice1"))

    assert (event.name, event.value) == ("Auxiliaries.CabinetDoor", "open")
    assert result.outcome is TaxOutcome.DONE
    assert (hall.told[-1].status, hall.told[-1].reason) == (DeviceStatus.HARDWARE_ERROR, "door-open")


async def test_a_machine_that_lost_power_comes_back_and_its_journal_goes_on(tmp_path: Path) -> None:
    hall = Hall(SimTaxMachine(), tmp_path)
    journal = await hall.hear("journal", JournalEntry)

    async with hall.running():
        hall.do("sell", unit="invoice1", count=1)
        first = await got(journal)
        hall.do("power-cut")
        async with asyncio.timeout(PATIENCE_S):
            while hall.told[-1].status is not DeviceStatus.OFFLINE:
                await asyncio.sleep(0)
        hall.do("restore-power")
        second = await got(journal)

    assert [(one.seq, one.type) for one in (first, second)] == [(1, "issue"), (2, "retract")]


async def test_a_disk_that_refuses_is_the_machines_trouble_and_no_entry_is_told_twice(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.write_text("not a folder")
    hall = Hall(SimTaxMachine())
    hall.post = Post(hall.post.device, hall.post.buses, hall.post.make_session, None, str(folder))
    journal = await hall.hear("journal", JournalEntry)

    async with hall.running(), asyncio.timeout(PATIENCE_S):
        hall.do("sell", unit="invoice1", count=1)
        first = await got(journal)
        while hall.told[-1].reason != "state-dir":
            await asyncio.sleep(0)
        folder.unlink()  # there is room again
        while hall.told[-1].reason:
            await asyncio.sleep(0)
        hall.do("take")
        hall.do("sell", unit="invoice1", count=1)
        second = await got(journal)

    assert (first.seq, second.seq) == (1, 2)
    assert list(folder.iterdir())


class Mute(SimTaxMachine):
    """Does what it is told, but once a lock was ordered nothing that it says arrives while it is mute."""

    mute = False
    armed = True

    def receive(self, data: bytes, now_s: float) -> None:
        if self.armed and any(frame.cmd == Cmd.INVOICE_LOCK for frame in LinkCodec().feed(data)):
            self.mute, self.armed = True, False
        super().receive(data, now_s)

    def poll(self, now_s: float) -> bytes:
        said = super().poll(now_s)
        return b"" if self.mute else said


async def test_a_command_whose_answer_was_lost_is_unknown_and_sent_again_it_is_not_done_twice() -> None:
    machine = Mute()
    hall = Hall(machine)
    order = LockCassette(command_id="c-1", unit="invoice1")

    async with hall.running():
        first = await hall.order("lock-cassette", order)
        machine.mute = False
        async with asyncio.timeout(PATIENCE_S):
            while (again := await hall.order("lock-cassette", order)).outcome is not TaxOutcome.DONE:
                await asyncio.sleep(0)

    assert (first.outcome, first.reason) == (TaxOutcome.UNKNOWN, "no-answer")
    assert again.outcome is TaxOutcome.DONE
    assert machine.works.journal.newest == 1


async def test_a_machine_that_keeps_its_own_clock_works_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(_self: TaxMachineLink, _at: datetime) -> None:
        raise DeviceFault("unknown-command", "the machine refuses")

    monkeypatch.setattr(TaxMachineLink, "set_clock", refuse)
    hall = Hall(SimTaxMachine())

    async with hall.running():
        result = await hall.order("lock-cassette", LockCassette(command_id="c-1", unit="invoice1"))

    assert result.outcome is TaxOutcome.DONE
    assert hall.told[0].status is DeviceStatus.ONLINE
    assert "unknown-command" not in {health.reason for health in hall.told}
