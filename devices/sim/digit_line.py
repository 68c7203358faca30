"""Simulated digit displays of the LED-485 kind on one line, each with its unit number and registers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from devices.codecs import modbus
from devices.codecs.modbus import Adu
from devices.sim.base import Action
from devices.sim.led_board_picture import Board, draw
from devices.sim.pace import PacedOutput

_TEXT = 0x70
_GLYPH = 16


@dataclass
class SimDigitLine:
    """Sans-I/O; see devices.sim.base.  `baud` None: no wire time."""

    addresses: Sequence[int] = (1,)
    digits: int = 4
    text_register: int = _TEXT
    answer_s: float = 0.005
    baud: int | None = None
    kind: str = field(default="digit-line", init=False)
    driver: str = field(default="ledboard-modbus-digits", init=False)

    def __post_init__(self) -> None:
        self._codec = modbus.RtuCodec(requests=True)
        self._output = PacedOutput(self.baud)
        self._registers: dict[int, dict[int, int]] = {unit: {} for unit in self.addresses}
        self._off: set[int] = set()
        self._board = Board(self.digits * _GLYPH // 2, _GLYPH, _GLYPH)
        self._pictures: dict[str, str] = {}

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        for frame in self._codec.feed(data):
            if frame.unit in self._registers and frame.unit not in self._off:
                said = self._obey(frame, self._registers[frame.unit])
                self._output.put(modbus.encode(said), now_s + self.answer_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _obey(self, frame: Adu, registers: dict[int, int]) -> Adu:
        register, value = _number(frame.data[0:2]), _number(frame.data[2:4])
        if frame.function == modbus.READ:
            if not 1 <= value <= 8:
                return Adu(frame.unit, frame.function | modbus.REFUSAL, b"\x03")
            data = b"".join(registers.get(register + at, 0).to_bytes(2, "big") for at in range(value))
            return Adu(frame.unit, frame.function, bytes((len(data),)) + data)
        if frame.function == modbus.WRITE_ONE:
            registers[register] = value
            return frame
        data = frame.data[5:]
        if value * 2 != len(data):
            return Adu(frame.unit, frame.function | modbus.REFUSAL, b"\x03")
        for at in range(value):
            registers[register + at] = _number(data[2 * at : 2 * at + 2])
        return Adu(frame.unit, frame.function, frame.data[:4])

    def shown(self, unit: int) -> str:
        """Return the characters on one display, without the spaces around."""
        registers = self._registers[unit]
        places = range(self.text_register, self.text_register + (self.digits + 1) // 2)
        text = b"".join(registers.get(place, 0x2020).to_bytes(2, "big") for place in places)
        return "" if unit in self._off else text.decode("ascii", errors="replace").strip()

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("power", "通电/断电 / one display on or off", {"addr": "unit", "on": "true|false"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "power":
            raise ValueError(f"digit displays cannot {action!r}")
        unit = int(params.get("addr", 0))
        if unit not in self._registers:
            raise ValueError(f"addr is one of {', '.join(map(str, self._registers))}")
        if str(params.get("on", "true")).lower() == "true":
            self._off.discard(unit)
        else:
            self._off.add(unit)
            self._registers[unit].clear()  # a display that lost power forgets

    def state(self) -> dict[str, Any]:
        """Return what is seen on every display: `displays` by unit number."""
        shown = {str(unit): self.shown(unit) for unit in self._registers}
        return {
            "text": " ".join(shown.values()).strip(),
            "lit": any(shown.values()),
            "displays": {unit: {"text": text, "png": self._png(text)} for unit, text in shown.items()},
        }

    def _png(self, text: str) -> str:
        if text not in self._pictures:
            if len(self._pictures) > 2 * len(self._registers):
                self._pictures.clear()
            self._pictures[text] = draw(self._board, text.rjust(self.digits).encode(), scrolls=True)
        return self._pictures[text]

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        frames = modbus.RtuCodec(requests=direction == "rx").feed(data)
        return "; ".join(map(_explained, frames)) or f"part of a frame, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its CRC wrong."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data


def _explained(frame: Adu) -> str:
    if frame.function & modbus.REFUSAL:
        return f"display {frame.unit} refuses: {modbus.ERRORS.get(frame.data[0], frame.data[0])}"
    if frame.function == modbus.WRITE_MANY and len(frame.data) > 5:
        return f"display {frame.unit}: show {frame.data[5:].decode('ascii', errors='replace')!r}"
    names = {modbus.READ: "read", modbus.WRITE_ONE: "write", modbus.WRITE_MANY: "done"}
    return f"display {frame.unit}: {names.get(frame.function, 'function ' + str(frame.function))}"


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
