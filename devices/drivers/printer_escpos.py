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

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import escpos
from devices.codecs.escpos_replies import PaperStatus, ProcessId, RealTimeStatus, Reply, ReplyDemultiplexer
from devices.codecs.escpos_status import Condition, judge
from devices.codecs.escpos_ticket import height_dots, ticket_bytes
from devices.codecs.ticket_layout import NARROW, WIDE, lay_out
from devices.contracts.health import Paper
from devices.contracts.printer import PrintOutcome, PrintResult, Proof, TicketSlip
from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.kinds import PrinterStatus
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, read_until

JOBS_REMEMBERED = 200
DRAIN_READS = 64
PROBE_TRIES = 2
FILLING = bytes(512)  # NUL does nothing by itself; no command that we send is longer
PROBE_S = 0.5
DRAIN_PROOFS = 2
PAPER_ANSWERS = (0x00, 0x03, 0x0C, 0x0F)  # both near-end sensors, both end sensors: they go in pairs
LOOK_S = 2.5  # without proof for so long, ask whether the printer has stopped
DOTS_PER_MM = 8
SILENT = Condition(Paper.UNKNOWN, "no-answer")


class EscPosSettings(BaseModel):
    """The `[device.settings]` table of a printer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paper: Literal["80mm", "58mm"] = Field(
        default="80mm", description="80mm: 48 columns, 576 dots; 58mm: 32 columns, 384 dots"
    )
    codepage: escpos.Codepage = Field(
        default="gbk", description="gb18030 only if the printer's font has all of it"
    )
    proof: Literal["auto", "process-id", "buffer-drained"] = Field(
        default="auto", description="what counts as proof of print; auto asks the printer once"
    )
    cut: Literal["partial", "full", "none"] = "partial"
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


@dataclass(frozen=True, slots=True)
class _Proved:
    proof: Proof
    paper_out: bool = False


class EscPosPrinter:
    """A printer on a wire.  A job id is printed once; only a FAILED job may be tried again."""

    def __init__(self, device_id: str, wire: ByteStream, settings: EscPosSettings) -> None:
        self._device_id = device_id
        self._wire = wire
        self._settings = settings
        self._replies = ReplyDemultiplexer()
        self._knows_process_id: bool | None = {"auto": None, "process-id": True}.get(settings.proof, False)
        self._outcomes: OrderedDict[str, PrintResult] = OrderedDict()
        self._last_id: int | None = None
        self._finished_ids: deque[str] = deque(maxlen=8)
        self._paper_answers: deque[PaperStatus] = deque(maxlen=DRAIN_PROOFS)
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """Ask the status; no paper or an open cover is no fault.  Raises WireTimeout, DeviceFault."""
        if (await self._ask_condition()).reason == "printer-fault":
            raise DeviceFault("printer-fault", f"printer {self._device_id} reports a fault")

    async def status(self) -> PrinterStatus:
        """Return what the printer says of itself now.  Raises WireTimeout when it says nothing."""
        condition = await self._ask_condition()
        return PrinterStatus(not condition.reason, condition.paper, condition.reason)

    async def print_ticket(
        self, job_id: str, slip: TicketSlip, masked_name: str = "", *, eject_first: bool = False
    ) -> PrintResult:
        """Print `slip` unless this job was printed already; say what became of it.

        `eject_first`: what a broken job left is cut off first; the caller knows, for he outlives connections.
        Raises WireClosed only when the wire was gone before anything was sent.
        """
        if job_id in self._outcomes:
            return self._outcomes[job_id]
        result = await self._print(job_id, slip, masked_name, eject_first)
        if result.outcome is not PrintOutcome.FAILED:
            self._outcomes[job_id] = result
            if len(self._outcomes) > JOBS_REMEMBERED:
                self._outcomes.popitem(last=False)
        return result

    async def _print(self, job_id: str, slip: TicketSlip, masked_name: str, eject_first: bool) -> PrintResult:
        try:
            before = await self._ask_condition()
            if not before.reason and self._knows_process_id is None:
                await self._find_out_process_id()
        except WireTimeout:
            before = SILENT
        if before.reason:
            return PrintResult(
                job_id=job_id, outcome=PrintOutcome.FAILED, reason=before.reason, paper=before.paper
            )
        try:
            return await self._send_and_prove(job_id, slip, masked_name, eject_first)
        except WireClosed:
            return PrintResult(job_id=job_id, outcome=PrintOutcome.UNKNOWN, reason="no-answer", started=True)

    async def _send_and_prove(
        self, job_id: str, slip: TicketSlip, masked_name: str, eject_first: bool
    ) -> PrintResult:
        """Send the ticket and judge what came of it.  Raises WireClosed."""
        settings = self._settings
        paper = WIDE if settings.paper == "80mm" else NARROW
        lines = lay_out(slip, masked_name, paper, codepage=settings.codepage, module=settings.qr_module_dots)
        ticket = ticket_bytes(lines, paper.columns, codepage=settings.codepage, cut=settings.cut)
        if eject_first:
            ticket = escpos.INIT + escpos.cut(settings.cut) + ticket
        started_s = self._wire.now_s()
        if self._knows_process_id:
            proved = await self._prove_finished(ticket)
        else:
            proved = await self._prove_drained(ticket)
            paper_s = height_dots(lines) / DOTS_PER_MM / settings.print_mm_s
            await self._let_pass(started_s + paper_s if proved.proof is not Proof.NONE else 0.0)
        return await self._judge(job_id, proved)

    async def _judge(self, job_id: str, proved: _Proved) -> PrintResult:
        """PRINTED needs proof and paper afterwards; a job known to hang is FAILED and taken back."""
        after = await self._condition_or_silence()
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
            await self._wire.write(escpos.CLEAR_BUFFERS)
        outcome = PrintOutcome.FAILED if hangs else PrintOutcome.UNKNOWN
        return result.model_copy(update={"outcome": outcome, "reason": reason})

    # --- proof --------------------------------------------------------------------------------------

    async def _prove_finished(self, ticket: bytes) -> _Proved:
        """Send, and wait for this job's own id: a late one of an earlier job proves nothing."""
        mine = self._take_id()
        await self._wire.write(ticket + escpos.process_id(mine))
        return await self._wait_for(lambda: _Proved(Proof.PROCESS_ID) if mine in self._finished_ids else None)

    async def _prove_drained(self, ticket: bytes) -> _Proved:
        """Send, and wait for two answers alike: one byte alone could be noise."""
        await self._drain()
        self._paper_answers.clear()

        def answered() -> _Proved | None:
            answers = self._paper_answers
            alike = len(answers) == DRAIN_PROOFS and len(set(answers)) == 1
            return _Proved(Proof.BUFFER_DRAINED, answers[-1].out) if alike else None

        await self._wire.write(ticket + escpos.ASK_PAPER * DRAIN_PROOFS)
        return await self._wait_for(answered)

    async def _wait_for(self, proof: Callable[[], _Proved | None]) -> _Proved:
        """Read until `proof` has come, the time is over, or the printer stopped (or fell silent)."""
        deadline_s = self._wire.now_s() + self._settings.proof_timeout_s
        while proof() is None and self._wire.now_s() < deadline_s:
            try:
                await self._read(min(deadline_s, self._wire.now_s() + LOOK_S))
            except WireTimeout:
                if (await self._condition_or_silence()).reason:
                    break
        return proof() or _Proved(Proof.NONE)

    async def _condition_or_silence(self) -> Condition:
        try:
            return await self._ask_condition()
        except WireTimeout:
            return SILENT

    async def _find_out_process_id(self) -> None:
        """Ask an idle printer for a process id and, behind it, for its paper.  Raises WireClosed.

        A printer that knows GS ( H answers both, the id first; one that answers only the second lacks it.
        One that answers neither may still wait for the rest of a command that was cut off: it is filled up
        and asked again.  Silent then, it stays unknown: its jobs go with GS r and may end UNKNOWN.
        """
        lacking = 0
        for _ in range(PROBE_TRIES):
            mine = self._take_id()
            await self._drain()
            self._paper_answers.clear()
            await self._wire.write(escpos.INIT + escpos.process_id(mine) + escpos.ASK_PAPER)
            await self._let_pass(self._wire.now_s() + PROBE_S, lambda: mine in self._finished_ids)  # noqa: B023
            if mine in self._finished_ids:
                self._knows_process_id = True
                return
            if not self._paper_answers:
                await self._wire.write(escpos.CLEAR_BUFFERS + FILLING)
            lacking += bool(self._paper_answers)
        if lacking == PROBE_TRIES:
            self._knows_process_id = False

    def _take_id(self) -> str:
        """Return the next id; where they start tells this driver's from an earlier one's late answers."""
        last = int(self._wire.now_s() * 1000) if self._last_id is None else self._last_id
        self._last_id = last + 1
        return escpos.process_name(self._last_id)

    # --- asking -------------------------------------------------------------------------------------

    async def _ask_condition(self) -> Condition:
        """Ask DLE EOT 1-4, one at a time.  Raises WireTimeout, WireClosed."""
        for _ in range(self._settings.status_tries):
            answers: list[int] = []
            for which in (1, 2, 3, 4):
                answer = await self._ask_status(which)
                if answer is None:
                    break
                answers.append(answer)
            else:
                return judge(*answers)
        raise WireTimeout(f"printer {self._device_id} does not answer a status query")

    async def _ask_status(self, which: int) -> int | None:
        """Return one answer; None when none came, or two at once: then nobody knows which is right."""
        await self._drain()
        await self._wire.write(escpos.ask_status(which))
        deadline_s = self._wire.now_s() + self._settings.status_timeout_s
        while True:
            try:
                replies = await self._read(deadline_s)
            except WireTimeout:
                return None
            found = [reply.value for reply in replies if isinstance(reply, RealTimeStatus)]
            if found:
                return found[0] if len(found) == 1 else None

    async def _read(self, deadline_s: float) -> list[Reply]:
        """Read once; what proves something is kept whoever was waiting for what.  Raises WireTimeout."""
        replies = self._replies.feed(await read_until(self._wire, deadline_s))
        self.discarded_bytes = self._replies.discarded
        for reply in replies:
            if isinstance(reply, ProcessId):
                self._finished_ids.append(reply.job)
            elif isinstance(reply, PaperStatus) and reply.value in PAPER_ANSWERS:
                self._paper_answers.append(reply)
        return replies

    async def _drain(self) -> None:
        """Take in what came unasked, so that an old answer is not taken for a new one."""
        await self._let_pass(self._wire.now_s())
        self._replies.forget()

    async def _let_pass(self, until_s: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Read until then or `enough`; something that never stops talking is left after a while."""
        for _ in range(DRAIN_READS):
            try:
                await self._read(until_s)
            except WireTimeout:
                return
            if enough():
                return


SPEC = DriverSpec(
    name="printer-escpos",
    kind="printer",
    wire="bytes",
    settings=EscPosSettings,
    build=EscPosPrinter,
    doc="docs/devices/printer-escpos.md",
    baud=115200,
)
