"""A simulated Onbon image card: checks headers and CRC, unpacks the bitmaps, draws what is lit.

It knows no text: the picture is made from the bitmap bytes that came, page by page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from devices.codecs import onbon, onbon_image
from devices.codecs.dot_text import Dots
from devices.codecs.onbon_image import Answer, ImageFrame
from devices.codecs.onbon_picture import Area, Packing, decode_area, unpack
from devices.sim.base import Action, NotPossible
from devices.sim.led_board_picture import Board, draw_dots
from devices.sim.pace import PacedOutput

_VERSION = b"BX-6G   "  # a ping's answer goes on for 0x133 bytes; the driver reads none of them
_PARAMETER = 25


@dataclass
class SimLedImage:
    """Sans-I/O; see devices.sim.base.  `baud` None (TCP): no wire time."""

    width_px: int = 128
    height_px: int = 32
    packing: Packing = "one"
    on_bad_check: Literal["silent", "refuse"] = "silent"
    answer_s: float = 0.005
    baud: int | None = None
    kind: str = field(default="led-board", init=False)
    driver: str = field(default="ledboard-onbon-image", init=False)
    pages: list[Dots] = field(default_factory=list, init=False)
    """What is shown in turns; empty when the board is dark."""

    def __post_init__(self) -> None:
        self._codec = onbon_image.OnbonImageCodec()
        self._output = PacedOutput(self.baud)
        self._board = Board(self.width_px, self.height_px, self.height_px)
        self._on = True
        self._refuse_next: int | None = None
        self._pictures: tuple[tuple[Dots, ...], list[str]] | None = None

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        damaged = self._codec.bad_checksums
        frames = self._codec.feed(data)
        if self._codec.bad_checksums > damaged and self.on_bad_check == "refuse":
            self._say(Answer(onbon_image.REFUSED, onbon.CHECKSUM), ImageFrame(b"", dynamic=True), now_s)
        for frame in frames:
            told = onbon_image.read_command(frame.body)
            if told is not None:
                self._say(self._obey(*told, dynamic=frame.dynamic), frame, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _say(self, said: Answer, asked: ImageFrame, now_s: float) -> None:
        frame = ImageFrame(
            onbon_image.answer(said),
            dynamic=asked.dynamic,
            device=asked.device,
            dst=asked.src,
            src=asked.dst,
            seq=asked.seq,
            link=asked.link,
        )
        self._output.put(onbon_image.encode(frame), now_s + self.answer_s)

    def _obey(self, code: bytes, data: bytes, *, dynamic: bool) -> Answer:
        error = 0
        if self._refuse_next is not None:
            error, self._refuse_next = self._refuse_next, None
        elif code == onbon_image.PING and not dynamic:
            return Answer(onbon_image.PING_ANSWER, 0, b"\x54\x06" + _VERSION)
        elif code == onbon_image.SHOW and dynamic:
            error = self._show(data)
        elif code == onbon_image.DELETE and dynamic:
            self.pages = []
        elif code == onbon_image.POWER and not dynamic:
            self._on = data == b"\x01"
        else:
            error = 2
        return Answer(onbon_image.REFUSED if error else onbon_image.ACK, error)

    def _show(self, data: bytes) -> int:
        try:
            self.pages = self._read(decode_area(data))
        except ValueError:
            return _PARAMETER
        return 0

    def _read(self, area: Area) -> list[Dots]:
        pages = []
        for page in area.pages:
            dots = unpack(page.bitmap, area.width, area.height, self.packing)
            pages.append(frozenset((x + area.x, y + area.y) for x, y in dots))
        return pages

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [
            Action("power", "通电/断电 / lamps on or off", {"on": "true|false"}),
            Action("refuse-next", "拒绝下一条 / refuse the next command", {"error": "1-29"}),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "power":
            on = str(params.get("on", "true")).lower() == "true"
            if on == self._on:
                raise NotPossible(f"the lamps are {'on' if on else 'off'} already")
            self._on = on
        elif action == "refuse-next":
            error = int(params.get("error", 0))
            if not 1 <= error <= 29:
                raise ValueError("error is 1 to 29")
            self._refuse_next = error
        else:
            raise ValueError(f"an LED board cannot {action!r}")

    def state(self) -> dict[str, Any]:
        """Return what is seen: `png` is the first page, `pages` all; the card knows no text."""
        shown = tuple(self.pages) if self._on else ()
        if self._pictures is None or self._pictures[0] != shown:
            self._pictures = (shown, [draw_dots(self._board, dots) for dots in shown or (frozenset[Any](),)])
        pictures = self._pictures[1]
        return {"text": "", "lit": any(shown), "scrolls": False, "png": pictures[0], "pages": pictures}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        frames = onbon_image.OnbonImageCodec().feed(data)
        return "; ".join(map(_explained, frames)) or f"part of a frame, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with one byte inside its last frame wrong, the end byte left as it is."""
        return data[:-4] + bytes((data[-4] ^ 0x10,)) + data[-3:] if len(data) > 4 else data


def _explained(frame: ImageFrame) -> str:
    said, told = onbon_image.read_answer(frame.body), onbon_image.read_command(frame.body)
    if said is not None and said.command == onbon_image.REFUSED:
        return f"refused: {onbon.ERRORS.get(said.error, said.error)}"
    if said is not None:
        return "done" if said.command == onbon_image.ACK else "answer to a ping"
    if told is None:
        return "a frame that does not add up"
    code, data = told
    if code == onbon_image.SHOW:
        try:
            return f"show {len(decode_area(data).pages)} page(s)"
        except ValueError:
            return "show, but the area does not add up"
    names = {onbon_image.PING: "ping", onbon_image.DELETE: "clear", onbon_image.POWER: "lamps on or off"}
    return names.get(code, f"command {code.hex(' ')}")
