"""What a driver may do with a print system's queue: the wire of a document printer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SpoolJob:
    """One job: `state` is IPP's job-state, `pages` how many pages the print system counted."""

    number: int
    state: int
    pages: int = 0


@dataclass(frozen=True, slots=True)
class SpoolQueue:
    """A queue: `state` is IPP's printer-state, `reasons` its printer-state-reasons."""

    state: int
    reasons: tuple[str, ...] = ()
    accepting: bool = True


class Spooler(Protocol):
    """One queue of a print system.

    WireClosed and TransportError say that the print system is gone, WireTimeout that it does not answer,
    DeviceFault that it refuses: `no-document`, `document-type`, `queue-unknown`, `print-system`.
    """

    async def queue(self) -> SpoolQueue:
        """Return how the queue is now."""
        ...

    async def submit(self, name: str, path: str, options: Mapping[str, str]) -> int:
        """Hand in the file at `path` under `name`; return the job's number.

        After a WireTimeout the job may be there or not: `find` tells.
        """
        ...

    async def find(self, name: str) -> SpoolJob | None:
        """Return this terminal's newest job called `name`, finished ones too."""
        ...

    async def job(self, number: int) -> SpoolJob:
        """Return how a job is now."""
        ...

    async def cancel(self, number: int) -> None:
        """Take a job back; nothing happens when it has ended."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let time go by."""
        ...

    def now_s(self) -> float:
        """Return a monotonic clock in seconds."""
        ...
