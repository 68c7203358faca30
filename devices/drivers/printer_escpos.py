"""Any ESC/POS ticket printer, with proof that paper came out.

One job (protocols, section 3.4)::

    DLE EOT 1-4        refuse with a reason when it cannot print
    the ticket         text GB18030 under FS &, QR, cut
    GS ( H id          answered when printing has finished           proof `process-id`
      or GS r 1        answered when the buffer has been taken out   proof `buffer-drained`
    DLE EOT 1-4        paper out now? then it is not a printed ticket

`GS ( H` is Epson's; most clones lack it, so `proof = "auto"` asks once on an empty printer.  GS r is
answered before the paper has moved, so there the driver waits for the paper as long as its length takes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.codecs import escpos, escpos_test_page
from devices.codecs.escpos_capabilities import Capabilities, PrinterProof
from devices.codecs.escpos_status import Condition
from devices.codecs.escpos_ticket import height_dots, ticket_bytes
from devices.codecs.ticket_glyphs import draws, with_pictures
from devices.codecs.ticket_layout import NARROW, WIDE, PaperWidth, lay_out
from devices.codecs.ticket_lines import Gap, Line
from devices.codecs.ticket_logo import load_logo
from devices.contracts.health import Paper
from devices.contracts.printer import PrintOutcome, PrintResult, Proof, TicketSlip
from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.kinds import PrinterStatus
from devices.spec import DriverSpec
from devices.transports.base import ByteStream
from devices.transports.escpos_line import DRAIN_PROOFS, SILENT, PrinterLine

JOBS_REMEMBERED = 200
LOOK_S = 2.5  # without proof for so long, ask whether the printer has stopped
DOTS_PER_MM = 8
SLOWEST_LINE = 960  # bytes a second at 9600 baud: a wire takes what it has not sent yet
TEST_JOB = "test-page"


class EscPosSettings(BaseModel):
    """The `[device.settings]` table of a printer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper: Literal["80mm", "58mm"] = Field(
        default="80mm", description="80mm: 48 columns, 576 dots; 58mm: 32 columns, 384 dots"
    )
    codepage: escpos.Codepage = Field(
        default="gbk", description="which font the printer has; what it lacks is drawn as a picture"
    )
    barcode: bool = Field(default=False, description="also print the number as CODE128, for desk scanners")
    logo: str | None = Field(default=None, description="a PNG file for the head of each ticket; one colour")
    logo_mm: int = Field(default=12, ge=4, le=25, description="height of the logo")
    proof: Literal["auto", "process-id", "buffer-drained"] = Field(
        default="auto", description="what counts as proof of print; auto asks the printer once"
    )
    cut: escpos.CutMode = "partial"
    qr_module_dots: int = Field(default=6, ge=2, le=10, description="size of the QR code's modules")
    status_timeout_s: float = Field(default=1.0, gt=0, le=10, description="for one DLE EOT answer")
    status_tries: int = Field(default=3, ge=1, le=10)
    proof_timeout_s: float = Field(
        default=10.0, gt=0, le=60, description="from the last byte sent to the proof"
    )
    print_mm_s: float = Field(default=100.0, gt=0, description="slowest paper speed, for buffer-drained only")
    clear_after_failure: bool = Field(
        default=True, description="empty the printer when a job failed, so that no old half comes out later"
    )

    @model_validator(mode="after")
    def _logo_is_a_picture(self) -> Self:
        if self.logo is not None:
            load_logo(self.logo, self.logo_mm * DOTS_PER_MM, self.width.dots)
        return self

    @property
    def width(self) -> PaperWidth:
        """The paper's width."""
        return WIDE if self.paper == "80mm" else NARROW


@dataclass(frozen=True, slots=True)
class _Proved:
    proof: Proof
    paper_out: bool = False


