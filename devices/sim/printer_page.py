"""What a printer's interpreter makes of commands: strips of paper with cells, codes and pictures on them."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from typing import Literal

from devices.sim.printer_code128 import bars, text_of_code
from devices.sim.printer_parser import Command

CELL_WIDE, CELL_HIGH = 12, 24  # font A; a Chinese character is two cells wide
DEFAULT_PITCH = 30
CUTTER_FEED = 96  # dots from the head to the knife
_ALIGN: tuple[Literal["left", "center", "right"], ...] = ("left", "center", "right")


@dataclass(frozen=True, slots=True)
class Cell:
    """One character as it is printed."""

    char: str
    wide: int = 1
    high: int = 1
    bold: bool = False
    inverse: bool = False
    full: bool = False
    """A Chinese character: two cells."""

    @property
    def dots(self) -> int:
        """Its width in dots."""
        return CELL_WIDE * self.wide * (2 if self.full else 1)


@dataclass(frozen=True, slots=True)
class TextStrip:
    """One printed line, `dots` high."""

    cells: tuple[Cell, ...]
    align: Literal["left", "center", "right"]
    dots: int


@dataclass(frozen=True, slots=True)
class Feed:
    """White paper."""

    dots: int


@dataclass(frozen=True, slots=True)
class QrStrip:
    """A QR code; `modules` has one tuple per row, True is black."""

    data: str
    modules: tuple[tuple[bool, ...], ...]
    module: int
    align: Literal["left", "center", "right"]

    @property
    def dots(self) -> int:
        """Its height."""
        return len(self.modules) * self.module


@dataclass(frozen=True, slots=True)
class RasterStrip:
    """A bit image: `wide` bytes a row, most significant bit left, 1 is black."""

    rows: bytes
    wide: int
    dots: int
    align: Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class BarStrip:
    """A barcode; `modules` are 1 (black) and 0, `module` dots wide each."""

    data: str
    modules: str
    module: int
    dots: int
    align: Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True)
class Knife:
    """The cut; `dots` is the feed before it."""

    dots: int = 0


Strip = TextStrip | Feed | QrStrip | BarStrip | RasterStrip | Knife


@dataclass(frozen=True, slots=True)
class _Look:
    wide: int = 1
    high: int = 1
    kanji_wide: int = 1
    kanji_high: int = 1
    bold: bool = False
    inverse: bool = False


def text_of(strips: list[Strip]) -> str:
    """Return what a person reads on the paper, line by line; a code as `[QR] data`, `[CODE128] data`."""
    lines = []
    for strip in strips:
        if isinstance(strip, TextStrip):
            lines.append("".join(cell.char for cell in strip.cells).strip())
        elif isinstance(strip, QrStrip):
            lines.append(f"[QR] {strip.data}")
        elif isinstance(strip, BarStrip):
            lines.append(f"[CODE128] {strip.data}")
    return "\n".join(line for line in lines if line)


@dataclass
class Page:
    """The interpreter's state.  `apply` returns the strips that a command sends to the print head."""

    width_dots: int
    codepage: str = "gbk"
    _look: _Look = field(default_factory=_Look)
    _kanji: bool = False
    _align: Literal["left", "center", "right"] = "left"
    _pitch: int = DEFAULT_PITCH
    _cells: list[Cell] = field(default_factory=list)
    _qr_data: bytes = b""
    _qr_module: int = 3
    _qr_level: str = "l"
    _bar_module: int = 3
    _bar_dots: int = 162
    _decoder: codecs.IncrementalDecoder | None = None

    def reset(self) -> None:
        """ESC @, or power."""
        self.__init__(self.width_dots, self.codepage)  # type: ignore[misc]  # back to how it was built

    def apply(self, command: Command) -> list[Strip]:
        """Interpret one command; those that mean nothing here change nothing."""
        if command.name == "TEXT":
            return self._type(command.args)
        self._end_text()
        printed = self._paper(command)
        if printed is None:
            self._set(command)
            return []
        return printed

    def _paper(self, command: Command) -> list[Strip] | None:
        """Return what a command prints, or None when it is not one that moves paper."""
        args = command.args
        match command.name:
            case "LF":
                return [self._line(self._pitch)]
            case "ESC d":
                return [
                    self._line(self._pitch),
                    *([Feed(self._pitch * (args[0] - 1))] if args[0] > 1 else []),
                ]
            case "ESC J":
                return [self._line(args[0])]
            case "GS V":
                return [*self._flush(), Knife(CUTTER_FEED + args[1] if len(args) > 1 else 0)]
            case "GS (k" if args[:3] == b"1Q0":
                return [*self._flush(), *self._qr()]
            case "GS k" if args[:1] == b"I":
                return [*self._flush(), *self._barcode(args[2:])]
            case "GS v":
                wide, high = int.from_bytes(args[2:4], "little"), int.from_bytes(args[4:6], "little")
                return [*self._flush(), RasterStrip(args[6:], wide, high, self._align)]
        return None

    def _set(self, command: Command) -> None:
        args = command.args
        match command.name:
            case "ESC @":
                self.reset()
            case "FS &" | "FS .":
                self._kanji = command.name == "FS &"
            case "GS !":
                wide, high = (args[0] >> 4 & 7) + 1, (args[0] & 7) + 1
                self._look = replace(self._look, wide=wide, high=high, kanji_wide=wide, kanji_high=high)
            case "FS !":
                self._look = replace(
                    self._look, kanji_wide=2 if args[0] & 4 else 1, kanji_high=2 if args[0] & 8 else 1
                )
            case "ESC E" | "ESC G":
                self._look = replace(self._look, bold=bool(args[0] & 1))
            case "GS B":
                self._look = replace(self._look, inverse=bool(args[0] & 1))
            case "ESC a" if not self._cells and args[0] % 48 < 3:
                self._align = _ALIGN[args[0] % 48]
            case "ESC 3":
                self._pitch = args[0]
            case "ESC 2":
                self._pitch = DEFAULT_PITCH
            case "GS h":
                self._bar_dots = max(1, args[0])
            case "GS w":
                self._bar_module = max(2, min(6, args[0]))
            case "GS (k":
                self._set_qr(args)

    def _set_qr(self, args: bytes) -> None:
        match args[1:2]:
            case b"C":
                self._qr_module = max(1, min(16, args[2]))
            case b"E":
                self._qr_level = "lmqh"[args[2] - 0x30 & 3]
            case b"P":
                self._qr_data = args[3:]

    def _qr(self) -> list[Strip]:
        if not self._qr_data:
            return []
        import segno

        code = segno.make(self._qr_data, error=self._qr_level, micro=False, boost_error=False)
        modules = tuple(tuple(bool(dark) for dark in row) for row in code.matrix)
        data = self._qr_data.decode("utf-8", "replace")
        return [QrStrip(data, modules, self._qr_module, self._align)]

    def _barcode(self, body: bytes) -> list[Strip]:
        """A code that is wider than the paper is not printed."""
        text = text_of_code(body)
        if text is None or len(bars(text)) * self._bar_module > self.width_dots:
            return []
        return [BarStrip(text, bars(text), self._bar_module, self._bar_dots, self._align)]

    def _type(self, raw: bytes) -> list[Strip]:
        if self._decoder is None:
            name = self.codepage if self._kanji else "cp437"
            self._decoder = codecs.getincrementaldecoder(name)("replace")
        return self._put(self._decoder.decode(raw))

    def _end_text(self) -> None:
        """A command ends the run: half a character at its end is a wrong one."""
        if self._decoder is not None:
            self._put(self._decoder.decode(b"", final=True))
            self._decoder = None

    def _put(self, text: str) -> list[Strip]:
        full_lines: list[Strip] = []
        look = self._look
        for char in text:
            full = self._kanji and ord(char) >= 0x80
            wide, high = (look.kanji_wide, look.kanji_high) if full else (look.wide, look.high)
            cell = Cell(char, wide, high, look.bold, look.inverse, full)
            if sum(other.dots for other in self._cells) + cell.dots > self.width_dots and self._cells:
                full_lines.append(self._line(self._pitch))
            self._cells.append(cell)
        return full_lines

    def _line(self, feed: int) -> Strip:
        if not self._cells:
            return Feed(feed)
        cells, self._cells = tuple(self._cells), []
        return TextStrip(cells, self._align, max(feed, *(cell.high * CELL_HIGH for cell in cells), 1))

    def _flush(self) -> list[Strip]:
        return [self._line(self._pitch)] if self._cells else []
