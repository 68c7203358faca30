"""多窗联办: one number, several stops in order (docs/chains.md).

A ticket's own service is the stop it stands at; `Ticket.stops` keeps those still to come.  Whoever comes from
an earlier stop does not start at the end of the next line, and does not jump it either: the ticket counts as
if it had joined that line `credit` minutes ago, at most since it was issued.  So a chain passes only those
who came within the last `credit` minutes, and nobody who has waited longer than that is ever passed by one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from queue_server.domain.errors import QueueError, Refused

MINUTE_US = 60_000_000
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Package:
    """A chain with a name (一件事): its services in the order of the stops."""

    id: str
    name: str
    en: str
    services: tuple[str, ...]


def stops_of(kept: str) -> tuple[str, ...]:
    """Return the services still to come from their kept text: `B,C`."""
    return tuple(kept.split(",")) if kept else ()


def kept_stops(stops: Sequence[str]) -> str:
    """Return the text under which services still to come are kept."""
    return ",".join(stops)


def check_chain(first: str, stops: Sequence[str], known: Collection[str], most: int) -> None:
    """Refuse a chain that cannot be walked.

    Raises Refused `service-unknown`; QueueError `validation` for a service twice in a row or more than `most`
    further stops.
    """
    if len(stops) > most:
        raise QueueError("validation", reason=f"stops: at most {most}")
    before = first
    for stop in stops:
        if stop not in known:
            raise Refused("service-unknown", service=stop)
        if stop == before:
            raise QueueError("validation", reason=f"stops: {stop} twice in a row")
        before = stop


def place_at_next_stop(issued_at: datetime, now: datetime, credit_min: int) -> int:
    """Return the place in the next line: `credit_min` minutes before `now`, never before the issue."""
    return max(_place(issued_at), _place(now) - credit_min * MINUTE_US)


def _place(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
