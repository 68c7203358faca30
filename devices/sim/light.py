"""Simulated lights: a WLED strip that takes DDP, and a box of lamps that takes ASCII.  Neither answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from devices.codecs import ascii_lamps, ddp
from devices.sim.base import Action, NotPossible
from devices.sim.led_board_picture import Board, draw_lamps

IDLE_S = 0.1  # a rest of a command that nothing follows this soon is forgotten
_LAMP_COLOURS = {
    11: (255, 52, 36),
    12: (255, 196, 48),
    13: (64, 255, 96),
    14: (60, 120, 255),
    15: (255, 255, 255),
}
_WHITE = (255, 255, 255)


@dataclass
class SimLight(ABC):
    """What both lights share: they only listen, and can lose power.  Sans-I/O; see devices.sim.base."""

    kind: str = field(default="light", init=False)
    driver: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._on = True
        self._last_s = float("-inf")
        self._picture: tuple[object, str] | None = None

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent."""
        if now_s - self._last_s > IDLE_S:
            self._forget_rest()
        self._last_s = now_s
        if self._on:
            self._take(data)

    @abstractmethod
    def _forget_rest(self) -> None: ...

    @abstractmethod
    def _take(self, data: bytes) -> None: ...

    @abstractmethod
    def _lamps(self) -> dict[tuple[int, int], ddp.Colour]: ...

    @abstractmethod
    def _dark(self) -> None: ...

    def poll(self, now_s: float) -> bytes:
        """Return nothing: a light does not answer."""
        return b""

    def next_due_s(self) -> float | None:
        """Return None: a light does not answer."""
        return None

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("power", "通电/断电 / power on or off", {"on": "true|false"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob; a light that lost power is dark until it is told again."""
        if action != "power":
            raise ValueError(f"a light cannot {action!r}")
        on = str(params.get("on", "true")).lower() == "true"
        if on == self._on:
            raise NotPossible(f"the light is {'on' if on else 'off'} already")
        self._on = on
        self._dark()

    def _png(self, width: int) -> str:
        lamps = self._lamps()
        if self._picture is None or self._picture[0] != lamps:
            self._picture = (lamps, draw_lamps(Board(width, 1, 8), lamps))
        return self._picture[1]

    def damage(self, data: bytes) -> bytes:
        """Return `data`: there is nothing that a light sends."""
        return data


@dataclass
class SimWled(SimLight):
    """A WLED strip: `shown` are its pixels."""

    pixels: int = 30
    shown: list[ddp.Colour] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.driver = "light-wled"
        self._codec = ddp.DdpCodec()
        self._next = bytearray(3 * self.pixels)
        self._dark()

    def _forget_rest(self) -> None:
        self._codec.reset()

    def _take(self, data: bytes) -> None:
        for packet in self._codec.feed(data):
            room = max(0, len(self._next) - packet.offset)
            piece = packet.data[:room]
            self._next[packet.offset : packet.offset + len(piece)] = piece
            if packet.push:
                flat = bytes(self._next)
                self.shown = [(flat[at], flat[at + 1], flat[at + 2]) for at in range(0, len(flat), 3)]

    def _dark(self) -> None:
        self._next = bytearray(3 * self.pixels)
        self.shown = [(0, 0, 0)] * self.pixels

    def _lamps(self) -> dict[tuple[int, int], ddp.Colour]:
        return {(at, 0): colour for at, colour in enumerate(self.shown) if any(colour)}

    def state(self) -> dict[str, Any]:
        """Return what is seen: `colour` when the whole strip has one."""
        colours = set(self.shown)
        colour = "#" + bytes(self.shown[0]).hex() if len(colours) == 1 else ""
        return {"colour": colour, "lit": bool(self._lamps()), "png": self._png(self.pixels)}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        found = ddp.DdpCodec().feed(data)
        return (
            "; ".join(
                f"{len(one.data) // 3} pixels from {one.offset // 3}: #{one.data[:3].hex()} …"
                if one.data
                else "asked"
                for one in found
            )
            or f"no packet, {len(data)} bytes"
        )


@dataclass
class SimAsciiLamps(SimLight):
    """A lamp box: `modes` are its lamps that are not out."""

    box: int = 0
    modes: dict[int, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.driver = "light-ascii"
        self._codec = ascii_lamps.LampCodec()

    def _forget_rest(self) -> None:
        self._codec = ascii_lamps.LampCodec()

    def _take(self, data: bytes) -> None:
        for command in self._codec.feed(data):
            if command.box == self.box:
                self.modes.pop(command.lamp, None)
                if command.mode:
                    self.modes[command.lamp] = command.mode

    def _dark(self) -> None:
        self.modes = {}

    def _lamps(self) -> dict[tuple[int, int], ddp.Colour]:
        return {
            (lamp - 11, 0): _LAMP_COLOURS.get(lamp, _WHITE) for lamp in self.modes if lamp in _LAMP_COLOURS
        }

    def state(self) -> dict[str, Any]:
        """Return what is seen: lamp -> mode; `png` shows lamps 11 to 15."""
        modes = {str(lamp): mode for lamp, mode in sorted(self.modes.items())}
        return {"lamps": modes, "lit": bool(modes), "png": self._png(len(_LAMP_COLOURS))}

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk."""
        words = {ascii_lamps.OFF: "out", ascii_lamps.STEADY: "steady", ascii_lamps.BLINK: "blinks"}
        found = ascii_lamps.LampCodec().feed(data)
        return "; ".join(f"lamp {one.lamp} {words.get(one.mode, one.mode)}" for one in found) or "no command"
