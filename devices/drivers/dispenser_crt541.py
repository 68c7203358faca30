"""The CRT-541 card dispenser: addressed frames, and a work state instead of sensors.

The machine says once that the last dispensing succeeded; that word is the proof.  Before each DC it is asked
until it is ready, so that an older success is not taken for this one.
Source: protocols, section 6.2 (one source); page docs/devices/dispenser-crt541.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.crt541 import Answer, Command, Work, address_bytes, answer_from
from devices.codecs.stx import StxCodec
from devices.contracts.dispenser import CardOutcome, CardProof, CardResult
from devices.contracts.health import Storage
from devices.errors import DeviceFault, ProtocolError, TransportError, WireTimeout
from devices.kinds import DispenserStatus
from devices.spec import DriverSpec
from devices.transports.ack_enq import AckEnq, HandshakeTimes
from devices.transports.base import ByteStream

_PRE_DISPENSE = {"allow": Command.ALLOW_PRE_DISPENSE, "forbid": Command.FORBID_PRE_DISPENSE}
_WHY_NOT = {
    Work.DISPENSING: "busy",
    Work.PRE_DISPENSING: "busy",
    Work.ERROR: "dispense-error",
    Work.REFUSED: "refused",
}


class Crt541Settings(BaseModel):
    """The `[device.settings]` table of a CRT-541."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: int = Field(default=1, ge=0, le=15, description="the machine's address, 0 to 15")
    stacker_words: dict[str, Storage] = Field(
        default={"0": Storage.OK, "1": Storage.LOW, "2": Storage.EMPTY},
        description="what the stacker byte means; only 0 (enough) has a source",
    )
    pre_dispense: Literal["leave", "allow", "forbid"] = Field(
        default="leave", description="told once for each connection; leave: say nothing"
    )
    ack_s: float = Field(default=0.3, gt=0, le=5, description="for ACK")
    answer_s: float = Field(default=0.5, gt=0, le=5, description="for an answer after ENQ")
    tries: int = Field(default=3, ge=1, le=10, description="how often a question is asked in all")
    poll_s: float = Field(default=0.2, ge=0.2, le=2, description="between two questions; the manual: 200 ms")
    ready_s: float = Field(default=3.0, gt=0, le=30, description="until it must be ready for DC")
    start_s: float = Field(default=1.5, gt=0, le=10, description="until it must have begun to dispense")
    move_s: float = Field(default=10.0, gt=0, le=60, description="until a card must be out")


class Crt541Dispenser:
    """A CRT-541 on a wire; see devices.kinds.CardDispenser."""

    def __init__(self, device_id: str, wire: ByteStream, settings: Crt541Settings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        times = HandshakeTimes(settings.ack_s, settings.answer_s, settings.tries)
        self._line = AckEnq(wire, StxCodec(address_bytes(settings.address)), times)

    async def probe(self) -> None:
        """Ask the work state once; a fault is told by `status`.  Raises WireTimeout, ProtocolError."""
        await self._look()
        if self._settings.pre_dispense != "leave":
            await self._line.order(_PRE_DISPENSE[self._settings.pre_dispense].value)

    async def status(self) -> DispenserStatus:
        """Ask AP."""
        answer = await self._look()
        reason = _WHY_NOT.get(answer.work, "")
        empty = "cards-out" if answer.stacker is Storage.EMPTY else ""
        return DispenserStatus(reason or empty, answer.stacker)

    async def dispense(self, command_id: str) -> CardResult:
        """Let one card out; see devices.kinds.CardDispenser."""
        answer = await self._when_ready()
        empty = "cards-out" if answer.stacker is Storage.EMPTY else ""
        reason = _WHY_NOT.get(answer.work, "") or empty
        if reason or answer.work is not Work.READY:
            return self._result(command_id, CardOutcome.FAILED, answer, reason=reason or "not-ready")
        in_vain = self._line.in_vain
        ordered = False
        try:
            await self._line.order(Command.DISPENSE.value)
            ordered = True
        except (DeviceFault, WireTimeout):
            pass  # only ENQ sets it off: the machine is asked what it does
        except TransportError as error:
            return self._result(command_id, CardOutcome.UNKNOWN, None, reason=error.code)
        try:
            return await self._watch(command_id, ordered=ordered, in_vain=in_vain)
        except (WireTimeout, ProtocolError, TransportError, DeviceFault):
            return self._result(command_id, CardOutcome.UNKNOWN, None, reason="no-answer")

    async def capture(self, command_id: str) -> CardResult:
        """Say that it cannot: no source knows such a command."""
        return self._result(command_id, CardOutcome.FAILED, None, reason="not-supported")

    async def reset(self, command_id: str) -> CardResult:
        """Say that it cannot: no source knows such a command."""
        return self._result(command_id, CardOutcome.FAILED, None, reason="not-supported")

    async def _when_ready(self) -> Answer:
        """Ask until the machine is ready or `ready_s` is over; return the last answer."""
        began_s = self._wire.now_s()
        while True:
            answer = await self._look()
            if answer.work is Work.READY or self._wire.now_s() - began_s > self._settings.ready_s:
                return answer
            await self._pause()

    async def _watch(self, command_id: str, *, ordered: bool, in_vain: int) -> CardResult:
        began_s = self._wire.now_s()
        was_busy = False
        while True:
            answer = await self._look()
            if answer.work is Work.LAST_OK:
                return self._result(command_id, CardOutcome.DONE, answer, proof=CardProof.WORK_STATE)
            if answer.work is Work.ERROR:
                return self._result(command_id, CardOutcome.UNKNOWN, answer, reason="dispense-error")
            if answer.work is Work.REFUSED:
                return self._result(command_id, CardOutcome.FAILED, answer, reason="refused")
            was_busy = was_busy or answer.work is not Work.READY
            passed_s = self._wire.now_s() - began_s
            at_rest = answer.work is Work.READY and (was_busy or passed_s > self._settings.start_s)
            if at_rest or passed_s > self._settings.move_s:
                break
            await self._pause()
        if not ordered and self._line.in_vain == in_vain and not was_busy:
            return self._result(command_id, CardOutcome.FAILED, answer, reason="refused")
        return self._result(command_id, CardOutcome.UNKNOWN, answer, reason="no-proof")

    async def _look(self) -> Answer:
        try:
            said = await self._line.ask(Command.STATUS.value)
        finally:
            self.discarded_bytes = self._line.discarded_bytes
        answer = answer_from(said, self._settings.stacker_words)
        if answer is None:
            raise ProtocolError(f"{self.device_id}: the answer to AP is not a work state")
        return answer

    async def _pause(self) -> None:
        try:
            await self._wire.read(self._settings.poll_s)
        except WireTimeout:
            return

    def _result(
        self,
        command_id: str,
        outcome: CardOutcome,
        answer: Answer | None,
        *,
        proof: CardProof = CardProof.NONE,
        reason: str = "",
    ) -> CardResult:
        stacker = answer.stacker if answer is not None else None
        return CardResult(command_id=command_id, outcome=outcome, proof=proof, reason=reason, stacker=stacker)


SPEC = DriverSpec(
    name="dispenser-crt541",
    kind="dispenser",
    wire="bytes",
    settings=Crt541Settings,
    build=Crt541Dispenser,
    doc="docs/devices/dispenser-crt541.md",
    baud=9600,
    source="one source, the maker's specification; no machine seen yet",
)