class EscPosPrinter:
    """A printer on a wire.  A job id is printed once; only a FAILED job may be tried again."""

    def __init__(self, device_id: str, wire: ByteStream, settings: EscPosSettings) -> None:
        self._device_id = device_id
        self._settings = settings
        self._line = PrinterLine(
            wire, status_timeout_s=settings.status_timeout_s, status_tries=settings.status_tries
        )
        self._knows_process_id: bool | None = {"auto": None, "process-id": True}.get(settings.proof, False)
        self._outcomes: OrderedDict[str, PrintResult] = OrderedDict()
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """Ask the status; no paper or an open cover is no fault.  Raises WireTimeout, DeviceFault."""
        if (await self._ask_condition()).reason == "printer-fault":
            raise DeviceFault("printer-fault", f"printer {self._device_id} reports a fault")

    async def status(self) -> PrinterStatus:
        """Return what the printer says of itself now.  Raises WireTimeout when it says nothing."""
        condition = await self._ask_condition()
        return PrinterStatus(not condition.reason, condition.paper, condition.reason)

    async def _ask_condition(self) -> Condition:
        try:
            return await self._line.ask_condition()
        except WireTimeout:
            raise WireTimeout(f"printer {self._device_id} does not answer a status query") from None
        finally:
            self.discarded_bytes = self._line.discarded

    async def capabilities(self) -> Capabilities:
        """Find out, on an idle printer and without paper, what it answers.  Raises WireClosed."""
        condition = await self._line.condition_or_silence()
        if condition == SILENT:
            return Capabilities(answers_status=False)
        proof: PrinterProof = "none"
        if not condition.reason:
            if await self._line.knows_process_id():
                proof = "process-id"
            elif await self._line.answers_paper_query():
                proof = "buffer-drained"
        maker, model = [await self._line.ask_identity(which) for which in (66, 67)]
        return Capabilities(True, proof, condition.paper, condition.reason, f"{maker} {model}".strip())

    async def print_test_page(self) -> PrintResult:
        """Print a page that shows fonts, sizes and codes; see devices.codecs.escpos_test_page."""
        settings = self._settings
        page = escpos_test_page.page_bytes(settings.width, settings.cut, settings.qr_module_dots)
        return await self._print(TEST_JOB, page, escpos_test_page.HEIGHT_MM)

    async def print_ticket(
        self, job_id: str, slip: TicketSlip, masked_name: str = "", *, eject_first: bool = False
    ) -> PrintResult:
        """Print `slip` unless this job was printed already; say what became of it.

        `eject_first`: what a broken job left is cut off first; the caller knows, for he outlives connections.
        Raises WireClosed only when the wire was gone before anything was sent.
        """
        if job_id in self._outcomes:
            return self._outcomes[job_id]
        lines = self._lay_out(slip, masked_name)
        settings = self._settings
        ticket = ticket_bytes(lines, settings.width.columns, codepage=settings.codepage, cut=settings.cut)
        if eject_first:
            ticket = escpos.FILLING + escpos.INIT + escpos.cut(settings.cut) + ticket
        result = await self._print(job_id, ticket, height_dots(lines) / DOTS_PER_MM)
        if result.outcome is not PrintOutcome.FAILED:
            self._outcomes[job_id] = result
            if len(self._outcomes) > JOBS_REMEMBERED:
                self._outcomes.popitem(last=False)
        return result

    def _lay_out(self, slip: TicketSlip, masked_name: str) -> tuple[Line, ...]:
        settings = self._settings
        lines = lay_out(
            slip,
            masked_name,
            settings.width,
            codepage=settings.codepage,
            module=settings.qr_module_dots,
            draws=draws,
            barcode=settings.barcode,
        )
        if settings.logo is None:
            return with_pictures(lines, settings.codepage)
        logo = load_logo(settings.logo, settings.logo_mm * DOTS_PER_MM, settings.width.dots)
        return (logo, Gap(6), *with_pictures(lines, settings.codepage))

    async def _print(self, job_id: str, ticket: bytes, paper_mm: float) -> PrintResult:
        """Refuse what cannot be printed, else send.  Raises WireClosed before anything was sent."""
        try:
            before = await self._ask_condition()
            if not before.reason and self._knows_process_id is None:
                self._knows_process_id = await self._line.knows_process_id()
        except WireTimeout:
            before = SILENT
        if before.reason:
            return PrintResult(
                job_id=job_id, outcome=PrintOutcome.FAILED, reason=before.reason, paper=before.paper
            )
        try:
            return await self._send_and_prove(job_id, ticket, paper_mm)
        except WireClosed:
            return PrintResult(job_id=job_id, outcome=PrintOutcome.UNKNOWN, reason="no-answer", started=True)

    async def _send_and_prove(self, job_id: str, ticket: bytes, paper_mm: float) -> PrintResult:
        """Send the ticket and judge what came of it.  Raises WireClosed."""
        started_s = self._line.now_s()
        if self._knows_process_id:
            proved = await self._prove_finished(ticket)
        else:
            proved = await self._prove_drained(ticket)
            paper_s = paper_mm / self._settings.print_mm_s
            await self._line.let_pass(started_s + paper_s if proved.proof is not Proof.NONE else 0.0)
        return await self._judge(job_id, proved)

    async def _judge(self, job_id: str, proved: _Proved) -> PrintResult:
        """PRINTED needs proof and paper afterwards; a job known to hang is FAILED and taken back."""
        after = await self._line.condition_or_silence()
        out = proved.paper_out or after.paper is Paper.OUT
        finished = proved.proof is Proof.PROCESS_ID  # then the printer has said so, whatever happened next
        result = PrintResult(
            job_id=job_id,
            outcome=PrintOutcome.PRINTED,
            started=True,
            proof=proved.proof,
            paper=after.paper,
        )
        if proved.proof is not Proof.NONE and after != SILENT and not out and (finished or not after.reason):
            return result
        reason = "paper-out" if out else after.reason or "no-answer"
        hangs = not finished and reason != "no-answer"
        if hangs and self._settings.clear_after_failure:
            await self._line.write(escpos.CLEAR_BUFFERS)
        outcome = PrintOutcome.FAILED if hangs else PrintOutcome.UNKNOWN
        return result.model_copy(update={"outcome": outcome, "reason": reason})

    # --- proof --------------------------------------------------------------------------------------

    async def _prove_finished(self, ticket: bytes) -> _Proved:
        """Send, and wait for this job's own id: a late one of an earlier job proves nothing."""
        mine = self._line.take_id()
        await self._line.write(ticket + escpos.process_id(mine))
        finished = _Proved(Proof.PROCESS_ID)
        return await self._wait_for(lambda: finished if self._line.has_finished(mine) else None, len(ticket))

    async def _prove_drained(self, ticket: bytes) -> _Proved:
        """Send, and wait for two answers alike."""
        await self._line.drain()
        self._line.forget_paper_answers()

        def answered() -> _Proved | None:
            answer = self._line.drained
            return _Proved(Proof.BUFFER_DRAINED, answer.out) if answer else None

        await self._line.write(ticket + escpos.ASK_PAPER * DRAIN_PROOFS)
        return await self._wait_for(answered, len(ticket))

    async def _wait_for(self, proof: Callable[[], _Proved | None], length: int) -> _Proved:
        """Read until `proof` has come, the time is over, or the printer stopped (or fell silent).

        While `length` bytes may still be under way a question would wait behind them.
        """
        line = self._line
        carried_s = line.now_s() + length / SLOWEST_LINE
        deadline_s = carried_s + self._settings.proof_timeout_s
        while proof() is None and line.now_s() < deadline_s:
            try:
                await line.read(min(deadline_s, max(carried_s, line.now_s()) + LOOK_S))
            except WireTimeout:
                if (await line.condition_or_silence()).reason:
                    break
        return proof() or _Proved(Proof.NONE)


SPEC = DriverSpec(
    name="printer-escpos",
    kind="printer",
    wire="bytes",
    settings=EscPosSettings,
    build=EscPosPrinter,
    doc="docs/devices/printer-escpos.md",
    baud=115200,
    places=("serial", "tcp", "usblp"),
    level="silver",
    source="the makers' command lists; python-escpos agrees on codes and cut; no printer seen yet",
)
