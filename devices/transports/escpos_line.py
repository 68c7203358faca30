"""A wire with an ESC/POS printer on it: questions one at a time, answers sorted.

A DLE EOT answer does not say which question it answers, proofs come whenever they come, and noise looks like
either.  So nothing is asked before what came unasked was taken in, and what proves something is kept,
whoever was waiting for what.  Does no I/O of its own: it reads and writes the wire that it is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from devices.codecs import escpos
from devices.codecs.escpos_replies import (
    Block,
    PaperStatus,
    ProcessId,
    RealTimeStatus,
    Reply,
    ReplyDemultiplexer,
)
from devices.codecs.escpos_status import Condition, judge
from devices.contracts.health import Paper
from devices.errors import WireTimeout
from devices.transports.base import ByteStream, read_until

DRAIN_READS = 64
PROBE_TRIES = 2
PROBE_S = 0.5
DRAIN_PROOFS = 2
PAPER_ANSWERS = (0x00, 0x03, 0x0C, 0x0F)  # both near-end sensors, both end sensors: they go in pairs
IDENTITY_BLOCK = 0x5F
SILENT = Condition(Paper.UNKNOWN, "no-answer")


class PrinterLine:
    """One connection to one printer.  `status_tries` questions are asked before it counts as silent."""

    def __init__(self, wire: ByteStream, *, status_timeout_s: float, status_tries: int) -> None:
        self._wire = wire
        self._status_timeout_s = status_timeout_s
        self._status_tries = status_tries
        self._replies = ReplyDemultiplexer()
        self._last_id: int | None = None
        self._finished_ids: deque[str] = deque(maxlen=8)
        self._paper_answers: deque[PaperStatus] = deque(maxlen=DRAIN_PROOFS)

    @property
    def discarded(self) -> int:
        """How many bytes made no sense."""
        return self._replies.discarded

    def now_s(self) -> float:
        """Return the wire's clock."""
        return self._wire.now_s()

    async def write(self, data: bytes) -> None:
        """Send.  Raises WireClosed."""
        await self._wire.write(data)

    # --- the condition ------------------------------------------------------------------------------

    async def ask_condition(self) -> Condition:
        """Ask DLE EOT 1-4, one at a time.  Raises WireTimeout, WireClosed."""
        for _ in range(self._status_tries):
            answers: list[int] = []
            for which in (1, 2, 3, 4):
                answer = await self._ask_status(which)
                if answer is None:
                    break
                answers.append(answer)
            else:
                return judge(*answers)
        raise WireTimeout("the printer does not answer a status query")

    async def condition_or_silence(self) -> Condition:
        """Like ask_condition, but silence is an answer too.  Raises WireClosed."""
        try:
            return await self.ask_condition()
        except WireTimeout:
            return SILENT

    async def ask_identity(self, which: int) -> str:
        """Ask GS I: what the printer calls itself, empty when it does not say.  Clones copy others."""
        await self.drain()
        await self._wire.write(escpos.ask_identity(which))
        deadline_s = self.now_s() + self._status_timeout_s
        while True:
            try:
                replies = await self.read(deadline_s)
            except WireTimeout:
                return ""
            for reply in replies:
                if isinstance(reply, Block) and reply.kind == IDENTITY_BLOCK:
                    return reply.body.decode("ascii", "replace")

    async def _ask_status(self, which: int) -> int | None:
        """Return one answer; None when none came, or two at once: then nobody knows which is right."""
        await self.drain()
        await self._wire.write(escpos.ask_status(which))
        deadline_s = self.now_s() + self._status_timeout_s
        while True:
            try:
                replies = await self.read(deadline_s)
            except WireTimeout:
                return None
            found = [reply.value for reply in replies if isinstance(reply, RealTimeStatus)]
            if found:
                return found[0] if len(found) == 1 else None

    # --- proofs -------------------------------------------------------------------------------------

    def take_id(self) -> str:
        """Return the next process id; they start anew with each line, unlike those of an earlier one."""
        last = int(self.now_s() * 1000) if self._last_id is None else self._last_id  # late answers differ
        self._last_id = last + 1
        return escpos.process_name(self._last_id)

    def has_finished(self, ident: str) -> bool:
        """Say whether the printer has sent this process id back."""
        return ident in self._finished_ids

    def forget_paper_answers(self) -> None:
        """From now on only new GS r answers count."""
        self._paper_answers.clear()

    @property
    def drained(self) -> PaperStatus | None:
        """Two GS r answers alike, the newest of them: one byte alone could be noise."""
        answers = self._paper_answers
        alike = len(answers) == DRAIN_PROOFS and len(set(answers)) == 1
        return answers[-1] if alike else None

    async def knows_process_id(self) -> bool | None:
        """Ask an idle printer for a process id and, behind it, for its paper.  Raises WireClosed.

        A printer that knows GS ( H answers both, the id first; one that answers only the second lacks it.
        One that answers neither may still wait for the rest of a command that was cut off: it is filled up
        and asked again.  Silent then, it stays unknown (None).
        """
        lacking = 0
        for _ in range(PROBE_TRIES):
            mine = self.take_id()
            await self.drain()
            self.forget_paper_answers()
            await self._wire.write(escpos.INIT + escpos.process_id(mine) + escpos.ASK_PAPER)
            await self.let_pass(self.now_s() + PROBE_S, lambda: self.has_finished(mine))  # noqa: B023
            if self.has_finished(mine):
                return True
            if not self._paper_answers:
                await self._wire.write(escpos.CLEAR_BUFFERS + escpos.FILLING)
            lacking += bool(self._paper_answers)
        return False if lacking == PROBE_TRIES else None

    async def answers_paper_query(self) -> bool:
        """Say whether an idle printer answers GS r, twice and alike.  Raises WireClosed."""
        await self.drain()
        self.forget_paper_answers()
        await self._wire.write(escpos.ASK_PAPER * DRAIN_PROOFS)
        await self.let_pass(self.now_s() + PROBE_S, lambda: self.drained is not None)
        return self.drained is not None

    # --- reading ------------------------------------------------------------------------------------

    async def read(self, deadline_s: float) -> list[Reply]:
        """Read once; what proves something is kept.  Raises WireTimeout, WireClosed."""
        replies = self._replies.feed(await read_until(self._wire, deadline_s))
        for reply in replies:
            if isinstance(reply, ProcessId):
                self._finished_ids.append(reply.job)
            elif isinstance(reply, PaperStatus) and reply.value in PAPER_ANSWERS:
                self._paper_answers.append(reply)
        return replies

    async def drain(self) -> None:
        """Take in what came unasked, so that an old answer is not taken for a new one."""
        await self.let_pass(self.now_s())
        self._replies.forget()

    async def let_pass(self, until_s: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Read until then or `enough`; something that never stops talking is left after a while."""
        for _ in range(DRAIN_READS):
            try:
                await self.read(until_s)
            except WireTimeout:
                return
            if enough():
                return
