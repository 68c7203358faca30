"""Lamp boxes that take ASCII: `O(00,15,2)E` makes lamp 15 of box 00 blink, `O(00,15,0)E` puts it out.

Source: one third-party program for service halls; lamps 11 to 15 and modes 0 and 2 were seen there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OFF, STEADY, BLINK = 0, 1, 2
"""1 (steady) was not seen: it is believed from the gap between the two."""

_COMMAND = re.compile(rb"O\((\d\d),(\d\d),(\d)\)E")
_LONGEST = len(b"O(00,15,2)E")


@dataclass(frozen=True, slots=True)
class LampCommand:
    """One lamp of one box; all are decimal, `box` and `lamp` two digits, `mode` one."""

    lamp: int
    mode: int
    box: int = 0

    def encode(self) -> bytes:
        """Return the command's bytes.  Raises ValueError for numbers that it has no room for."""
        if not (0 <= self.box <= 99 and 0 <= self.lamp <= 99 and 0 <= self.mode <= 9):
            raise ValueError("box and lamp have two digits, mode one")
        return f"O({self.box:02},{self.lamp:02},{self.mode})E".encode("ascii")


class LampCodec:
    """Finds commands in a stream.  Does no I/O; holds less than one command."""

    def __init__(self) -> None:
        self._buffer = b""
        self.discarded = 0

    def feed(self, data: bytes) -> list[LampCommand]:
        """Take bytes as they arrived, in any chunking; return the commands completed."""
        self._buffer += data
        found: list[LampCommand] = []
        end = 0
        for match in _COMMAND.finditer(self._buffer):
            box, lamp, mode = map(int, match.groups())
            found.append(LampCommand(lamp, mode, box))
            self.discarded += match.start() - end
            end = match.end()
        rest = self._buffer[end:]
        kept = rest[-(_LONGEST - 1) :]
        start = kept.find(b"O")
        kept = kept[start:] if start >= 0 else b""
        self.discarded += len(rest) - len(kept)
        self._buffer = kept
        return found
