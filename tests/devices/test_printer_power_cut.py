"""The power goes at every byte: at most one ticket for one job, and no lie about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.printer import PrinterRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import envelope_of, request
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.printer import (
    PrintNamedTicket,
    PrintOutcome,
    PrintResult,
    PrintTicket,
    Proof,
    TicketSlip,
)
from devices.drivers.printer_escpos import EscPosPrinter, EscPosSettings
from devices.session import Parts, Session
from devices.sim.printer import SimPrinter
from devices.transports.memory import MemoryWire
from tests.devices.slips import SLIP

PATIENCE_S = 20
BYTES = 29  # between two cuts; every single byte was tried once, too
STEP = 23  # the same where a whole agent is restarted for each
OTHER = SLIP.model_copy(update={"number": "K002", "english": ""})
PROOFS = {"process-id": {}, "buffer-drained": {"answers_process_id": False}}


class CutWire(MemoryWire):
    """A wire on which power fails after `bytes_left` bytes to the printer; `on_cut` says whose power."""

    def __init__(self, sim: SimPrinter, bytes_left: int) -> None:
        super().__init__(sim, to_machine=self._carry)
        self._sim = sim
        self._left = bytes_left
        self.died = asyncio.Event()

    def _carry(self, data: bytes) -> list[bytes]:
        if self.died.is_set():
            return []
        carried, self._left = data[: self._left], self._left - len(data)
        if self._left <= 0:
            self.died.set()
            self.on_cut()
        return [carried]

    def on_cut(self) -> None:
        """Cut the printer's power when those bytes have arrived."""
        raise NotImplementedError


class PrinterDies(CutWire):
    def on_cut(self) -> None:
        self.pass_time(2.0)  # what is in the line arrives; the ticket takes longer than that to print
        self._sim.poll(self.now_s())
        self._sim.do("cut-power", {}, self.now_s())


class TerminalDies(CutWire):
    def on_cut(self) -> None:
        """The printer goes on with what it has; the terminal never does another thing."""

    async def read(self, timeout_s: float | None = None) -> bytes:
        if self.died.is_set():
            await asyncio.Event().wait()
        return await super().read(timeout_s)


def numbered(sim: SimPrinter, number: str) -> int:
    return sum(number in ticket.text for ticket in sim.tickets)


def settle(sim: SimPrinter, wire: MemoryWire) -> None:
    wire.pass_time(60)
    sim.poll(wire.now_s())


async def length_of_a_print(knobs: dict[str, Any]) -> int:
    wire = MemoryWire(SimPrinter(**knobs))
    await EscPosPrinter("printer-1", wire, EscPosSettings()).print_ticket("job-1", SLIP, "张*")
    return len(wire.sent)


@pytest.mark.parametrize("proof", PROOFS)
async def test_a_printer_that_loses_power_at_any_byte_is_never_believed_too_much(proof: str) -> None:
    knobs: dict[str, Any] = {"speed_mm_s": 40.0, **PROOFS[proof]}
    settings = EscPosSettings(status_timeout_s=0.2, status_tries=1, print_mm_s=40.0)
    for cut_at in range(1, await length_of_a_print(knobs) + 1, BYTES):
        sim = SimPrinter(**knobs)
        wire = PrinterDies(sim, cut_at)
        first = await EscPosPrinter("printer-1", wire, settings).print_ticket("job-1", SLIP, "张*")
        settle(sim, wire)
        out = numbered(sim, SLIP.number)

        assert out <= 1, cut_at
        if first.outcome is PrintOutcome.PRINTED:
            assert out == 1, cut_at
        if first.outcome is PrintOutcome.FAILED:
            assert out == 0, cut_at  # only what has left no ticket may be ordered again

        sim.do("restore-power", {}, wire.now_s())
        wire = MemoryWire(sim)
        wire.pass_time(1000)
        driver = EscPosPrinter("printer-1", wire, EscPosSettings(print_mm_s=40.0))
        after = await driver.print_ticket("job-2", OTHER, eject_first=first.started)

        settle(sim, wire)
        assert after.outcome is PrintOutcome.PRINTED, cut_at
        assert numbered(sim, OTHER.number) == 1
        assert "张*" not in sim.tickets[-1].text


