"""Any A4 printer that CUPS knows: documents in, and what became of them in our words.

One document::

    find a job of this name      printed before, perhaps before a power cut? then only its end is told
    the queue's state            refuse with a reason when it cannot print
    submit                       the name is the job id; never a person's
    the job's state, until       completed │ aborted │ cancelled │ the time is over: then it is taken back

CUPS calls a job completed when its back-end has: the printer has said so (IPP) or has taken all bytes
(socket, USB).  Source: RFC 8011; the CUPS manual (`cupsd.conf`, PreserveJobHistory).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.print_states import JobState, QueueCondition, judge_queue
from devices.contracts.printer import DocumentResult, PrintDocument, PrintOutcome
from devices.errors import DeviceError, DeviceFault
from devices.kinds import PrinterStatus
from devices.spec import DriverSpec
from devices.transports.spooler import Spooler, SpoolJob

_SIDES = {
    "one-sided": "one-sided",
    "long-edge": "two-sided-long-edge",
    "short-edge": "two-sided-short-edge",
}
_FILE_FAULTS = ("no-document", "document-type")


class CupsSettings(BaseModel):
    """The `[device.settings]` table of an A4 printer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str = Field(
        pattern=r"^/",
        description="where the terminal's programs leave documents; only files in it are printed",
    )
    duplex: bool = Field(default=True, description="the printer can turn paper; without it all is one-sided")
    colour: Literal["auto", "monochrome"] = "monochrome"
    remove_printed: bool = Field(default=True, description="remove a document once it was printed")
    timeout_s: float = Field(
        default=120.0, gt=0, le=3600, description="from handing in to the last page; then it is taken back"
    )
    poll_s: float = Field(default=0.5, gt=0, le=10, description="how often a job's state is asked")


class CupsPrinter:
    """A queue of CUPS.  A job id is handed in once, whatever happens; asked again, its end is told."""

    discarded_bytes = 0

    def __init__(self, device_id: str, spooler: Spooler, settings: CupsSettings) -> None:
        self._device_id = device_id
        self._spooler = spooler
        self._settings = settings

    async def probe(self) -> None:
        """Ask the queue; no paper is no fault.  Raises WireTimeout, WireClosed, DeviceFault."""
        if (await self._condition()).reason == "printer-fault":
            raise DeviceFault("printer-fault", f"printer {self._device_id} reports a fault")

    async def status(self) -> PrinterStatus:
        """Return what the queue says of itself now."""
        condition = await self._condition()
        return PrinterStatus(not condition.reason, condition.paper, condition.reason)

    async def print_document(self, order: PrintDocument) -> DocumentResult:
        """Print unless this job was handed in before; say what became of it.

        Raises only when the print system was gone before anything was handed in.
        """
        name = f"tingtong {order.job_id}"
        job = await self._spooler.find(name)
        if job is None:
            condition = await self._condition()
            if condition.reason:
                return self._failed(order, condition.reason, condition)
            try:
                number = await self._spooler.submit(name, self._path(order), self._options(order))
            except DeviceFault as fault:
                reason = fault.code if fault.code in _FILE_FAULTS else "printer-fault"
                return self._failed(order, reason, condition)
            except DeviceError:
                return self._unknown(
                    order
                )  # it may have been handed in: the next order of this job finds out
            job = SpoolJob(number, JobState.PENDING)
        try:
            return await self._follow(order, job)
        except DeviceError:
            return self._unknown(order)

    def document_path(self, order: PrintDocument) -> str | None:
        """Return the file that may go once `order` was printed; None when the site keeps documents."""
        return self._path(order) if self._settings.remove_printed else None

    async def _follow(self, order: PrintDocument, job: SpoolJob) -> DocumentResult:
        """Wait for the job's end, or take it back when the time is over."""
        spooler, settings = self._spooler, self._settings
        deadline_s = spooler.now_s() + settings.timeout_s
        while not JobState(job.state).is_final and spooler.now_s() < deadline_s:
            await spooler.pause(settings.poll_s)
            job = await spooler.job(job.number)
        condition = await self._condition()
        if JobState(job.state).is_final:
            return self._judge(order, job, condition)
        at_work = job.state == JobState.PROCESSING
        await spooler.cancel(job.number)
        job = await spooler.job(job.number)
        if job.state == JobState.COMPLETED:  # while we made up our mind
            return self._judge(order, job, condition)
        known = condition.reason or ("" if at_work else "no-answer")
        outcome = PrintOutcome.FAILED if known else PrintOutcome.UNKNOWN
        return self._result(order, outcome, known or "no-answer", condition, job, started=at_work)

    def _judge(self, order: PrintDocument, job: SpoolJob, condition: QueueCondition) -> DocumentResult:
        if job.state == JobState.COMPLETED:
            return self._result(order, PrintOutcome.PRINTED, "", condition, job, started=True)
        cancelled = job.state == JobState.CANCELLED
        reason = "cancelled" if cancelled else condition.reason or "printer-fault"
        return self._result(order, PrintOutcome.FAILED, reason, condition, job, started=True)

    def _result(
        self,
        order: PrintDocument,
        outcome: PrintOutcome,
        reason: str,
        condition: QueueCondition,
        job: SpoolJob,
        *,
        started: bool,
    ) -> DocumentResult:
        return DocumentResult(
            job_id=order.job_id,
            outcome=outcome,
            reason=reason,
            started=started,
            pages=max(0, job.pages),
            paper=condition.paper,
        )

    def _failed(self, order: PrintDocument, reason: str, condition: QueueCondition) -> DocumentResult:
        return self._result(order, PrintOutcome.FAILED, reason, condition, SpoolJob(0, 0), started=False)

    def _unknown(self, order: PrintDocument) -> DocumentResult:
        return DocumentResult(
            job_id=order.job_id, outcome=PrintOutcome.UNKNOWN, reason="no-answer", started=True
        )

    async def _condition(self) -> QueueCondition:
        queue = await self._spooler.queue()
        return judge_queue(queue.state, queue.reasons, accepting=queue.accepting)

    def _path(self, order: PrintDocument) -> str:
        return f"{self._settings.folder.rstrip('/')}/{order.document}"

    def _options(self, order: PrintDocument) -> dict[str, str]:
        duplex = order.duplex if self._settings.duplex else "one-sided"
        return {
            "copies": str(order.copies),
            "sides": _SIDES[duplex],
            "media": order.media,
            "print-color-mode": self._settings.colour,
            "fit-to-page": "true",
        }


SPEC = DriverSpec(
    name="printer-cups",
    kind="document-printer",
    wire="spool",
    settings=CupsSettings,
    build=CupsPrinter,
    doc="docs/devices/printer-cups.md",
    places=("cups",),
    level="silver",
    source="tried against a real CUPS; no printer seen yet",
)
