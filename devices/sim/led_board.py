"""A simulated Onbon font card with its LED matrix: checks CRC and address, keeps text, draws the dots.

The picture is drawn from the bytes that came: only what the card decoded is on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from devices.codecs import onbon, onbon_text
from devices.sim.base import Action, NotPossible
from devices.sim.led_board_picture import Board, draw, spans_of
from devices.sim.pace import PacedOutput

_SCROLLS = (0x03, 0x04, 0x05, 0x06)


@dataclass
class SimLedBoard:
    """Sans-I/O; see devices.sim.base.

    `on_bad_crc` says what a damaged frame gets: no answer, or a refusal with error 5.  `baud` None (TCP): no
    wire time.
    """

    width_px: int = 128
    height_px: int = 16
    glyph_px: int = 16
    address: int = onbon.CARD
    on_bad_crc: Literal["silent", "refuse"] = "silent"
    answer_s: float = 0.005
    baud: int | None = None
    kind: str = field(default="led-board", init=False)
    driver: str = field(default="ledboard-onbon-font", init=False)

    def __post_init__(self) -> None:
        self._codec = onbon.OnbonCodec()
        self._output = PacedOutput(self.baud)
        self._board = Board(self.width_px, self.height_px, self.glyph_px)
        self._shown = b""  # GB2312 with colour escapes
        self._scrolls = False
        self._on = True
        self._busy_until_s = float("-inf")
        self._refuse_next: int | None = None
        self._picture: tuple[bytes, str] | None = None

    # --- the wire -----------------------------------------------------------------------------------

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        damaged = self._codec.bad_checksums
        frames = self._codec.feed(data)
        if self._codec.bad_checksums > damaged and self.on_bad_crc == "refuse":
            self._answer(onbon.CHECKSUM, now_s)
        for frame in frames:
            if frame.dst == self.address and len(frame.data) >= 3:
                error = self._obey(frame.data, now_s)
                if frame.data[2] == 1:  # an answer is wanted
                    self._answer(error, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has left by now."""
        return self._output.take(now_s)

    def next_due_s(self) -> float | None:
        """Return when more will have left."""
        return self._output.next_due_s()

    def _answer(self, error: int, now_s: float) -> None:
        self._output.put(onbon.encode(onbon.ack(error)), now_s + self.answer_s)

    def _obey(self, data: bytes, now_s: float) -> int:
        """Do what a command says; return its error number, 0 for done."""
        if now_s < self._busy_until_s:
            return onbon.BUSY
        if self._refuse_next is not None:
            error, self._refuse_next = self._refuse_next, None
            return error
        command = data[:2]
        if command == onbon.SHOW_TEXT:
            return self._show(data)
        if command == onbon.CLEAR:
            self._shown, self._scrolls = b"", False
        elif command == onbon.POWER:
            self._on = data[-1] == 1
        elif command != onbon.PING:
            return 2 if data[0] in (0xA1, 0xA2, 0xA3, 0xA4) else 1
        return 0

    def _show(self, data: bytes) -> int:
        try:
            areas = onbon_text.decode_areas(data)
        except ValueError:
            return 25  # command parameter
        if not areas:
            return 25
        self._shown = b"".join(area.text for area in areas)
        self._scrolls = areas[0].mode in _SCROLLS
        return 0

    # --- knobs --------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [
            Action("power", "通电/断电 / lamps on or off", {"on": "true|false"}),
            Action("busy", "忙 / be busy", {"for_s": "seconds"}),
            Action("refuse-next", "拒绝下一条 / refuse the next command", {"error": "1-29"}),
        ]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; see devices.sim.base."""
        if action == "power":
            on = str(params.get("on", "true")).lower() == "true"
            if on == self._on:
                raise NotPossible(f"the lamps are {'on' if on else 'off'} already")
            self._on = on
        elif action == "busy":
            self._busy_until_s = now_s + _number(params, "for_s", 0, 3600)
        elif action == "refuse-next":
            self._refuse_next = int(_number(params, "error", 1, 29))
        else:
            raise ValueError(f"an LED board cannot {action!r}")

    @property
    def text(self) -> str:
        """The text that is on the board, colour escapes taken out."""
        return "".join(part for _, part in spans_of(self._shown))

    @property
    def lit(self) -> bool:
        """Whether any lamp is on."""
        return self._on and bool(self.text.strip())

    def state(self) -> dict[str, Any]:
        """Return what is seen; `png` is drawn once per text."""
        return {
            "text": self.text if self._on else "",
            "lit": self.lit,
            "scrolls": self._scrolls,
            "png": self._png(),
        }

    def _png(self) -> str:
        shown = self._shown if self._on else b""
        if self._picture is None or self._picture[0] != shown:
            self._picture = (shown, draw(self._board, shown, scrolls=self._scrolls))
        return self._picture[1]

    # --- for the lab's list -------------------------------------------------------------------------

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        frames = onbon.OnbonCodec().feed(data)
        return "; ".join(_explained(frame.data) for frame in frames) or f"part of a frame, {len(data)} bytes"

    def damage(self, data: bytes) -> bytes:
        """Return `data` with one byte inside its last frame wrong, the end byte left as it is."""
        return data[:-4] + bytes((data[-4] ^ 0x10,)) + data[-3:] if len(data) > 4 else data


def _number(params: dict[str, Any], name: str, least: float, most: float) -> float:
    try:
        value = float(str(params.get(name)))
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ValueError(f"{name} is {least:g} to {most:g}")
    return value


def _explained(data: bytes) -> str:
    if len(data) >= 3 and data[0] == onbon.ACK_GROUP:
        return f"refused: {onbon.ERRORS.get(data[2], data[2])}" if data[1] else "done"
    names = {onbon.PING: "ping", onbon.CLEAR: "clear", onbon.POWER: "lamps on or off"}
    if data[:2] == onbon.SHOW_TEXT:
        try:
            texts = [onbon_text.from_gb2312(area.text) for area in onbon_text.decode_areas(data)]
        except ValueError:
            return "show, but the areas do not add up"
        return "show " + " | ".join(texts)
    return names.get(data[:2], f"command {data[:2].hex(' ')}")
