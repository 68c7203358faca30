"""What chains of services need of a store: each stop that was served, beside the ticket that went on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StopDone:
    """A stop that is over; `window` served it.  The last stop of a chain is the ticket's own end."""

    ticket_id: str
    day: str
    service_id: str
    window: str
    finished_at: datetime


class ChainTx(Protocol):
    """The writing half; part of `Tx`."""

    def add_stop(self, stop: StopDone) -> None:
        """Keep a stop that was served; it counts among what its window served that day."""
        ...


class ChainView(Protocol):
    """The reading half; part of `View`."""

    def stops_done(self, ticket_id: str) -> Sequence[StopDone]:
        """Return the stops of a ticket that are over, in order."""
        ...
