"""The tax machine's link: what is read is what the machine has, and what was ordered was done, once."""

from itertools import count

from devices.drivers.taxmachine_link import TaxMachineLink
from devices.sim.base import NotPossible
from devices.sim.tax_machine import SimTaxMachine
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

_IDS = count(1)


def sell(machine: SimTaxMachine, wire: MemoryWire) -> None:
    """Let a citizen buy two invoices and take them."""
    try:
        machine.do("sell", {"unit": "invoice1", "count": 2}, wire.now_s())
    except NotPossible:
        machine.works.cassettes["invoice1"].refill("044001900111", 1, 100)
        machine.works.cassettes["invoice1"].locked = False
        machine.do("sell", {"unit": "invoice1", "count": 2}, wire.now_s())
    wire.pass_time(3)
    machine.do("take", {}, wire.now_s())


async def exercise(driver: TaxMachineLink, machine: SimTaxMachine, wire: MemoryWire) -> None:
    sell(machine, wire)
    cassette, journal = machine.works.cassettes["invoice1"], machine.works.journal

    status = await driver.heartbeat()
    assert status is None or (status.device, status.reason) == ("online", "")
    units = {unit.id: unit for unit in await driver.storage()}
    assert set(units) == {"invoice1", "invoice2", "receipt", "printerA4", "retract"}
    assert (units["invoice1"].count, units["invoice1"].next) == (cassette.sheets, cassette.next)
    found = await driver.reconcile("invoice1", f"r-{next(_IDS)}")
    assert (found.counted, found.next, found.difference) == (cassette.sheets, cassette.next, 0)
    await driver.lock("invoice1", f"l-{next(_IDS)}")
    assert cassette.locked
    await driver.unlock("invoice1", f"u-{next(_IDS)}")
    assert not cassette.locked
    page = await driver.read_journal(journal.forgotten)
    assert [line.seq for line in page.lines] == [entry["seq"] for entry in journal.entries[: len(page.lines)]]
    assert page.lines[0].fields["type"] == journal.entries[0]["type"]
    await driver.ack_journal(page.journal, page.lines[-1].seq)
    assert journal.forgotten == page.lines[-1].seq


BENCH = Bench(machine=SimTaxMachine, exercise=exercise, limit_s=300)
