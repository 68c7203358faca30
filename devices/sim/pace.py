"""Bytes under way: answers that a machine sends after a delay and at the speed of its serial line."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

BITS_PER_BYTE = 10  # 8N1: start, eight, stop
BURST = 512
"""How many bytes become due together: what a USB serial adapter hands over at once."""


@dataclass
class PacedOutput:
    """A queue of bytes with the times at which they have arrived.  `baud` None: no wire time."""

    baud: int | None = None
    _due: deque[tuple[float, bytes]] = field(default_factory=deque)
    _free_s: float = 0.0

    def put(self, data: bytes, start_s: float) -> None:
        """Begin to send `data` at `start_s`, or when what was put before has left."""
        at_s = max(start_s, self._free_s) if self._due else start_s
        for place in range(0, len(data), BURST):
            burst = data[place : place + BURST]
            if self.baud is not None:
                at_s += len(burst) * BITS_PER_BYTE / self.baud
            self._due.append((at_s, burst))
        self._free_s = at_s

    def take(self, now_s: float) -> bytes:
        """Return what has arrived by `now_s`."""
        out = b""
        while self._due and self._due[0][0] <= now_s:
            out += self._due.popleft()[1]
        return out

    def next_due_s(self) -> float | None:
        """Return when the next bytes arrive, None when none are under way."""
        return self._due[0][0] if self._due else None