class Terminal:
    """A printer's role with its journal on a disk, as the agent has it; `wire` is its wire."""

    def __init__(self, sim: SimPrinter, disk: Path, wire: MemoryWire) -> None:
        self.bus, self.site = MemoryBus(), MemoryBus()
        self.wire = wire
        self._sim = sim
        device = DeviceSettings(
            id="printer-1", driver="printer-escpos", wire="tcp://127.0.0.1:1", check_s=3600
        )
        post = Post(device, Buses("demo", self.site, self.bus), self._session, state_dir=str(disk))
        self._role = PrinterRole(post)

    def _session(self, **hooks: Any) -> Session:
        async def open_wire() -> Any:
            return Closing(self.wire)

        async def tell(_health: object) -> None:
            self.there.set()

        self.there = asyncio.Event()
        return Session(
            Parts(
                device_id="printer-1",
                kind="printer",
                driver="printer-escpos",
                open_wire=open_wire,
                build=lambda wire: EscPosPrinter("printer-1", wire, EscPosSettings()),
                tell=tell,
                check_s=3600,
                **hooks,
            )
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Terminal]:
        working = asyncio.create_task(self._role.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield self
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    async def order(self, job_id: str, slip: TicketSlip) -> PrintResult:
        """Order when the machine is there.  A terminal without power gives no answer."""
        await self.there.wait()
        named = PrintNamedTicket(job_id=job_id, slip=slip, masked_name="张*" if slip is SLIP else "")
        return await request(self.bus, "printer-1", "print-ticket", named, PrintResult, timeout_s=PATIENCE_S)


class Closing:
    """A memory wire as a session wants it."""

    def __init__(self, wire: MemoryWire) -> None:
        self._wire = wire
        self.read, self.write, self.now_s = wire.read, wire.write, wire.now_s

    async def close(self) -> None:
        self._wire.close()


async def cut_terminal(sim: SimPrinter, disk: Path, cut_at: int) -> TerminalDies:
    """Let a terminal lose its power after so many bytes of printing; return its wire."""
    wire = TerminalDies(sim, cut_at)
    async with Terminal(sim, disk, wire).running() as terminal:
        ordering = asyncio.create_task(terminal.order("job-1", SLIP))
        await wire.died.wait()
        ordering.cancel()
        await asyncio.gather(ordering, return_exceptions=True)
    return wire


async def test_a_terminal_that_loses_power_at_any_byte_never_prints_a_job_twice(tmp_path: Path) -> None:
    for cut_at in range(30, await length_of_a_print({}), STEP):
        sim, disk = SimPrinter(), tmp_path / str(cut_at)
        settle(sim, await cut_terminal(sim, disk, cut_at))
        wire = MemoryWire(sim)
        wire.pass_time(1000)
        async with Terminal(sim, disk, wire).running() as again:
            told = await again.order("job-1", SLIP)
            out = numbered(sim, SLIP.number)
            after = await again.order("job-2", OTHER)

        assert (told.outcome, told.reason, told.proof) == (PrintOutcome.UNKNOWN, "interrupted", Proof.NONE)
        assert out <= 1
        assert numbered(sim, SLIP.number) <= 1, cut_at  # what hung there was cut off, without its rest
        assert after.outcome is PrintOutcome.PRINTED
        mine = [ticket.text for ticket in sim.tickets if OTHER.number in ticket.text]
        assert len(mine) == 1
        assert SLIP.number not in mine[0]


async def test_a_job_that_was_proved_is_told_as_printed_by_the_next_life_of_the_agent(tmp_path: Path) -> None:
    sim = SimPrinter()
    async with Terminal(sim, tmp_path, MemoryWire(sim)).running() as terminal:
        first = await terminal.order("job-1", SLIP)
    wire = MemoryWire(sim)
    wire.pass_time(1000)
    async with Terminal(sim, tmp_path, wire).running() as again:
        second = await again.order("job-1", SLIP)

    assert first == second
    assert second.outcome is PrintOutcome.PRINTED
    assert len(sim.tickets) == 1


async def test_a_job_that_failed_may_be_ordered_again_after_a_restart(tmp_path: Path) -> None:
    sim = SimPrinter()
    sim.do("paper", {"state": "out"}, 0.0)
    async with Terminal(sim, tmp_path, MemoryWire(sim)).running() as terminal:
        first = await terminal.order("job-1", SLIP)
    sim.do("paper", {"state": "full"}, 500.0)
    wire = MemoryWire(sim)
    wire.pass_time(1000)
    async with Terminal(sim, tmp_path, wire).running() as again:
        second = await again.order("job-1", SLIP)

    assert (first.outcome, second.outcome) == (PrintOutcome.FAILED, PrintOutcome.PRINTED)
    assert len(sim.tickets) == 1


async def test_what_a_torn_ticket_left_is_cut_off_by_the_next_life_of_the_agent(tmp_path: Path) -> None:
    sim = SimPrinter()
    sim.do("paper", {"state": "out", "after_mm": 60}, 0.0)
    async with Terminal(sim, tmp_path, MemoryWire(sim)).running() as terminal:
        torn = await terminal.order("job-1", SLIP)
    sim.do("paper", {"state": "full"}, 500.0)
    wire = MemoryWire(sim)
    wire.pass_time(1000)
    async with Terminal(sim, tmp_path, wire).running() as again:
        await again.order("job-2", OTHER)

    assert (torn.outcome, torn.started) == (PrintOutcome.FAILED, True)
    mine = [ticket.text for ticket in sim.tickets if OTHER.number in ticket.text]
    assert [SLIP.number in text for text in mine] == [False]


async def test_kiosk_and_staff_who_order_one_job_at_once_get_one_ticket(tmp_path: Path) -> None:
    sim = SimPrinter()
    async with Terminal(sim, tmp_path, MemoryWire(sim)).running() as terminal:
        told = await terminal.site.subscribe(topics.device_result("demo", "printer-1", "+"), PrintResult)
        await terminal.there.wait()
        staff = PrintTicket(job_id="job-1", slip=SLIP)
        at = topics.device_command("demo", "printer-1", "print-ticket")
        await terminal.site.publish(at, envelope_of(staff))
        first = await terminal.order("job-1", SLIP)
        second = (await told.get(PATIENCE_S)).body

    assert first == second
    assert first.outcome is PrintOutcome.PRINTED
    assert len(sim.tickets) == 1


async def test_a_disk_that_refuses_keeps_nobody_from_a_ticket(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sim = SimPrinter()
    async with Terminal(sim, tmp_path / "file", MemoryWire(sim)).running() as terminal:
        result = await terminal.order("job-1", SLIP)

    assert result.outcome is PrintOutcome.PRINTED


async def test_the_journal_names_nobody(tmp_path: Path) -> None:
    sim = SimPrinter()
    async with Terminal(sim, tmp_path, MemoryWire(sim)).running() as terminal:
        await terminal.order("job-1", SLIP)

    [journal] = tmp_path.iterdir()
    assert "job-1" in journal.read_text()
    assert "张" not in journal.read_text()
