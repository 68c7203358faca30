"""A wire on which a recorded machine answers: what it said then, when the driver says what was said then."""

from __future__ import annotations

from collections.abc import Sequence

from devices.errors import WireClosed, WireTimeout
from devices.transports.recording import Entry, Passed

SLACK_S = 0.005  # a computer is not equally quick each time


class ReplayWire:
    """A ByteStream over a transcript's bytes; its clock is the recording's.

    Hidden bytes come back as zeros: their number is right, their meaning is gone.  `differs` is the first
    place where the driver said something else than in the recording, empty while it did not.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._ahead = [entry for entry in entries if isinstance(entry, Passed)]
        self._written = b""
        self._now_s = 0.0
        self._open = True
        self.differs = ""

    @property
    def left(self) -> int:
        """How many recorded chunks have not been played."""
        return len(self._ahead)

    def now_s(self) -> float:
        """Return the recording's time."""
        return self._now_s

    async def write(self, data: bytes) -> None:
        """Compare with what was said then.  Raises WireClosed when the recording has ended."""
        if not self._open or not self._ahead:
            raise WireClosed("the recording has ended")
        self._written += data
        while self._ahead and self._ahead[0].direction == "tx":
            then = self._ahead[0]
            size = len(then.data) + then.hidden
            if len(self._written) < size:
                return
            self._compare(then, self._written[:size])
            self._written = self._written[size:]
            self._now_s = max(self._now_s, then.at_s)
            self._ahead.pop(0)
        if self._written:
            self._compare(Passed(self._now_s, "tx", b""), self._written)
            self._written = b""

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return what came then.  Raises WireTimeout when nothing came here, WireClosed at the end."""
        until_s = float("inf") if timeout_s is None else self._now_s + timeout_s
        if self._ahead and self._ahead[0].direction == "rx" and (timeout_s is None or self._is_due(until_s)):
            came = self._ahead.pop(0)
            self._now_s = max(self._now_s, came.at_s)
            return came.data + bytes(came.hidden)
        if timeout_s is None or not self._open or not self._ahead:
            raise WireClosed("the recording has ended")
        self._now_s = until_s
        raise WireTimeout("nothing came then")

    async def close(self) -> None:
        """End."""
        self._open = False

    def _is_due(self, until_s: float) -> bool:
        return self._ahead[0].at_s <= until_s + SLACK_S

    def _compare(self, then: Passed, now: bytes) -> None:
        if now[: len(then.data)] != then.data or len(now) != len(then.data) + then.hidden:
            said = then.data.hex(" ") or "nothing"
            self.differs = self.differs or f"at {then.at_s:.3f} s: then {said}, now {now.hex(' ')}"
