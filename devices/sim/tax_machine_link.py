"""The machine's end of the supervisor link: ACK, answers repeated until acknowledged, copies known."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.codecs.cbor import Value
from devices.codecs.tax_link import Cmd, Frame, Kind, LinkCodec, Payload, Refusal, encode
from devices.sim.pace import PacedOutput

REPEAT_S = 0.3
TRIES = 3
KNOWN_S = 2.0
HALF_FRAME_S = 0.1  # a frame that stops this long in the middle is forgotten


class Refused(Exception):
    """The machine will not: the reason of a NAK and a word for it."""

    def __init__(self, reason: Refusal, why: str = "") -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why


Refilled = tuple[str, str, int, int]
"""Unit, code, first and last number."""

Obey = Callable[[int, Payload, float], Payload]


@dataclass
class _Unacked:
    frame: Frame
    due_s: float
    left: int = TRIES - 1


@dataclass
class MachineLink:
    """`obey(cmd, payload, now_s)` carries a command out and returns its answer, or raises Refused."""

    addr: int
    obey: Obey
    baud: int | None = None
    answer_s: float = 0.01
    _known: deque[tuple[float, object, bytes]] = field(default_factory=lambda: deque(maxlen=16))
    _unacked: list[_Unacked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._codec = LinkCodec()
        self._output = PacedOutput(self.baud)
        self._seq = 0
        self._heard_s = 0.0

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        if now_s - self._heard_s > HALF_FRAME_S:
            self._codec.reset()
        self._heard_s = now_s
        for frame in self._codec.feed(data):
            if frame.addr == self.addr and frame.kind is Kind.CMD:
                self._command(frame, now_s)
            elif frame.addr == self.addr and frame.kind is Kind.ACK:
                same = (frame.seq, frame.cmd)
                self._unacked = [one for one in self._unacked if (one.frame.seq, one.frame.cmd) != same]

    def tell(self, cmd: Cmd, payload: Payload, now_s: float) -> None:
        """Say something unasked, again and again until it is acknowledged or three times were in vain."""
        self._seq = (self._seq + 1) & 0xFF
        self._send_until_acked(Frame(self.addr, self._seq, Kind.EVT, cmd, payload), now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        for one in list(self._unacked):
            if one.due_s <= now_s:
                self._send(encode(one.frame), now_s)
                one.due_s, one.left = now_s + REPEAT_S, one.left - 1
        self._unacked = [one for one in self._unacked if one.left > 0]
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will leave."""
        due = [one.due_s for one in self._unacked]
        leaving = self._output.next_due_s()
        return min([*due, leaving] if leaving is not None else due, default=None)

    def forget(self) -> None:
        """Lose power."""
        self._codec.reset()
        self._output = PacedOutput(self.baud)
        self._known.clear()
        self._unacked.clear()

    def _command(self, frame: Frame, now_s: float) -> None:
        for at_s, key, said in self._known:
            if key == frame.key and now_s - at_s < KNOWN_S:
                self._send(said, now_s)  # a copy: the same answer, and nothing is done
                return
        try:
            answer = self.obey(frame.cmd, frame.payload, now_s)
        except Refused as no:
            payload: Payload = {"reason": int(no.reason), "why": no.why}
            said = encode(Frame(frame.addr, frame.seq, Kind.NAK, frame.cmd, payload))
            self._send(said, now_s)
        else:
            said = encode(Frame(frame.addr, frame.seq, Kind.ACK, frame.cmd))
            self._send(said, now_s)
            response = Frame(frame.addr, frame.seq, Kind.RSP, frame.cmd, answer)
            said += encode(response)
            self._send_until_acked(response, now_s)
        self._known.append((now_s, frame.key, said))

    def _send_until_acked(self, frame: Frame, now_s: float) -> None:
        self._send(encode(frame), now_s)
        self._unacked.append(_Unacked(frame, now_s + REPEAT_S))

    def _send(self, data: bytes, now_s: float) -> None:
        self._output.put(data, now_s + self.answer_s)


def number(value: Value) -> int:
    """Return a number that is not negative.  Raises TypeError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a number")
    return value


def texts(value: Value) -> tuple[str, ...]:
    """Return a list's texts.  Raises TypeError."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return tuple(str(one) for one in value)


def refills(value: Value) -> list[Refilled]:
    """Return what was put into cassettes.  Raises TypeError, ValueError, KeyError."""
    found = []
    for one in value if isinstance(value, list) else []:
        if not isinstance(one, dict):
            raise TypeError("not a cassette")
        first, last = number(one["first"]), number(one["last"])
        if last < first:
            raise ValueError("the last number is before the first")
        found.append((str(one["unit"]), str(one["code"]), first, last))
    return found
