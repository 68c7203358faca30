"""A simulated Alpha sign: checks the sum, keeps TEXT files, gives them back, draws the one that is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from devices.codecs import alphasign
from devices.codecs.alphasign import AlphaPacket, TextFile
from devices.sim.base import Action, NotPossible
from devices.sim.led_board_picture import Board, draw
from devices.sim.pace import PacedOutput

_GLYPH = 16


@dataclass
class SimAlphaSign:
    """Sans-I/O; see devices.sim.base.  `answers` False: a sign whose receive line is not wired."""

    address: str = "01"
    columns: int = 16
    answers: bool = True
    answer_s: float = 0.02
    baud: int | None = None
    kind: str = field(default="led-board", init=False)
    driver: str = field(default="ledboard-alphasign", init=False)
    files: dict[str, TextFile] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._codec = alphasign.AlphaCodec()
        self._output = PacedOutput(self.baud)
        self._on = True
        self._picture: tuple[TextFile, bool, str] | None = None

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        for packet in self._codec.feed(data):
            if packet.kind != alphasign.ANSWER and packet.address in ("00", self.address):
                self._obey(packet.body, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _obey(self, body: bytes, now_s: float) -> None:
        written = alphasign.text_file(body)
        if written is not None:
            self.files[written.label] = written
        elif self.answers and len(body) == 2 and body[:1] == b"B":
            label = body[1:].decode("ascii", errors="replace")
            held = self.files.get(label, TextFile("", label))
            said = AlphaPacket(held.write(), kind=alphasign.ANSWER)
            self._output.put(alphasign.encode(said, nuls=20), now_s + self.answer_s)

    @property
    def shown(self) -> TextFile:
        """Return what is on the sign: the priority file when it has text, else file A."""
        nothing = TextFile("")
        first = self.files.get("0", nothing)
        return first if first.text else self.files.get("A", nothing)

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("power", "通电/断电 / lamps on or off", {"on": "true|false"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action != "power":
            raise ValueError(f"a sign cannot {action!r}")
        on = str(params.get("on", "true")).lower() == "true"
        if on == self._on:
            raise NotPossible(f"the lamps are {'on' if on else 'off'} already")
        self._on = on

    def state(self) -> dict[str, Any]:
        """Return what is seen; `png` is drawn once per text."""
        shown = self.shown
        text = shown.text if self._on else ""
        if self._picture is None or self._picture[:2] != (shown, self._on):
            board = Board(self.columns * _GLYPH // 2, _GLYPH, _GLYPH)
            picture = draw(board, text.encode("ascii"), scrolls=shown.mode != alphasign.HOLD)
            self._picture = (shown, self._on, picture)
        moves = shown.mode != alphasign.HOLD
        return {"text": text, "lit": bool(text.strip()), "scrolls": moves, "png": self._picture[2]}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        packets = alphasign.AlphaCodec().feed(data)
        return "; ".join(map(_explained, packets)) or f"part of a packet, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with its sum wrong."""
        return data[:-2] + bytes((data[-2] ^ 0x01,)) + data[-1:] if len(data) > 2 else data


def _explained(packet: AlphaPacket) -> str:
    found = alphasign.text_file(packet.body)
    if found is not None:
        verb = "holds" if packet.kind == alphasign.ANSWER else "show"
        return f"{verb} {found.text!r}"
    return "asked for its text" if packet.body[:1] == b"B" else f"command {packet.body[:1]!r}"
