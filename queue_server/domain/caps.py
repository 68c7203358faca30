"""How many tickets a service gives out: per half-day and per interval.  0 means no limit.

A half-day or an interval is a *slot* of one business day with a name; the store counts tickets by that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

MORNING, AFTERNOON = "am", "pm"


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps of one service.  `afternoon_from` is the local time at which the second half-day begins.

    `per_interval` tickets in each `interval_min` minutes, counted from local midnight.
    """

    morning: int = 0
    afternoon: int = 0
    afternoon_from: time = time(12)
    per_interval: int = 0
    interval_min: int = 30

    def slots(self, local: datetime) -> tuple[Slot, ...]:
        """Return the slots that a ticket taken at `local` fills: only those with a limit."""
        found = []
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        noon = datetime.combine(local.date(), self.afternoon_from, local.tzinfo)
        if local < noon:
            half = Slot(MORNING, self.morning, noon)
        else:
            half = Slot(AFTERNOON, self.afternoon, midnight + timedelta(days=1))
        if half.limit > 0:
            found.append(half)
        if self.per_interval > 0:
            index = (local.hour * 60 + local.minute) // self.interval_min
            ends = midnight + timedelta(minutes=(index + 1) * self.interval_min)
            found.append(Slot(f"i{index}", self.per_interval, ends))
        return tuple(found)

    def full(self, local: datetime, taken: Mapping[str, int]) -> Slot | None:
        """Return the slot of `local` in which nothing is left; of several the one that ends last."""
        spent = [slot for slot in self.slots(local) if taken.get(slot.name, 0) >= slot.limit]
        return max(spent, key=lambda slot: slot.ends, default=None)

    def left(self, local: datetime, taken: Mapping[str, int]) -> int | None:
        """Return how many tickets the half-days from `local` on still have; None when one has no limit."""
        halves = {AFTERNOON: self.afternoon}
        if local.time() < self.afternoon_from:
            halves[MORNING] = self.morning
        if not all(halves.values()):
            return None
        return sum(max(0, limit - taken.get(name, 0)) for name, limit in halves.items())


@dataclass(frozen=True, slots=True)
class Slot:
    """A counted part of a day.  `ends` is local: from then on another slot counts."""

    name: str
    limit: int
    ends: datetime
