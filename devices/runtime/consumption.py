"""How much is left in a machine, and when it will be empty.  Pure: time is an argument.

Amounts are in whatever the machine uses up: tickets, sheets, cards.  A sensor tells only words (full, low,
out); between them we count.  After a start nobody knows how much is left until a sensor says `low` or the
machine is refilled; that is told as None, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LOW_SHARE = 0.1  # of a filling that is left when a near-end sensor speaks; makers say 3 to 10 m of a roll
FEW = 5.0  # uses from which a pace can be told
SOON = timedelta(minutes=10)  # and the least time over which it is measured
FAR = timedelta(days=30)  # a prediction beyond is no use to anybody
_GONE = ("out", "empty")
_THERE = ("full", "high", "ok")


@dataclass(frozen=True, slots=True)
class Supply:
    """One supply: `used` since `since_at`; `left` now, None while nobody knows; `word` was sensed last."""

    capacity: float
    since_at: datetime
    used: float = 0.0
    left: float | None = None
    word: str = ""

    def after_use(self, amount: float) -> Supply:
        """Return the supply with `amount` less."""
        left = None if self.left is None else max(0.0, self.left - amount)
        return replace(self, used=self.used + amount, left=left)

    def sensed(self, word: str, at: datetime) -> Supply:
        """Return what is known after a sensor said `word`; other words than its own change nothing."""
        if word in _THERE:
            if self.word in ("low", *_GONE):  # somebody filled it
                return Supply(self.capacity, at, 0.0, self.capacity, word)
            return replace(self, word=word)
        if word == "low":
            most = self.capacity * LOW_SHARE
            left = most if self.word in _GONE or self.left is None else min(self.left, most)
            return replace(self, left=left, word=word)
        return replace(self, left=0.0, word=word) if word in _GONE else self


def empty_at(supply: Supply, now: datetime) -> datetime | None:
    """Return when it will be empty at the pace since it was filled; None when nobody can tell.

    The pace counts nights too: right over days, too early on the first day.
    """
    if supply.left is None:
        return None
    if supply.left <= 0:
        return now
    elapsed = now - supply.since_at
    if supply.used < FEW or elapsed < SOON:
        return None
    lasts = elapsed * (supply.left / supply.used)
    return now + lasts if lasts <= FAR else None
