"""Documents on a print system that obeys the test: handed in once, judged honestly.  Real: tests/process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.agent.app import BadDevice, check_device
from devices.agent.settings import DeviceSettings
from devices.codecs.print_states import JobState, QueueState, judge_queue
from devices.contracts.base import Scope
from devices.contracts.health import Paper
from devices.contracts.printer import DocumentResult, PrintDocument, PrintOutcome
from devices.drivers.printer_cups import CupsPrinter, CupsSettings
from devices.errors import WireClosed
from devices.transports.memory_spooler import MemorySpooler

ORDER = PrintDocument(job_id="case-1", document="form.pdf", copies=2, duplex="short-edge")


def printer(spooler: MemorySpooler, **settings: object) -> CupsPrinter:
    made = CupsSettings.model_validate({"folder": "/var/documents/", **settings})
    return CupsPrinter("a4-1", spooler, made)


@pytest.mark.parametrize(
    ("reasons", "reason", "paper"),
    [
        (("none",), "", Paper.UNKNOWN),
        (("media-low-warning",), "", Paper.LOW),
        (("media-empty-warning",), "", Paper.LOW),  # another tray has some
        (("media-empty-error",), "paper-out", Paper.OUT),
        (("media-needed",), "paper-out", Paper.OUT),
        (("media-jam-error", "media-empty-error"), "paper-jam", Paper.JAMMED),
        (("cover-open", "media-empty-error"), "cover-open", Paper.OUT),
        (("toner-low-report",), "", Paper.UNKNOWN),
        (("marker-supply-empty-error",), "toner-empty", Paper.UNKNOWN),
        (("output-area-full-error",), "output-full", Paper.UNKNOWN),
        (("connecting-to-device",), "", Paper.UNKNOWN),
        (("offline-report",), "", Paper.UNKNOWN),
        (("offline",), "offline", Paper.UNKNOWN),
        (("cups-missing-filter",), "printer-fault", Paper.UNKNOWN),
        (("paused",), "paused", Paper.UNKNOWN),
    ],
)
def test_a_busy_queues_reasons_are_told_in_our_words(
    reasons: tuple[str, ...], reason: str, paper: Paper
) -> None:
    condition = judge_queue(QueueState.PROCESSING, reasons)

    assert (condition.reason, condition.paper) == (reason, paper)


def test_an_idle_queue_can_print_whatever_the_last_job_met() -> None:
    assert judge_queue(QueueState.IDLE, ("media-empty-error",)).reason == ""
    assert judge_queue(QueueState.IDLE, (), accepting=False).reason == "paused"


@given(st.lists(st.text(max_size=20), max_size=5), st.integers(0, 10), st.booleans())
def test_a_queue_that_is_neither_idle_nor_at_work_never_counts_as_ready(
    reasons: list[str], state: int, accepting: bool
) -> None:
    condition = judge_queue(state, reasons, accepting=accepting)

    if state not in (QueueState.IDLE, QueueState.PROCESSING) or not accepting:
        assert condition.reason


async def test_an_order_becomes_a_job_named_by_its_id_with_what_it_wants() -> None:
    spooler = MemorySpooler()

    result = await printer(spooler).print_document(ORDER)

    [job] = spooler.jobs.values()
    assert (job.name, job.path) == ("tingtong case-1", "/var/documents/form.pdf")
    assert (job.options["copies"], job.options["sides"]) == ("2", "two-sided-short-edge")
    assert result == DocumentResult(
        job_id="case-1", outcome=PrintOutcome.PRINTED, started=True, pages=2, paper=Paper.UNKNOWN
    )


async def test_a_printer_that_cannot_turn_paper_is_not_asked_to() -> None:
    spooler = MemorySpooler()

    await printer(spooler, duplex=False).print_document(ORDER)

    assert spooler.jobs[1].options["sides"] == "one-sided"


async def test_a_job_whose_number_was_lost_is_found_again_and_not_handed_in_twice() -> None:
    spooler = MemorySpooler(loses_answer=True)

    first = await printer(spooler).print_document(ORDER)
    second = await printer(spooler).print_document(ORDER)

    assert (first.outcome, second.outcome) == (PrintOutcome.UNKNOWN, PrintOutcome.PRINTED)
    assert len(spooler.jobs) == 1


@given(st.integers(0, 30), st.sampled_from(["gone", "hangs"]))
async def test_a_print_system_lost_at_any_moment_never_prints_a_job_twice(beat: int, fault: str) -> None:
    beats = 0

    def lose(it: MemorySpooler) -> None:
        nonlocal beats
        beats += 1
        setattr(it, fault, beats == beat)

    spooler = MemorySpooler(on_pause=lose)
    first = await printer(spooler, poll_s=0.1).print_document(ORDER)
    setattr(spooler, fault, False)
    second = await printer(spooler, poll_s=0.1).print_document(ORDER)

    assert second.outcome is PrintOutcome.PRINTED
    assert first.outcome in (PrintOutcome.PRINTED, PrintOutcome.UNKNOWN)
    assert len(spooler.jobs) == 1


async def test_a_job_that_people_cancel_is_told_as_cancelled() -> None:
    def cancel(it: MemorySpooler) -> None:
        it.jobs[1].state = JobState.CANCELLED

    result = await printer(MemorySpooler(on_pause=cancel)).print_document(ORDER)

    assert (result.outcome, result.reason) == (PrintOutcome.FAILED, "cancelled")


async def test_a_job_that_waits_behind_others_for_too_long_is_taken_back_unprinted() -> None:
    def stop(it: MemorySpooler) -> None:
        it.state = QueueState.STOPPED

    spooler = MemorySpooler(on_pause=stop)
    result = await printer(spooler, timeout_s=5).print_document(ORDER)

    assert (result.outcome, result.reason, result.started) == (PrintOutcome.FAILED, "paused", False)
    assert spooler.jobs[1].state is JobState.CANCELLED


async def test_nothing_is_handed_in_when_the_print_system_is_gone() -> None:
    with pytest.raises(WireClosed):
        await printer(MemorySpooler(gone=True)).print_document(ORDER)


@pytest.mark.parametrize("name", ["../shadow", "/etc/shadow", ".hidden", "a/b.pdf", "", "a\n.pdf"])
def test_a_document_is_a_plain_name_and_cannot_lead_out_of_its_folder(name: str) -> None:
    with pytest.raises(ValidationError):
        PrintDocument(job_id="j", document=name)


def test_documents_never_leave_the_terminal_nor_show_in_a_log() -> None:
    assert PrintDocument.scope is Scope.LOCAL
    assert PrintDocument.personal_data
    assert "form" not in repr(ORDER)


@pytest.mark.parametrize(
    ("driver", "wire", "good"),
    [
        ("printer-cups", "cups:A4-1", True),
        ("printer-cups", "cups:A4-1?server=/run/cups/cups.sock", True),
        ("printer-cups", "tcp://192.0.2.1:9100", False),
        ("printer-escpos", "cups:A4-1", False),
        ("printer-escpos", "usblp:/dev/usb/lp0", True),
        ("idreader-samv", "usblp:/dev/usb/lp0", False),
    ],
)
def test_a_machine_on_a_wire_that_it_cannot_have_is_an_error_of_the_settings(
    driver: str, wire: str, good: bool
) -> None:
    settings = {"folder": "/var/documents"} if driver == "printer-cups" else {}
    device = DeviceSettings(id="m-1", driver=driver, wire=wire, settings=settings)

    if good:
        check_device(device)
    else:
        with pytest.raises(BadDevice, match="needs"):
            check_device(device)
