"""A simulated card dispenser: stacker, a motor that takes its time, exit with a sensor, bin.

It speaks as an STX machine (`model = "stx"`, its maker's bits by `maker`) or as a CRT-541.  As on real ones,
nothing moves before ENQ, and a new frame takes the place of one that still waits for ENQ.  How long things
take is of the usual order and has no source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from devices.codecs import crt541, stx
from devices.codecs.stx import Bit, StxCodec
from devices.sim.base import Action, NotPossible
from devices.sim.pace import PacedOutput

FORBIDDEN = b"FC1"
"""Pre-dispense position: the manual of the CRT-531 warns that it damages the machine."""

_MAKERS = {"d1000": stx.D1000_BITS, "quio": stx.QUIO_BITS}
_QUESTIONS = {b"RF", b"AP"}
_MOVES = {b"DC": "dispensing", b"CP": "capturing"}
_KNOWN = {
    "stx": {one.value for one in stx.Command},
    "crt541": {one.value for one in crt541.Command},
}
ACTIONS = (
    Action("take", "取走出口的卡 / take the card at the exit"),
    Action("insert", "从出口插卡 / push a card into the exit"),
    Action("fill", "加卡 / put cards into the stacker", {"cards": "number"}),
    Action("jam", "卡住 / jam the card that moves, or the next one"),
    Action("overlap", "重张 / two cards stick together"),
    Action("fail-next", "下次出卡失败 / the next dispensing fails without a card"),
    Action("clear-jam", "排除卡住 / clear the jam"),
    Action("empty-bin", "清空回收箱 / empty the bin"),
    Action("cut-power", "断电 / pull the plug"),
    Action("restore-power", "通电 / put the plug back"),
)


@dataclass
class SimCardDispenser:
    """Sans-I/O; see devices.sim.base.  `came_out` counts the cards that reached the exit."""

    model: Literal["stx", "crt541"] = "stx"
    maker: Literal["d1000", "quio"] = "d1000"
    address: int = 1
    cards: int = 50
    few: int = 5
    bin_size: int = 20
    move_s: float = 1.2
    answer_s: float = 0.01
    baud: int | None = None
    came_out: int = field(default=0, init=False)
    captured: int = field(default=0, init=False)
    taken: int = field(default=0, init=False)
    forbidden: int = field(default=0, init=False)
    at_exit: bool = field(default=False, init=False)
    kind: str = field(default="dispenser", init=False)
    driver: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.driver = f"dispenser-{self.model}"
        self._codec = StxCodec(self._address, from_host=True)
        self._power_up()
        self._powered = True
        self._faults: set[Bit] = set()
        self._next_fault: Bit | None = None

    @property
    def _address(self) -> bytes:
        return crt541.address_bytes(self.address) if self.model == "crt541" else b""

    def _power_up(self) -> None:
        self._codec.reset()
        self._output = PacedOutput(self.baud)
        self._waiting: bytes | None = None
        self._moving: tuple[str, float] | None = None
        self._told_once = ""
        self._latched: set[Bit] = set()

    # --- the wire -------------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        self._run(now_s)
        if not self._powered:
            return
        for signal in self._codec.feed(data):
            if signal.kind == stx.ENQ:
                self._act(now_s)
            elif signal.text in _KNOWN[self.model]:
                self._waiting = signal.text
                self._say(self._codec.signal(stx.ACK), now_s)
            else:
                self.forbidden += signal.text == FORBIDDEN
                self._say(self._codec.signal(stx.NAK), now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        self._run(now_s)
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _say(self, data: bytes, now_s: float) -> None:
        self._output.put(data, now_s + self.answer_s)

    def _act(self, now_s: float) -> None:
        """ENQ: do what waits; an ENQ with nothing before it does nothing."""
        command, self._waiting = self._waiting, None
        if command is None:
            return
        if command in _QUESTIONS:
            self._say(self._codec.frame(self._answer(command)), now_s)
        elif command in _MOVES:
            self._begin(_MOVES[command], now_s)
        elif command in (b"RS", b"ST"):
            self._latched.clear()
            self._moving = ("resetting", now_s + self.move_s / 2)

    # --- the mechanism --------------------------------------------------------------------------------

    def _begin(self, what: str, now_s: float) -> None:
        blocked = self._moving is not None or Bit.JAM in self._faults
        if what == "dispensing":
            blocked = blocked or self.at_exit or self.cards == 0
        else:
            blocked = blocked or not self.at_exit or self._bin_is_full
        self._latched.clear()
        if blocked:
            self._told_once = crt541.Work.REFUSED.value
            self._latched.add(Bit.DISPENSE_ERROR if what == "dispensing" else Bit.CAPTURE_ERROR)
        else:
            self._moving = (what, now_s + self.move_s)

    def _run(self, now_s: float) -> None:
        if self._moving is None or now_s < self._moving[1]:
            return
        what, _ = self._moving
        self._moving = None
        fault, self._next_fault = self._next_fault, None
        if what == "resetting":
            return
        if fault is not None:
            (self._latched if fault is Bit.DISPENSE_ERROR else self._faults).add(fault)
        elif what == "dispensing":
            self.cards -= 1
            self.came_out += 1
            self.at_exit = True
            self._told_once = crt541.Work.LAST_OK.value
        else:
            self.at_exit = False
            self.captured += 1
            self._latched.add(Bit.CAPTURED)

    @property
    def _bin_is_full(self) -> bool:
        return self.captured >= self.bin_size

    def _bits(self) -> set[Bit]:
        moving = self._moving[0] if self._moving is not None else ""
        now = {
            Bit.DISPENSING: moving == "dispensing",
            Bit.CAPTURING: moving == "capturing",
            Bit.NOT_READY: moving == "resetting",
            Bit.AT_EXIT: self.at_exit,
            Bit.EMPTY: self.cards == 0,
            Bit.FEW: self.cards <= self.few,
            Bit.BIN_FULL: self._bin_is_full,
        }
        return {bit for bit, on in now.items() if on} | self._faults | self._latched

    def _answer(self, command: bytes) -> bytes:
        if self.model == "crt541":
            return self._work().encode() + (
                b"2" if self.cards == 0 else b"1" if self.cards <= self.few else b"0"
            )
        masks = {**stx.AGREED, **_MAKERS[self.maker]}
        if command == b"AP":
            masks |= {0x1000: Bit.BIN_FULL}
        bits = self._bits()
        value = sum(mask for mask, bit in masks.items() if bit in bits)
        return stx.answer_of(value, long=command == b"AP")

    def _work(self) -> str:
        if self._moving is not None:
            return crt541.Work.DISPENSING.value
        if self._faults or (Bit.DISPENSE_ERROR in self._latched and not self._told_once):
            return crt541.Work.ERROR.value
        told, self._told_once = self._told_once, ""
        if told == crt541.Work.REFUSED.value:
            self._latched.clear()
        return told or crt541.Work.READY.value

    # --- knobs ----------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return list(ACTIONS)

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        self._run(now_s)
        match action:
            case "take":
                self._need(self.at_exit, "there is no card at the exit")
                self.at_exit = False
                self.taken += 1
                self._latched.add(Bit.TAKEN)
            case "insert":
                self._need(not self.at_exit, "there is a card at the exit already")
                self.at_exit = True
            case "fill":
                self.cards = _count(params.get("cards", 50))
            case "jam" | "overlap" | "fail-next":
                faults = {"jam": Bit.JAM, "overlap": Bit.OVERLAP, "fail-next": Bit.DISPENSE_ERROR}
                self._next_fault = faults[action]
            case "clear-jam":
                self._need(bool(self._faults), "nothing is jammed")
                self._faults.clear()
            case "empty-bin":
                self.captured = 0
            case "cut-power" | "restore-power":
                self._set_power(action == "restore-power")
            case _:
                raise ValueError(f"a card dispenser cannot {action!r}")

    def _need(self, possible: bool, otherwise: str) -> None:
        if not possible:
            raise NotPossible(otherwise)

    def _set_power(self, on: bool) -> None:
        self._need(on != self._powered, f"the power is {'on' if on else 'off'} already")
        self._powered = on
        self._power_up()

    def state(self) -> dict[str, Any]:
        """Return what is seen on the machine."""
        return {
            "cards": self.cards,
            "at_exit": self.at_exit,
            "moving": self._moving[0] if self._moving is not None else "",
            "jammed": sorted(bit.value for bit in self._faults),
            "bin": self.captured,
            "bin_full": self._bin_is_full,
            "came_out": self.came_out,
            "taken": self.taken,
            "power": self._powered,
        }

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        seen_by_host = "tx" if direction == "rx" else "rx"
        return stx.explain(seen_by_host, data, self._address) or f"part of a frame, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its last byte, a frame's checksum, wrong."""
        return data[:-1] + bytes((data[-1] ^ 0x55,)) if data else data


def _count(value: object) -> int:
    number = int(str(value))
    if not 0 <= number <= 1000:
        raise ValueError("cards is a number from 0 to 1000")
    return number
