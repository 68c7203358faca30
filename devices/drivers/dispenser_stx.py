"""Card dispensers of the STX family: CRT-531, QUIO QU-CD-720M, D1000-like (K720 is believed to be one).

A card is let out in three steps: ask whether it can; order, ACK, ENQ; watch the sensors.  Once ENQ was sent
nothing is ever ordered again for the same command, whatever is lost: what the sensors say is the answer, and
where they say nothing the answer is "unknown".
Source: protocols, section 6.2; page docs/devices/dispenser-stx.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.stx import D1000_BITS, Bit, Command, StxCodec, bits_of, explain
from devices.contracts.dispenser import CardOutcome, CardProof, CardResult
from devices.contracts.health import Storage
from devices.errors import DeviceFault, ProtocolError, TransportError, WireTimeout
from devices.kinds import DispenserStatus
from devices.spec import DriverSpec
from devices.transports.ack_enq import AckEnq, HandshakeTimes
from devices.transports.base import ByteStream, read_until

MakerBit = Literal["100", "080", "040", "001"]
_BUSY = frozenset({Bit.DISPENSING, Bit.CAPTURING})
_HINDERS = (Bit.NOT_READY, Bit.JAM, Bit.OVERLAP, Bit.DISPENSE_ERROR)
_INSERT = {
    "refuse": Command.INSERT_REFUSE,
    "to-bin": Command.INSERT_TO_BIN,
    "to-reader": Command.INSERT_TO_READER,
}
_IDLE_LOOKS = 3  # so often idle after it was busy: it has finished


class StxDispenserSettings(BaseModel):
    """The `[device.settings]` table of an STX dispenser."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    maker_bits: dict[MakerBit, Bit] = Field(
        default={f"{mask:03X}": bit for mask, bit in D1000_BITS.items()},  # type: ignore[misc]
        description="what the status bits mean that differ by maker; the page has the map of QUIO",
    )
    reset: Literal["RS", "ST"] = Field(default="RS", description="the reset command; QUIO: ST")
    reset_s: float = Field(default=3.0, ge=0, le=30, description="how long a reset is given before a look")
    inserted_cards: Literal["leave", "refuse", "to-bin", "to-reader"] = Field(
        default="leave", description="told once for each connection; leave: say nothing"
    )
    long_status: bool = Field(default=False, description="ask AP too, which knows a full bin (one source)")
    ack_s: float = Field(default=0.3, gt=0, le=5, description="for ACK")
    answer_s: float = Field(default=0.5, gt=0, le=5, description="for an answer after ENQ")
    tries: int = Field(default=3, ge=1, le=10, description="how often a question is asked in all")
    poll_s: float = Field(default=0.15, gt=0, le=2, description="between two looks while a card moves")
    start_s: float = Field(default=1.5, gt=0, le=10, description="until it must have begun to move")
    move_s: float = Field(default=10.0, gt=0, le=60, description="until a card must be out or in the bin")


