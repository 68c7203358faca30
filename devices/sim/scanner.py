"""A simulated serial scanner of the GM65 family: sends lines, keeps settings, answers heartbeats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from devices.codecs import gm65
from devices.sim.base import Action
from devices.sim.pace import PacedOutput

ENDS = {"cr": b"\r", "crlf": b"\r\n", "lf": b"\n"}


@dataclass
class SimScanner:
    """Sans-I/O; see devices.sim.base.  `baud` None takes the wire time away."""

    encoding: str = "utf-8"
    end: str = "crlf"
    aim_id: str = ""
    """What it puts before each text, such as `]Q1`; a real one does so only when set to."""
    answers: bool = True
    """Whether it knows settings and heartbeats; a scanner of another maker does not."""
    baud: int | None = 9600
    reply_s: float = 0.01
    kind: str = field(default="scanner", init=False)
    driver: str = field(default="scanner-gm65", init=False)

    def __post_init__(self) -> None:
        if self.end not in ENDS:
            raise ValueError(f"end is one of {', '.join(ENDS)}")
        self._codec = gm65.RequestCodec()
        self._output = PacedOutput(self.baud)
        self.zones: dict[int, bytes] = {}
        self.scans = 0
        self.triggers = 0

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        for request in self._codec.feed(data):
            if self.answers:
                self._output.put(self._answer(request).encode(), now_s + self.reply_s)

    def _answer(self, request: gm65.Request) -> gm65.Reply:
        if request.type == gm65.HEARTBEAT:
            return gm65.Reply(gm65.ALIVE, gm65.ACCEPTED)
        if request.type == gm65.READ:
            count = request.data[0] if request.data else 0
            return gm65.Reply(gm65.ANSWERED, self.zones.get(request.zone, b"").ljust(count, b"\0")[:count])
        if request.type == gm65.WRITE and request.zone == gm65.TRIGGER_ZONE:
            self.triggers += 1
        elif request.type == gm65.WRITE:
            self.zones[request.zone] = request.data
        return gm65.Reply(gm65.ANSWERED, gm65.ACCEPTED)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("scan", "扫码 / hold a code under it", {"text": "what the code says"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "scan":
            raise ValueError(f"a scanner cannot {action!r}")
        text = str(params.get("text", ""))
        if not text:
            raise ValueError("text must not be empty")
        self.scans += 1
        raw = (self.aim_id + text).encode(self.encoding, errors="replace")
        self._output.put(raw + ENDS[self.end], now_s)

    def state(self) -> dict[str, Any]:
        """Return what is seen: how many codes, never what they say."""
        return {"scans": self.scans, "triggers": self.triggers}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk; the text of a code is masked."""
        if direction == "rx":
            names = {gm65.READ: "read", gm65.WRITE: "write", gm65.SAVE: "save", gm65.HEARTBEAT: "heartbeat"}
            asked = gm65.RequestCodec().feed(data)
            return (
                "; ".join(f"{names.get(one.type, one.type)} zone {one.zone:04X}" for one in asked) or "noise"
            )
        found = gm65.ScannerCodec().feed(data)
        return "; ".join(_explained(one) for one in found) or f"part of a text, {len(data)} bytes"

    def mask_hex(self, direction: str, data: bytes) -> str:
        """Return the bytes as hex; those of a text are masked."""
        whole = gm65.ScannerCodec().feed(data)
        if direction == "rx" or (whole and all(isinstance(one, gm65.Reply) for one in whole)):
            return data.hex(" ")
        return " ".join(["··"] * len(data))

    def damage(self, data: bytes) -> bytes:
        """Return `data` with one bit of its middle wrong, as a bad line would have it."""
        middle = len(data) // 2
        return data[:middle] + bytes((data[middle] ^ 0x80,)) + data[middle + 1 :] if data else data


def _explained(one: bytes | gm65.Reply) -> str:
    if isinstance(one, bytes):
        return f"a text of {len(one)} bytes"
    return "alive" if one.kind == gm65.ALIVE else f"answer {one.data.hex(' ')}"
