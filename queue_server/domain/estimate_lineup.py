"""A moment of the hall as far as one group of windows goes: all that an estimate is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from queue_server.domain.estimate_pace import Pace
from queue_server.domain.policy import Order, Policy

LineKey = tuple[str, str | None]
"""Service and priority class, None for normal tickets."""


@dataclass(frozen=True, slots=True)
class Post:
    """One window that will call.  `skills` as in Window: service -> rank.

    `serving` is the service it is busy with since `elapsed_s`.  It calls nobody for `away_s` yet, and nobody
    within `rest`, seconds from now (a lunch break).  `reserved` tickets were sent to it alone.
    """

    skills: Mapping[str, int]
    serving: str | None = None
    elapsed_s: float = 0.0
    away_s: float = 0.0
    rest: tuple[float, float] | None = None
    reserved: int = 0


@dataclass(frozen=True, slots=True)
class Lineup:
    """`lines`: how long each ticket has waited, in the order of the line; `gains` as Hall.gains.

    `arrivals`: how many come for a service, per second.
    """

    posts: tuple[Post, ...]
    lines: Mapping[LineKey, tuple[float, ...]]
    paces: Mapping[str, Pace]
    gains: Mapping[str, int]
    policy: Policy
    arrivals: Mapping[str, float] = field(default_factory=dict)

    @property
    def overdue_s(self) -> float:
        """From what wait on a ticket is passed by nobody who came later."""
        is_bounded = self.policy.order is Order.ACCUMULATING
        return self.policy.overdue_min * 60.0 if is_bounded else math.inf

    @property
    def green(self) -> str | None:
        """The class that stands for all priority classes; None where there is none."""
        return next(iter(self.policy.classes), None)
