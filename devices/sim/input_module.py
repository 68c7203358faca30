"""A simulated Modbus module: discrete inputs with buttons on them, coils with lamps on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from devices.codecs import modbus
from devices.codecs.modbus import Adu, RtuCodec
from devices.sim.base import Action
from devices.sim.pace import PacedOutput

BOUNCE_STEP_S = 0.004
UNKNOWN_FUNCTION, UNKNOWN_REGISTER, BAD_VALUE = 1, 2, 3


@dataclass
class SimInputModule:
    """Sans-I/O; see devices.sim.base.  A pressed button bounces for `bounce_s`, as real contacts do."""

    unit: int = 1
    inputs: int = 8
    coils: int = 8
    hold_s: float = 0.25
    """How long a finger stays on a button."""
    bounce_s: float = 0.02
    answer_s: float = 0.004
    baud: int | None = 9600
    kind: str = field(default="call-pad", init=False)
    driver: str = field(default="buttons-modbus", init=False)

    def __post_init__(self) -> None:
        self._codec = RtuCodec(requests=True)
        self._output = PacedOutput(self.baud)
        self._pressed_s = {number: float("-inf") for number in range(self.inputs)}
        self.lit: set[int] = set()
        self._now_s = 0.0

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        self._now_s = now_s
        for question in self._codec.feed(data):
            if question.unit == self.unit:
                answer = modbus.encode(self._answer(question, now_s))
                self._output.put(answer, now_s + self.answer_s)

    def _answer(self, question: Adu, now_s: float) -> Adu:
        first, value = (int.from_bytes(question.data[at : at + 2], "big") for at in (0, 2))
        if question.function == modbus.READ_INPUTS:
            if not value or first + value > self.inputs:
                return self._refusal(question, UNKNOWN_REGISTER)
            bits = sum(self.is_closed(first + place, now_s) << place for place in range(value))
            size = (value + 7) // 8
            return Adu(self.unit, question.function, bytes((size,)) + bits.to_bytes(size, "little"))
        if question.function == modbus.WRITE_COIL:
            if first >= self.coils:
                return self._refusal(question, UNKNOWN_REGISTER)
            if value not in (0x0000, 0xFF00):
                return self._refusal(question, BAD_VALUE)
            (self.lit.add if value else self.lit.discard)(first)
            return Adu(self.unit, question.function, question.data)
        return self._refusal(question, UNKNOWN_FUNCTION)

    def _refusal(self, question: Adu, error: int) -> Adu:
        return Adu(self.unit, question.function | modbus.REFUSAL, bytes((error,)))

    def is_closed(self, number: int, now_s: float) -> bool:
        """Say whether the contact of an input is closed now, bouncing included."""
        age_s = now_s - self._pressed_s[number]
        if not 0 <= age_s < self.hold_s:
            return False
        return age_s >= self.bounce_s or int(age_s / BOUNCE_STEP_S) % 2 == 0

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        self._now_s = now_s
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("press", "按键 / press a button", {"key": f"0…{self.inputs - 1}"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "press":
            raise ValueError(f"an input module cannot {action!r}")
        key = str(params.get("key", ""))
        if not key.isdecimal() or int(key) not in self._pressed_s:
            raise ValueError(f"key is the number of an input, 0 to {self.inputs - 1}")
        self._pressed_s[int(key)] = now_s

    def state(self) -> dict[str, Any]:
        """Return what is seen: buttons under a finger, lamps that are lit."""
        held = [number for number, at_s in self._pressed_s.items() if self._now_s - at_s < self.hold_s]
        return {"pressed": held, "lamps": sorted(self.lit)}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        names = {modbus.READ_INPUTS: "inputs", modbus.WRITE_COIL: "coil"}
        found = RtuCodec(requests=direction == "rx").feed(data)
        said = (
            f"{names.get(one.function, f'function {one.function:02x}')} {one.data.hex(' ')}" for one in found
        )
        return "; ".join(said) or f"noise, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with a wrong checksum."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data
