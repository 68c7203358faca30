"""Cuts a printer's receive buffer into commands, one at a time, as a printer's interpreter does.

An unknown command is skipped by the length that its family has, and counted; text comes in runs.
Real-time commands (DLE …) never reach this place: the simulator takes them out on arrival.
"""

from __future__ import annotations

from dataclasses import dataclass

ESC, FS, GS = 0x1B, 0x1C, 0x1D
# Bytes after `prefix letter`.  Source: protocols section 3.5; the rest from the Epson command reference.
_FIXED = {
    ESC: {"@": 0, "2": 0, "S": 0, "L": 0, "3": 1, " ": 1, "!": 1, "-": 1, "E": 1, "G": 1, "M": 1, "R": 1,
          "V": 1, "a": 1, "d": 1, "J": 1, "t": 1, "{": 1, "$": 2, "\\": 2, "B": 2, "c": 2, "p": 3},
    FS: {"&": 0, ".": 0, "!": 1, "-": 1, "W": 1, "C": 1, "S": 2, "p": 2},
    GS: {"!": 1, "B": 1, "H": 1, "I": 1, "a": 1, "b": 1, "f": 1, "h": 1, "r": 1, "w": 1, "L": 2,
         "P": 2, "W": 2},
}  # fmt: skip
_PREFIX = {ESC: "ESC", FS: "FS", GS: "GS"}


@dataclass(frozen=True, slots=True)
class Command:
    """`name` such as `GS (k`, `TEXT`, `LF`; `args` is all after the name; `known` is False when skipped."""

    name: str
    args: bytes = b""
    known: bool = True


class CommandParser:
    """The receive buffer and what stands in front of it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def __len__(self) -> int:
        return len(self._buffer)

    def put(self, data: bytes) -> None:
        """Append received bytes."""
        self._buffer += data

    def clear(self) -> None:
        """Lose everything."""
        self._buffer.clear()

    def take(self) -> Command | None:
        """Return the next command, or None until the rest of it has come."""
        if not self._buffer:
            return None
        first = self._buffer[0]
        if first >= 0x20:
            end = next((at for at, byte in enumerate(self._buffer) if byte < 0x20), len(self._buffer))
            return self._pop("TEXT", 0, end)
        if first not in _PREFIX:
            known = first in (0x0A, 0x0D, 0x09)
            return self._pop({0x0A: "LF", 0x0D: "CR", 0x09: "HT"}.get(first, f"{first:02X}"), 1, 1, known)
        if len(self._buffer) < 2:
            return None
        return self._take_prefixed(first, chr(self._buffer[1]))

    def _take_prefixed(self, prefix: int, letter: str) -> Command | None:
        name = f"{_PREFIX[prefix]} {letter}"
        if letter in _FIXED[prefix]:
            return self._pop(name, 2, 2 + _FIXED[prefix][letter])
        if letter == "(":
            return self._take_function(name)
        if prefix == GS and letter == "V":
            return self._take_cut(name)
        if prefix == GS and letter == "v":
            return self._take_raster(name)
        if prefix == GS and letter == "k":
            return self._take_barcode(name)
        if prefix == ESC and letter == "D":
            end = self._buffer.find(0, 2)
            return self._pop(name, 2, end + 1) if end >= 0 else None
        return self._pop(name, 2, 2, known=False)

    def _take_function(self, name: str) -> Command | None:
        """`( X pL pH` and as many bytes as they say: the family that a clone can always skip."""
        if len(self._buffer) < 5:
            return None
        length = int.from_bytes(self._buffer[3:5], "little")
        return self._pop(name + chr(self._buffer[2]), 5, 5 + length)

    def _take_cut(self, name: str) -> Command | None:
        if len(self._buffer) < 3:
            return None
        return self._pop(name, 2, 4 if self._buffer[2] >= 65 else 3)

    def _take_raster(self, name: str) -> Command | None:
        if len(self._buffer) < 8:
            return None
        wide = int.from_bytes(self._buffer[4:6], "little")
        high = int.from_bytes(self._buffer[6:8], "little")
        return self._pop(name, 2, 8 + wide * high)

    def _take_barcode(self, name: str) -> Command | None:
        if len(self._buffer) < 4:
            return None
        if self._buffer[2] >= 65:
            return self._pop(name, 2, 4 + self._buffer[3])
        end = self._buffer.find(0, 3)
        return self._pop(name, 2, end + 1) if end >= 0 else None

    def _pop(self, name: str, start: int, end: int, known: bool = True) -> Command | None:
        if len(self._buffer) < end:
            return None
        command = Command(name, bytes(self._buffer[start:end]), known)
        del self._buffer[:end]
        return command
