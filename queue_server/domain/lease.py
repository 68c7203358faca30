"""Leases: what a terminal may give out by itself while the server is away (docs/offline.md).

A lease holds, for one business day, a block of numbers of each service and a share of what its caps have
left.  A number of a block that was not used is never used again: a gap is honest, a number given twice is
not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from queue_server.domain.caps import Caps


@dataclass(frozen=True, slots=True)
class LeaseRules:
    """`[hall.leases]`.  `size` numbers in a block; a terminal asks anew below `renew_below`.

    `max_open` leases of one terminal at a time: one more closes its oldest.  `cap_share_percent` of what a
    cap has left goes into one lease, rounded down.  A ticket may still be dated `grace_min` after the day.
    Blocks begin at number `leased_from`, behind those of an ordinary day; 0: where the day stands.
    """

    size: int = 20
    renew_below: int = 5
    max_open: int = 3
    cap_share_percent: int = 25
    grace_min: int = 60
    leased_from: int = 601


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive numbers, `first` to `last`, both included."""

    first: int
    last: int

    def __contains__(self, n: int) -> bool:
        """Say whether `n` is one of them."""
        return self.first <= n <= self.last


@dataclass(frozen=True, slots=True)
class Lease:
    """One lease.  `holder` is the caller it was given to, `day` its business day.

    `places`: service -> slot of a cap -> tickets that the holder may still give out in it; a service or slot
    that is not there has no cap.  They go down with each ticket handed in and back to the hall at closing.
    """

    id: str
    holder: str
    terminal: str
    day: str
    made_at: datetime
    expires_at: datetime
    blocks: Mapping[str, Block] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    closed_at: datetime | None = None

    def holds(self, service_id: str, n: int) -> bool:
        """Say whether the number is one of this lease's."""
        return service_id in self.blocks and n in self.blocks[service_id]

    def bounded(self, issued_at: datetime, now: datetime) -> datetime:
        """Return the moment of a ticket, moved into the lease's life and not after `now`.

        A terminal's clock may be wrong; the ticket on paper is real all the same.
        """
        return max(self.made_at, min(issued_at, self.expires_at, max(now, self.made_at)))

    def spend(self, service_id: str, slot: str) -> tuple[Lease, bool]:
        """Use one place; return (the lease after it, whether there was one)."""
        left = self.places.get(service_id, {}).get(slot, 0)
        if self.closed_at is not None or left <= 0:
            return self, False
        fewer = {**self.places[service_id], slot: left - 1}
        return replace(self, places={**self.places, service_id: fewer}), True


@dataclass(frozen=True, slots=True)
class Handed:
    """One ticket that was handed in under a lease; `key` is the terminal's own name for it."""

    lease_id: str
    service_id: str
    n: int
    key: str
    ticket_id: str
    mark: str = ""
    """Why this ticket would not have been given out online; empty when it would."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A slot of a cap and when it counts: `from_at` (included) until `until_at`."""

    slot: str
    limit: int
    from_at: datetime
    until_at: datetime


def stretches(caps: Caps, spans: Iterable[tuple[datetime, datetime]], local: datetime) -> list[Stretch]:
    """Return the slots of the caps that lie in `spans` from `local` (the hall's time) on, each once."""
    found: dict[str, Stretch] = {}
    for start, end in spans:
        at = max(start.astimezone(local.tzinfo), local)
        while at < end:
            slots = caps.slots(at)
            if not slots:
                at = _next_half(caps, at)
                continue
            for slot in slots:
                begun = found.get(slot.name)
                from_at = begun.from_at if begun else at
                found[slot.name] = Stretch(slot.name, slot.limit, from_at, slot.ends)
            at = min(slot.ends for slot in slots)
    return list(found.values())


def _next_half(caps: Caps, at: datetime) -> datetime:
    """Return when the other half-day begins, or the next day: the next moment another cap may count."""
    noon = datetime.combine(at.date(), caps.afternoon_from, at.tzinfo)
    return noon if at < noon else datetime.combine(at.date(), noon.time().min, at.tzinfo) + timedelta(days=1)


def share_of(left: int, size: int, percent: int) -> int:
    """Return how many of `left` places one lease gets: a share, rounded down, at most a block's size."""
    return max(0, min(size, left * percent // 100))
