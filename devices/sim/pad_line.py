"""A simulated RS-485 line with FF 68 call pads and evaluators, one of each per address.

A pad repeats its key every 200 ms, three times at most, until the host has echoed it (knobs; the times are
not from a source).  The echo of the key "ask for a rating" is the same bytes as the command that wakes the
evaluator with that address, so the evaluator wakes, as it would on the real line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devices.codecs import ff68
from devices.sim.base import Action, NotPossible
from devices.sim.pace import PacedOutput

# What the pads send; written out once more so that a wrong table in the driver is not copied here unseen.
KEYS = {
    "call-next": b"\x0c",
    "recall": b"\x0d",
    "ask-rating": b"\x0b",
    "cancel": b"\x0e",
    "pause": b"\x12",
    "transfer": b"\x13",
    "no-show": b"\x06\x0f",
    "hold": b"\x00\x0f",
    "resume-held": b"\x03\x0f",
}
RATINGS = {5: 3, 4: 2, 3: 1, 2: 0}
"""Level -> byte of the evaluator that the source describes; it has no key for the worst level."""


@dataclass
class _Pad:
    """One address: what its pad shows and what waits for the host's echo."""

    ticket: str = ""
    waiting: str = ""
    beeps: int = 0
    awake: bool = False
    sleeps_at_s: float = 0.0
    stars: int = 0
    given: int | None = None
    pending: dict[int, _Pending] = field(default_factory=dict)  # by command: a key, a rating


@dataclass
class _Pending:
    frame: ff68.PadFrame
    next_s: float
    left: int


