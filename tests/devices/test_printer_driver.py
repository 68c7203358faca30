"""A print that fails is never counted as printed; a job is printed once; every refusal says why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import escpos
from devices.contracts.health import Paper
from devices.contracts.printer import PrintOutcome, PrintResult, Proof
from devices.drivers.printer_escpos import SPEC, EscPosPrinter, EscPosSettings
from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.sim.faults import MANGLERS
from devices.sim.printer import SimPrinter
from devices.transports.memory import MemoryWire
from tests.devices.slips import SLIP

CLONE = {"answers_process_id": False}
MUTE_CLONE = {"answers_process_id": False, "answers_paper_query": False}


class Bench:
    """A driver and a printer with a wire between them."""

    def __init__(self, knobs: dict[str, Any] | None = None, **settings: Any) -> None:
        self.sim = SimPrinter(**(knobs or {}))
        self.wire = MemoryWire(self.sim)
        self.driver = EscPosPrinter("printer-1", self.wire, EscPosSettings(**settings))

    def do(self, action: str, **params: Any) -> None:
        self.sim.do(action, params, self.wire.now_s())

    async def print_job(self, job_id: str = "job-1") -> PrintResult:
        return await self.driver.print_ticket(job_id, SLIP, "张*")

    def tickets(self) -> int:
        self.wire.pass_time(30)
        self.sim.poll(self.wire.now_s())
        return len(self.sim.tickets)


@pytest.mark.parametrize("knobs, proof", [({}, Proof.PROCESS_ID), (CLONE, Proof.BUFFER_DRAINED)])
async def test_a_good_print_is_proved_by_the_best_proof_that_the_printer_has(
    knobs: dict[str, Any], proof: Proof
) -> None:
    bench = Bench(knobs)

    result = await bench.print_job()

    assert result == PrintResult(
        job_id="job-1", outcome=PrintOutcome.PRINTED, started=True, proof=proof, paper=Paper.FULL
    )
    assert bench.tickets() == 1
    assert "张*" in bench.sim.tickets[0].text


async def test_a_printer_that_never_proves_anything_is_never_believed() -> None:
    bench = Bench(MUTE_CLONE)

    result = await bench.print_job()

    assert (result.outcome, result.reason) == (PrintOutcome.UNKNOWN, "no-answer")
    assert bench.tickets() == 1  # it did print; we just cannot know


@pytest.mark.parametrize(
    "action, params, reason",
    [
        ("paper", {"state": "out"}, "paper-out"),
        ("cover", {"open": True}, "cover-open"),
        ("jam", {"part": "cutter"}, "cutter"),
        ("jam", {"part": "unrecoverable"}, "printer-fault"),
        ("jam", {"part": "hot"}, "printer-fault"),
        ("cut-power", {}, "no-answer"),
    ],
)
async def test_a_printer_that_cannot_print_gets_nothing_to_print(
    action: str, params: dict[str, Any], reason: str
) -> None:
    bench = Bench()
    bench.do(action, **params)

    result = await bench.print_job()

    assert (result.outcome, result.reason) == (PrintOutcome.FAILED, reason)
    assert b"A001" not in bench.wire.sent


async def test_an_offline_printer_is_refused_as_offline() -> None:
    bench = Bench()
    answers = iter([b"\x1a", b"\x12", b"\x12", b"\x12"])
    bench.wire = MemoryWire(bench.sim, to_host=lambda data: [next(answers)] if data else [])
    bench.driver = EscPosPrinter("printer-1", bench.wire, EscPosSettings(status_tries=1))

    result = await bench.print_job()

    assert (result.outcome, result.reason) == (PrintOutcome.FAILED, "offline")


async def test_low_paper_prints_and_is_told() -> None:
    bench = Bench()
    bench.do("paper", state="low")

    assert (await bench.driver.status()).ready
    assert (await bench.print_job()).paper is Paper.LOW


@pytest.mark.parametrize("knobs", [{}, CLONE, MUTE_CLONE])
@pytest.mark.parametrize(
    "action, params, reason",
    [
        ("paper", {"state": "out"}, "paper-out"),
        ("cover", {"open": True}, "cover-open"),
        ("jam", {"part": "cutter"}, "cutter"),
        ("cut-power", {}, "no-answer"),
    ],
)
@pytest.mark.parametrize("after_mm", [5, 60, 120])
async def test_what_happens_in_the_middle_of_a_ticket_is_never_counted_as_printed(
    knobs: dict[str, Any], action: str, params: dict[str, Any], reason: str, after_mm: int
) -> None:
    bench = Bench(knobs)
    bench.do(action, after_mm=after_mm, **params)

    result = await bench.print_job()

    wanted = PrintOutcome.UNKNOWN if reason == "no-answer" else PrintOutcome.FAILED
    assert (result.outcome, result.reason) == (wanted, reason)
    assert not bench.sim.tickets


async def test_what_a_broken_job_left_is_cut_off_and_never_on_the_next_citizens_paper() -> None:
    bench = Bench()
    bench.do("cover", open=True, after_mm=62)
    broken = await bench.print_job("job-1")
    bench.do("cover", open=False)

    other = SLIP.model_copy(update={"number": "K002", "english": ""})
    result = await bench.driver.print_ticket("job-2", other, eject_first=True)

    assert (broken.outcome, broken.started) == (PrintOutcome.FAILED, True)
    assert result.outcome is PrintOutcome.PRINTED
    bench.tickets()
    mine = [ticket.text for ticket in bench.sim.tickets if "K002" in ticket.text]
    assert len(mine) == 1
    assert SLIP.number not in mine[0]
    assert "张*" not in mine[0]


async def test_paper_that_ends_with_the_ticket_leaves_it_to_people_to_look() -> None:
    bench = Bench(proof="process-id")

    def ends_with_the_proof(data: bytes) -> list[bytes]:
        if data.startswith(b"\x37\x22"):
            bench.do("paper", state="out")
        return [data]

    wire = MemoryWire(bench.sim, to_host=ends_with_the_proof)
    driver = EscPosPrinter("printer-1", wire, EscPosSettings(proof="process-id"))

    result = await driver.print_ticket("job-1", SLIP)

    assert (result.outcome, result.reason, result.paper) == (PrintOutcome.UNKNOWN, "paper-out", Paper.OUT)


async def test_a_printer_that_falls_silent_right_after_its_proof_leaves_it_to_people_to_look() -> None:
    bench = Bench(proof="process-id")

    def dies_with_the_proof(data: bytes) -> list[bytes]:
        if data.startswith(b"\x37\x22"):
            bench.sim.do("cut-power", {}, wire.now_s())
        return [data]

    wire = MemoryWire(bench.sim, to_host=dies_with_the_proof)
    driver = EscPosPrinter("printer-1", wire, EscPosSettings(proof="process-id"))

    result = await driver.print_ticket("job-1", SLIP)

    assert (result.outcome, result.reason) == (PrintOutcome.UNKNOWN, "no-answer")


async def test_a_failed_ticket_does_not_come_out_later_when_paper_is_put_in() -> None:
    bench = Bench()
    bench.do("paper", state="out", after_mm=60)
    await bench.print_job()

    bench.do("paper", state="full")

    assert bench.tickets() == 0


async def test_a_site_may_want_the_rest_to_come_out_later() -> None:
    bench = Bench(clear_after_failure=False)
    bench.do("paper", state="out", after_mm=60)
    await bench.print_job()

    bench.do("paper", state="full")

    assert bench.tickets() == 1


async def test_the_same_job_is_printed_once_and_answered_the_same() -> None:
    bench = Bench()

    first, second = await bench.print_job(), await bench.print_job()

    assert first == second
    assert bench.tickets() == 1


async def test_a_failed_job_may_be_tried_again() -> None:
    bench = Bench()
    bench.do("paper", state="out")
    failed = await bench.print_job()
    bench.do("paper", state="full")

    again = await bench.print_job()

    assert (failed.outcome, again.outcome) == (PrintOutcome.FAILED, PrintOutcome.PRINTED)
    assert bench.tickets() == 1


@pytest.mark.parametrize("cut_off", [escpos.qr(b"a" * 200)[:60], b"\x1bD", b"\x1d"])
async def test_a_command_that_a_dead_host_left_unfinished_does_not_swallow_the_next_ticket(
    cut_off: bytes,
) -> None:
    bench = Bench()
    await bench.wire.write(cut_off)

    result = await bench.print_job()

    assert (result.outcome, result.proof) == (PrintOutcome.PRINTED, Proof.PROCESS_ID)
    assert SLIP.hall in bench.sim.tickets[-1].text


@pytest.mark.parametrize(
    "cut_off", [escpos.qr(b"a" * 200)[:60], b"\x1bD", escpos.raster(bytes(escpos.BAND_BYTES), 64)[:20]]
)
async def test_what_is_cut_off_first_takes_an_unfinished_command_with_it(cut_off: bytes) -> None:
    bench = Bench(proof="process-id")  # a printer that is not asked what it knows
    await bench.wire.write(cut_off)

    result = await bench.driver.print_ticket("job-1", SLIP, eject_first=True)

    assert result.outcome is PrintOutcome.PRINTED
    assert SLIP.hall in bench.sim.tickets[-1].text
    assert SLIP.number in bench.sim.tickets[-1].text


async def test_a_job_of_unknown_outcome_is_not_printed_again() -> None:
    bench = Bench(MUTE_CLONE)

    first, second = await bench.print_job(), await bench.print_job()

    assert first == second
    assert bench.tickets() == 1


async def test_a_late_proof_of_an_earlier_job_proves_nothing() -> None:
    bench = Bench(proof="process-id", clear_after_failure=False)
    bench.do("paper", state="out", after_mm=60)
    await bench.print_job("job-1")
    bench.do("paper", state="full")
    bench.do("cut-power", after_mm=180)  # job-1's rest comes out and is proved; job-2 does not finish

    result = await bench.print_job("job-2")

    assert len(bench.sim.tickets) == 1
    assert result.outcome is PrintOutcome.UNKNOWN


@pytest.mark.parametrize("proof, knobs", [("process-id", CLONE), ("buffer-drained", {})])
async def test_a_proof_that_was_set_is_the_only_one_used(proof: str, knobs: dict[str, Any]) -> None:
    bench = Bench(knobs, proof=proof)

    result = await bench.print_job()

    if proof == "process-id":
        assert result.outcome is PrintOutcome.UNKNOWN
        assert escpos.ASK_PAPER not in bench.wire.sent
    else:
        assert result.proof is Proof.BUFFER_DRAINED
        assert escpos.process_id("T!!!")[:3] not in bench.wire.sent


async def test_a_wire_that_is_gone_beforehand_raises_and_nothing_is_remembered() -> None:
    bench = Bench()
    bench.wire.close()

    with pytest.raises(WireClosed):
        await bench.print_job()


async def test_a_wire_that_goes_while_the_ticket_is_out_there_leaves_the_job_unknown() -> None:
    bench = Bench()

    def unplug(data: bytes) -> list[bytes]:
        if b"A001" in data:
            wire.close()
        return [data]

    wire = MemoryWire(bench.sim, to_machine=unplug)
    driver = EscPosPrinter("printer-1", wire, EscPosSettings(proof="process-id"))

    result = await driver.print_ticket("job-1", SLIP)

    assert (result.outcome, result.reason) == (PrintOutcome.UNKNOWN, "no-answer")


async def test_a_silent_printer_is_reported_by_status_and_probe() -> None:
    bench = Bench()
    bench.do("cut-power")

    with pytest.raises(WireTimeout):
        await bench.driver.status()
    with pytest.raises(WireTimeout):
        await bench.driver.probe()


async def test_a_probe_tells_a_broken_printer_from_an_empty_one() -> None:
    empty, broken = Bench(), Bench()
    empty.do("paper", state="out")
    broken.do("jam", part="unrecoverable")

    await empty.driver.probe()
    with pytest.raises(DeviceFault, match="fault"):
        await broken.driver.probe()


@given(st.sampled_from(sorted(MANGLERS)), st.integers(0, 10_000), st.sampled_from([{}, CLONE]), st.booleans())
@settings(max_examples=120, deadline=None)
async def test_on_a_bad_line_nothing_that_hangs_is_called_printed(
    fault: str, seed: int, knobs: dict[str, Any], hangs: bool
) -> None:
    bench = Bench(knobs)
    wire = MemoryWire(bench.sim, to_host=MANGLERS[fault](seed))
    driver = EscPosPrinter("printer-1", wire, EscPosSettings())
    if hangs:
        bench.do("cut-power", after_mm=100)

    result = await driver.print_ticket("job-1", SLIP)

    assert not (result.outcome is PrintOutcome.PRINTED and not bench.sim.tickets)


async def test_a_ticket_is_at_most_one_and_a_half_kilobytes_on_the_wire() -> None:
    bench = Bench()

    await bench.print_job()

    assert len(bench.wire.sent) <= 1536


def test_the_declaration_names_what_the_agent_needs() -> None:
    assert (SPEC.name, SPEC.kind, SPEC.wire, SPEC.baud) == ("printer-escpos", "printer", "bytes", 115200)
    assert SPEC.settings.model_validate({}) == EscPosSettings()
