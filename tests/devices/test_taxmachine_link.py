"""The driver of the tax machine's link and the simulated machine: commands once, ledger, mishaps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from devices.codecs.tax_link import Cmd, Frame, Kind, LinkCodec, Refusal, encode
from devices.contracts.health import Paper, Storage
from devices.contracts.tax_machine import Refill, StorageStatus, StorageUnit, UnitType
from devices.drivers.taxmachine_link import TaxLinkSettings, TaxMachineLink
from devices.errors import DeviceFault, ProtocolError, WireTimeout
from devices.sim.base import NotPossible
from devices.sim.tax_machine import SimTaxMachine
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import vectors

STAFF = ("s-17", "s-23")


def on(machine: object, **said: object) -> tuple[TaxMachineLink, MemoryWire]:
    wire = MemoryWire(machine)  # type: ignore[arg-type]
    return TaxMachineLink("tax-1", wire, TaxLinkSettings.model_validate(said)), wire


def sell(machine: SimTaxMachine, wire: MemoryWire, count: int = 2) -> None:
    machine.do("sell", {"unit": "invoice1", "count": count}, wire.now_s())
    wire.pass_time(count)
    machine.poll(wire.now_s())


async def unit_of(driver: TaxMachineLink, name: str = "invoice1") -> StorageUnit:
    return next(unit for unit in await driver.storage() if unit.id == name)


def answering(**answers: dict[str, object]) -> Scripted:
    """A machine that answers each command by its name with a fixed payload, or not at all."""

    def answer(said: bytes) -> list[tuple[float, bytes]]:
        found = []
        for frame in LinkCodec().feed(said):
            payload = answers.get(Cmd(frame.cmd).name)
            if frame.kind is Kind.CMD and payload is not None:
                found.append((0.01, encode(Frame(frame.addr, frame.seq, Kind.RSP, frame.cmd, payload))))
        return found

    return Scripted(answer)


def test_the_words_are_those_of_xfs4iot():
    words = {name: set(one["values"]) for name, one in vectors("xfs4iot.json").items()}

    assert {word.value for word in Paper} == words["Printer.paper"]
    assert {word.value for word in Storage} == words["CardReader.replenishment"]
    assert {word.value for word in StorageStatus} == words["Storage.status"]


async def test_the_simulated_machine_speaks_in_those_words():
    words = {name: set(one["values"]) for name, one in vectors("xfs4iot.json").items()}
    machine = SimTaxMachine()
    seen = [machine.state()]
    machine.do("jam", {}, 0.0)
    machine.do("sell", {"unit": "invoice1", "count": 1}, 0.0)
    seen.append(machine.state())
    machine.poll(9.0)
    seen.append(machine.state())

    assert {state["device"] for state in seen} == {"online", "deviceBusy", "hardwareError"}
    assert {state["device"] for state in seen} <= words["Common.device"]
    assert {state["media"] for state in seen} <= words["Printer.media"]


async def test_the_journal_has_the_time_that_the_machine_was_told():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    await driver.set_clock(datetime(2027, 1, 1, 9, 0, tzinfo=UTC))
    sell(machine, wire, 1)

    page = await driver.read_journal(0)

    assert str(page.lines[0].fields["at"]).startswith("2027-01-01T09:00:0")


async def test_a_sale_moves_the_next_number_and_the_ledger_stays_even():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    before = await unit_of(driver)
    sell(machine, wire, 3)

    after = await unit_of(driver)

    assert (after.next - before.next, before.count - after.count, after.issued) == (3, 3, 3)
    assert after.difference == 0


async def test_invoices_that_nobody_took_are_retracted_and_not_issued():
    machine = SimTaxMachine(retract_s=5)
    driver, wire = on(machine)
    sell(machine, wire, 2)
    wire.pass_time(10)

    unit = await unit_of(driver)

    assert (unit.issued, unit.retracted, unit.difference, machine.works.bin) == (0, 2, 0, 2)


async def test_a_power_cut_in_the_middle_of_a_sheet_spoils_it_and_says_so():
    machine = SimTaxMachine(sheet_s=1.0)
    driver, wire = on(machine)
    machine.do("sell", {"unit": "invoice1", "count": 3}, wire.now_s())
    wire.pass_time(1.5)
    machine.do("power-cut", {}, wire.now_s())
    machine.do("restore-power", {}, wire.now_s())

    unit = await unit_of(driver)
    page = await driver.read_journal(0)

    assert (unit.spoiled, unit.retracted, unit.issued, unit.difference) == (1, 1, 0, 0)
    told = [(line.fields["type"], line.fields["error"], line.fields["count"]) for line in page.lines]
    assert told == [("spoil", "powerCut", 1), ("issue", "powerCut", 1), ("retract", "notTaken", 1)]


async def test_two_sheets_for_one_are_a_difference_and_the_cassette_stays_locked():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    machine.do("double-feed", {}, wire.now_s())
    sell(machine, wire, 2)

    found = await driver.reconcile("invoice1", "c-1")
    await driver.lock("invoice1", "c-2")
    with pytest.raises(DeviceFault) as said:
        await driver.unlock("invoice1", "c-3")

    assert (found.expected - found.counted, found.difference) == (1, 1)
    assert said.value.code == "mismatch"
    with pytest.raises(NotPossible):
        machine.do("sell", {"unit": "invoice1", "count": 1}, wire.now_s())


async def test_an_exchange_needs_the_same_two_people_at_both_ends_and_begins_new_numbers():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    refill = Refill(unit="invoice1", code="044001900112", first=1, last=500)
    with pytest.raises(DeviceFault) as alone:
        await driver.start_exchange(("s-17", "s-17"), "c-1")
    await driver.start_exchange(STAFF, "c-2")
    with pytest.raises(NotPossible):
        machine.do("sell", {"unit": "invoice1", "count": 1}, wire.now_s())
    with pytest.raises(DeviceFault) as others:
        await driver.end_exchange(("s-17", "s-99"), (refill,), "c-3")
    await driver.end_exchange(STAFF, (refill,), "c-4")

    unit = await unit_of(driver)

    assert (alone.value.code, others.value.code) == ("two-operators", "other-operators")
    assert (unit.code, unit.next, unit.count, unit.issued) == ("044001900112", 1, 500, 0)


async def test_a_command_with_the_same_id_is_carried_out_once_also_after_a_power_cut():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    await driver.reconcile("invoice1", "c-1")
    machine.do("power-cut", {}, wire.now_s())
    machine.do("restore-power", {}, wire.now_s())
    wire.pass_time(5)

    again = await driver.reconcile("invoice1", "c-1")

    assert machine.works.journal.newest == 1
    assert again.difference == 0


@pytest.mark.parametrize(
    "action, params, reason",
    [
        ("door", {"state": "open"}, "door-open"),
        ("door", {"state": "tampered"}, "door-tampered"),
        ("ups", {"state": "low"}, "ups-low"),
        ("paper", {"printer": "receipt", "state": "out"}, "paper-out"),
        ("paper", {"printer": "printerA4", "state": "jammed"}, "media-jammed"),
        ("toner", {"state": "out"}, "toner-out"),
        ("switch", {"state": "supervisor"}, "maintenance"),
        ("paper", {"printer": "receipt", "state": "low"}, ""),
    ],
)
async def test_what_the_machine_notices_is_told_at_once_and_is_its_state(action, params, reason):
    machine = SimTaxMachine()
    driver, wire = on(machine)
    machine.do(action, params, wire.now_s())

    events = await driver.listen(1.0)
    status = await driver.heartbeat()

    assert [event.value for event in events] == [params["state"]]
    assert status is not None
    assert status.reason == reason


async def test_an_event_that_is_repeated_is_heard_once():
    machine = SimTaxMachine()
    driver, wire = on(machine)
    machine.do("call-button", {}, wire.now_s())
    machine.poll(wire.now_s() + 0.02)  # this copy is lost
    wire.pass_time(0.35)

    events = await driver.listen(1.0)
    more = await driver.listen(2.0)

    assert [event.name for event in events] == ["Auxiliaries.OperatorCallButton"]
    assert more == []
    assert machine.next_due_s() is None


async def test_the_machine_is_called_away_after_three_missed_beats_and_not_before():
    driver, _ = on(Scripted(lambda _said: []))

    assert [await driver.heartbeat(), await driver.heartbeat()] == [None, None]
    with pytest.raises(WireTimeout):
        await driver.heartbeat()


async def test_a_command_is_repeated_with_the_same_seq():
    machine = Scripted(lambda _said: [])
    driver, _ = on(machine)
    with pytest.raises(WireTimeout):
        await driver.set_clock(datetime(2026, 11, 23, tzinfo=UTC))

    assert len(machine.heard) == 3
    assert len(set(machine.heard)) == 1


@pytest.mark.parametrize(
    "name, payload",
    [
        ("INVOICE_LOCK", {"id": "another"}),
        ("INVOICE_LOCK", {}),
    ],
)
async def test_the_answer_to_another_command_is_not_taken(name, payload):
    driver, _ = on(answering(**{name: payload}))

    with pytest.raises(ProtocolError):
        await driver.lock("invoice1", "c-1")


@pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1], [2, 1]])
async def test_journal_entries_that_do_not_follow_each_other_are_not_taken(numbers):
    entries = [{"seq": number, "ts": "2026-11-23T09:00:00+08:00", "type": "issue"} for number in numbers]
    page = {"journal": "j", "after": 0, "oldest": 1, "newest": 9, "entries": entries}
    driver, _ = on(answering(JOURNAL_READ=page))

    with pytest.raises(ProtocolError):
        await driver.read_journal(0)


async def test_an_error_says_which_field_was_bad_and_not_what_was_in_it():
    entry = {"seq": 1, "ts": "张伟", "type": "issue", "taxpayer": "91990000123456780X"}
    page = {"journal": "j", "after": 0, "oldest": 1, "newest": 1, "entries": [entry]}
    driver, _ = on(answering(JOURNAL_READ=page))

    with pytest.raises(ProtocolError) as said:
        await driver.read_journal(0)

    assert "entries.0.ts" in str(said.value)
    assert "张伟" not in str(said.value)
    assert "9199" not in str(said.value)


async def test_a_count_that_contradicts_itself_is_not_taken():
    found = {"unit": "invoice1", "counted": 5, "expected": 6, "first": 1, "next": 2, "difference": 0}
    driver, _ = on(answering(INVOICE_RECONCILE={"id": "c-1", "reconciliation": found}))

    with pytest.raises(ProtocolError):
        await driver.reconcile("invoice1", "c-1")


async def test_a_command_that_the_machine_does_not_know_is_a_fault():
    refusal = {"reason": int(Refusal.UNKNOWN_COMMAND)}
    frames = LinkCodec()

    def answer(said: bytes) -> list[tuple[float, bytes]]:
        return [
            (0.01, encode(Frame(one.addr, one.seq, Kind.NAK, one.cmd, refusal))) for one in frames.feed(said)
        ]

    driver, _ = on(Scripted(answer))

    with pytest.raises(DeviceFault) as said:
        await driver.lock("invoice1", "c-1")
    assert said.value.code == "unknown-command"


async def test_a_journal_that_nobody_fetches_stops_the_selling_and_loses_nothing(monkeypatch):
    monkeypatch.setattr("devices.sim.tax_machine_stock.JOURNAL_ROOM", 2)
    machine = SimTaxMachine()
    driver, wire = on(machine)
    for _ in range(2):
        sell(machine, wire, 1)
        machine.do("take", {}, wire.now_s())
    with pytest.raises(NotPossible):
        machine.do("sell", {"unit": "invoice1", "count": 1}, wire.now_s())

    page = await driver.read_journal(0)
    await driver.ack_journal(page.journal, 2)

    assert [line.seq for line in page.lines] == [1, 2]
    sell(machine, wire, 1)
    assert machine.works.journal.newest == 3


def test_the_lab_shows_no_taxpayer_neither_in_words_nor_in_hex():
    machine = SimTaxMachine()
    entry = {"seq": 1, "taxpayer": "9199************0X"}
    data = encode(Frame(1, 1, Kind.RSP, Cmd.JOURNAL_READ, {"entries": [entry]}))

    assert "9199" not in machine.explain("tx", data)
    assert b"9199".hex(" ") not in machine.mask_hex("tx", data)


def test_only_an_invoice_cassette_has_a_ledger():
    unit = StorageUnit(id="retract", type=UnitType.RETRACT, count=7)
    cassette = StorageUnit(
        id="i", type=UnitType.INVOICE, initial=10, issued=3, spoiled=1, retracted=1, count=4
    )

    assert (unit.difference, cassette.difference) == (0, 1)


def test_an_address_that_the_link_does_not_have_is_refused():
    with pytest.raises(ValidationError):
        TaxLinkSettings(address=0)