class StxDispenser:
    """An STX dispenser on a wire; see devices.kinds.CardDispenser."""

    def __init__(self, device_id: str, wire: ByteStream, settings: StxDispenserSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._maker = {int(mask, 16): bit for mask, bit in settings.maker_bits.items()}
        times = HandshakeTimes(settings.ack_s, settings.answer_s, settings.tries)
        self._line = AckEnq(wire, StxCodec(), times)

    async def probe(self) -> None:
        """Ask the status once; a fault is told by `status`.  Raises WireTimeout, ProtocolError."""
        await self._look()
        if self._settings.inserted_cards != "leave":
            await self._line.order(_INSERT[self._settings.inserted_cards].value)

    async def status(self) -> DispenserStatus:
        """Ask RF, and AP where the settings say so."""
        bits = await self._look()
        if self._settings.long_status:
            bits |= await self._look(Command.STATUS_LONG)
        return DispenserStatus(_why_not(bits), _stacker(bits), self._bin(bits), Bit.AT_EXIT in bits)

    async def dispense(self, command_id: str) -> CardResult:
        """Let one card out; see devices.kinds.CardDispenser."""
        before = await self._look()
        reason = _why_not(before)
        if reason:
            return self._result(command_id, CardOutcome.FAILED, before, reason=reason)
        return await self._move(command_id, Command.DISPENSE, before)

    async def capture(self, command_id: str) -> CardResult:
        """Take the card at the exit into the bin."""
        before = await self._look()
        busy = "busy" if before & _BUSY else ""
        jammed = Bit.JAM.value if Bit.JAM in before else ""
        nothing = "" if Bit.AT_EXIT in before else "no-card"
        full = "bin-full" if Bit.BIN_FULL in before else ""
        reason = busy or jammed or nothing or full
        if reason:
            return self._result(command_id, CardOutcome.FAILED, before, reason=reason)
        return await self._move(command_id, Command.CAPTURE, before)

    async def reset(self, command_id: str) -> CardResult:
        """Have the machine initialise; it may move a card that lies in its way."""
        reset = Command.RESET_ST if self._settings.reset == "ST" else Command.RESET_RS
        await self._line.order(reset.value)
        bits = await self._settled()
        reason = next((bit.value for bit in _HINDERS if bit in bits), "")
        outcome = CardOutcome.FAILED if reason else CardOutcome.DONE
        return self._result(command_id, outcome, bits, reason=reason)

    # --- moving a card --------------------------------------------------------------------------------

    async def _move(self, command_id: str, command: Command, before: frozenset[Bit]) -> CardResult:
        """Order, then watch.  Nothing is raised from here on: a card may have moved."""
        in_vain = self._line.in_vain
        ordered = False
        try:
            await self._line.order(command.value)
            ordered = True
        except DeviceFault:
            pass  # NAK, each time
        except WireTimeout:
            pass  # it may know the order; only ENQ sets it off, so the sensors are asked all the same
        except TransportError as error:
            return self._result(command_id, CardOutcome.UNKNOWN, None, reason=error.code)
        try:
            return await self._watch(command_id, command, before, ordered=ordered, in_vain=in_vain)
        except (WireTimeout, ProtocolError, TransportError, DeviceFault):
            return self._result(command_id, CardOutcome.UNKNOWN, None, reason="no-answer")

    async def _watch(
        self, command_id: str, command: Command, before: frozenset[Bit], *, ordered: bool, in_vain: int
    ) -> CardResult:
        began_s = self._wire.now_s()
        judge = _judge_dispense if command is Command.DISPENSE else _judge_capture
        moving = Bit.DISPENSING if command is Command.DISPENSE else Bit.CAPTURING
        seen: set[Bit] = set()
        idle = 0
        while True:
            bits = await self._look()
            seen |= bits
            idle = 0 if bits & _BUSY else idle + 1
            verdict = judge(bits, frozenset(seen), before)
            if verdict is not None:
                outcome, proof, reason = verdict
                return self._result(command_id, outcome, bits, proof=proof, reason=reason)
            passed_s = self._wire.now_s() - began_s
            finished = moving in seen and idle >= _IDLE_LOOKS
            never_began = moving not in seen and passed_s > self._settings.start_s
            if finished or never_began or passed_s > self._settings.move_s:
                break
            await self._pause()
        if not ordered and self._line.in_vain == in_vain and moving not in seen:
            return self._result(command_id, CardOutcome.FAILED, bits, reason="refused")
        return self._result(command_id, CardOutcome.UNKNOWN, bits, reason="no-proof")

    async def _settled(self) -> frozenset[Bit]:
        """Return the status when the machine has come to rest, or after `move_s`."""
        began_s = self._wire.now_s()
        await self._pause(self._settings.reset_s)  # not every maker has a bit that says "initialising"
        while True:
            await self._pause()
            bits = await self._look()
            if not bits & (_BUSY | {Bit.NOT_READY}) or self._wire.now_s() - began_s > self._settings.move_s:
                return bits

    async def _look(self, question: Command = Command.STATUS) -> frozenset[Bit]:
        try:
            answer = await self._line.ask(question.value)
        finally:
            self.discarded_bytes = self._line.discarded_bytes
        bits = bits_of(answer, self._maker)
        if bits is None:
            raise ProtocolError(f"{self.device_id}: the answer to {question.value.decode()} is not a status")
        return bits

    async def _pause(self, seconds: float | None = None) -> None:
        until_s = self._wire.now_s() + (seconds or self._settings.poll_s)
        try:
            while True:  # what comes now was not asked for
                await read_until(self._wire, until_s)
        except WireTimeout:
            return

    def _bin(self, bits: frozenset[Bit]) -> Storage | None:
        knows = self._settings.long_status or Bit.BIN_FULL in self._maker.values()
        return (Storage.FULL if Bit.BIN_FULL in bits else Storage.OK) if knows else None

    def _result(
        self,
        command_id: str,
        outcome: CardOutcome,
        bits: frozenset[Bit] | None,
        *,
        proof: CardProof = CardProof.NONE,
        reason: str = "",
    ) -> CardResult:
        return CardResult(
            command_id=command_id,
            outcome=outcome,
            proof=proof,
            reason=reason,
            stacker=None if bits is None else _stacker(bits),
            bin=None if bits is None else self._bin(bits),
        )


_Verdict = tuple[CardOutcome, CardProof, str]


def _judge_dispense(bits: frozenset[Bit], seen: frozenset[Bit], before: frozenset[Bit]) -> _Verdict | None:
    """Say what the sensors prove; None: nothing yet."""
    if Bit.AT_EXIT in bits:
        return CardOutcome.DONE, CardProof.EXIT_SENSOR, ""
    if Bit.TAKEN in bits and Bit.TAKEN not in before:
        return CardOutcome.DONE, CardProof.TAKEN, ""
    if bits & _BUSY:
        return None
    for stuck in (Bit.JAM, Bit.OVERLAP):
        if stuck in bits:
            return CardOutcome.UNKNOWN, CardProof.NONE, stuck.value
    if Bit.DISPENSE_ERROR in bits:
        return CardOutcome.FAILED, CardProof.NONE, Bit.DISPENSE_ERROR.value
    return None


def _judge_capture(bits: frozenset[Bit], seen: frozenset[Bit], before: frozenset[Bit]) -> _Verdict | None:
    """The card must have gone from the exit, and the machine must have said that it was taking it in."""
    if bits & _BUSY:
        return None
    if Bit.JAM in bits:
        return CardOutcome.UNKNOWN, CardProof.NONE, Bit.JAM.value
    for fault in (Bit.CAPTURE_ERROR, Bit.NO_CAPTURE):
        if fault in bits and fault not in before:
            return CardOutcome.FAILED, CardProof.NONE, "capture-error"
    told = Bit.CAPTURED in bits and Bit.CAPTURED not in before
    if Bit.AT_EXIT not in bits and (told or Bit.CAPTURING in seen):
        return CardOutcome.DONE, CardProof.CAPTURED, ""
    return None


def _why_not(bits: frozenset[Bit]) -> str:
    """Return why no card could be let out, or nothing."""
    if bits & _BUSY:
        return "busy"
    for bit in _HINDERS:
        if bit in bits:
            return bit.value
    if Bit.AT_EXIT in bits:
        return "card-at-exit"
    return Bit.EMPTY.value if Bit.EMPTY in bits else ""


def _stacker(bits: frozenset[Bit]) -> Storage:
    if Bit.EMPTY in bits:
        return Storage.EMPTY
    return Storage.LOW if Bit.FEW in bits else Storage.OK


SPEC = DriverSpec(
    name="dispenser-stx",
    kind="dispenser",
    wire="bytes",
    settings=StxDispenserSettings,
    build=StxDispenser,
    doc="docs/devices/dispenser-stx.md",
    baud=9600,
    level="silver",
    source="two or three public sources, which differ on four status bits; no machine seen yet",
    explain=explain,
)