@dataclass
class SimPadLine:
    """Sans-I/O; see devices.sim.base.  `ratings` is level -> byte; `baud` None takes the wire time away."""

    addresses: Sequence[int] = (1,)
    repeat_s: float = 0.2
    repeats: int = 3
    ratings: Mapping[Any, int] = field(default_factory=lambda: dict(RATINGS))
    baud: int | None = 9600
    awake_s: float = 30.0
    """How long an evaluator waits for a finger before it goes dark.  (Not in any source: a knob.)"""
    kind: str = field(default="pad-line", init=False)
    driver: str = field(default="padline-ff68", init=False)

    def __post_init__(self) -> None:
        self._codec = ff68.PadCodec(ff68.PAD_MAX_L)
        self._output = PacedOutput(self.baud)
        self._pads = {int(addr): _Pad() for addr in self.addresses}
        self.levels = {int(level): int(value) for level, value in self.ratings.items()}  # TOML keys are text

    # --- the wire -----------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent; frames for other addresses are for others."""
        for frame in self._codec.feed(data):
            pad = self._pads.get(frame.addr)
            if pad is not None:
                self._settle(pad, frame)
                self._obey(pad, frame, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now, repeats included; evaluators that waited long enough go dark."""
        for pad in self._pads.values():
            pad.awake = pad.awake and now_s < pad.sleeps_at_s
        for pad in self._pads.values():
            for cmd, pending in list(pad.pending.items()):
                while pending.left and pending.next_s <= now_s:
                    self._output.put(ff68.encode(pending.frame), pending.next_s)
                    pending.next_s += self.repeat_s
                    pending.left -= 1
                if not pending.left:
                    del pad.pending[cmd]
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        due = [pending.next_s for pad in self._pads.values() for pending in pad.pending.values()]
        due += [pad.sleeps_at_s for pad in self._pads.values() if pad.awake]
        under_way = self._output.next_due_s()
        return min([*due, under_way] if under_way is not None else due, default=None)

    def _settle(self, pad: _Pad, frame: ff68.PadFrame) -> None:
        """Stop repeating what this frame acknowledges."""
        for cmd, pending in list(pad.pending.items()):
            if frame.cmd == ff68.CMD_KEY and frame.data == pending.frame.data:
                del pad.pending[cmd]

    def _obey(self, pad: _Pad, frame: ff68.PadFrame, now_s: float) -> None:
        if frame.cmd == ff68.CMD_SHOW and len(frame.data) == 6:
            waiting, ticket = _digits(frame.data[:3]), _digits(frame.data[3:])
            if ticket or not waiting:  # the half that is all blank keeps what it shows; all blank is dark
                pad.ticket = ticket
            if waiting or not ticket:
                pad.waiting = waiting
        elif frame.cmd == ff68.CMD_SHOW and len(frame.data) == 1:
            pad.stars = frame.data[0]
        elif frame.cmd == ff68.CMD_BEEP:
            pad.beeps += 1
        elif frame.cmd == ff68.CMD_KEY and frame.data == ff68.ASK_RATING:
            pad.awake, pad.given = True, None
            pad.sleeps_at_s = now_s + self.awake_s

    # --- knobs --------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs of the whole line; `views` has those of each pad."""
        return [
            Action("press", "按键 / press a key", {"addr": "bus address", "key": "|".join(KEYS)}),
            Action("rate", "评价 / rate", {"addr": "bus address", "level": _levels_text(self.levels)}),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob: `press` with a key is the pad's, `rate` or `press` with a level the evaluator's."""
        addr = _whole_number(params, "addr")
        if addr not in self._pads:
            raise ValueError(f"no pad has address {addr}; there are: {', '.join(map(str, self._pads))}")
        if action == "press" and "key" in params:
            self.press(addr, str(params["key"]), now_s)
        elif action in ("press", "rate"):
            self.rate(addr, _whole_number(params, "level"), now_s)
        else:
            raise ValueError(f"a pad line cannot {action!r}")

    def press(self, addr: int, key: str, now_s: float) -> None:
        """Press a key of the pad with bus address `addr`."""
        if key not in KEYS:
            raise ValueError(f"key is one of {', '.join(KEYS)}")
        self._send(ff68.PadFrame(addr, ff68.CMD_KEY, KEYS[key]), now_s)

    def rate(self, addr: int, level: int, now_s: float) -> None:
        """Press a key of the evaluator with bus address `addr`.  Raises NotPossible while it sleeps."""
        if not 1 <= level <= 5:
            raise ValueError("level is 1 (worst) to 5 (best)")
        if level not in self.levels:
            raise NotPossible(f"this evaluator has no key for level {level}: {_levels_text(self.levels)}")
        pad = self._pads[addr]
        if not pad.awake:
            raise NotPossible("the evaluator sleeps: nobody was asked for a rating")
        pad.awake, pad.given = False, level
        self._send(ff68.PadFrame(addr, ff68.CMD_RATING, bytes((self.levels[level],))), now_s)

    def _send(self, frame: ff68.PadFrame, now_s: float) -> None:
        self._output.put(ff68.encode(frame), now_s)
        self._pads[frame.addr].pending[frame.cmd] = _Pending(frame, now_s + self.repeat_s, self.repeats)

    def state(self) -> dict[str, Any]:
        """Return what is seen on all pads, by address."""
        return {"pads": {str(addr): self.pad_state(addr) | self.rating_state(addr) for addr in self._pads}}

    def pad_state(self, addr: int) -> dict[str, Any]:
        """Return what the pad with that address shows; `unanswered` while the host has not echoed a key."""
        pad = self._pads[addr]
        return {
            "ticket": pad.ticket,
            "waiting": pad.waiting,
            "beeps": pad.beeps,
            "unanswered": ff68.CMD_KEY in pad.pending,
        }

    def rating_state(self, addr: int) -> dict[str, Any]:
        """Return how the evaluator with that address is."""
        pad = self._pads[addr]
        return {"awake": pad.awake, "given": pad.given, "stars": pad.stars}

    def views(self) -> dict[str, PadView | EvaluatorView]:
        """Return each pad and evaluator as a machine of its own, by suffix (`pad-1`, `eval-1`)."""
        pads = {f"pad-{addr}": PadView(self, addr) for addr in self._pads}
        return {**pads, **{f"eval-{addr}": EvaluatorView(self, addr) for addr in self._pads}}

    # --- for the lab's list -------------------------------------------------------------------------

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        frames = ff68.PadCodec(ff68.PAD_MAX_L).feed(data)
        return "; ".join(_explained(direction, frame) for frame in frames) or f"noise, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with the checksum of its last frame wrong."""
        return data[:-2] + bytes((data[-2] ^ 0x55, data[-1])) if len(data) > 2 else data


@dataclass
class PadView:
    """One pad of a line, for the lab."""

    line: SimPadLine
    addr: int
    kind: str = field(default="call-pad", init=False)

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("press", "按键 / press a key", {"key": "|".join(KEYS)})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "press":
            raise ValueError(f"a call pad cannot {action!r}")
        self.line.press(self.addr, str(params.get("key", "")), now_s)

    def state(self) -> dict[str, Any]:
        """Return what the pad shows."""
        return self.line.pad_state(self.addr)


@dataclass
class EvaluatorView:
    """One evaluator of a line, for the lab."""

    line: SimPadLine
    addr: int
    kind: str = field(default="evaluator", init=False)

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("press", "评价 / rate", {"level": _levels_text(self.line.levels)})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "press":
            raise ValueError(f"an evaluator cannot {action!r}")
        self.line.rate(self.addr, _whole_number(params, "level"), now_s)

    def state(self) -> dict[str, Any]:
        """Return how the evaluator is."""
        return self.line.rating_state(self.addr)


def _digits(data: bytes) -> str:
    return "".join(str(byte) if byte < 10 else " " for byte in data).strip()


def _levels_text(levels: Mapping[int, int]) -> str:
    return "|".join(str(level) for level in sorted(levels, reverse=True))


def _whole_number(params: dict[str, Any], name: str) -> int:
    try:
        return int(str(params.get(name)))
    except ValueError:
        raise ValueError(f"{name} is a whole number") from None


def _explained(direction: str, frame: ff68.PadFrame) -> str:
    who = f"pad {frame.addr}: "
    if frame.cmd == ff68.CMD_RATING:
        return who + f"rating byte {frame.data.hex()}"
    if frame.cmd == ff68.CMD_BEEP:
        return who + "beep"
    if frame.cmd == ff68.CMD_SHOW:
        return who + f"show waiting {_digits(frame.data[:3])!r}, ticket {_digits(frame.data[3:])!r}"
    key = next((name for name, code in KEYS.items() if code == frame.data), frame.data.hex(" "))
    return who + (f"key {key}" if direction == "tx" else f"echo of {key}")
