"""Figures of a hall from the stored edges: every change of a ticket or a window with its moment.

A *wait* lasts from the edge that put a ticket into a line to its call; a ticket that is transferred or put
back waits several times.  A *service* lasts from start (or call, where a pad has no start key) to the edge
that ended it; a hold interrupts it.  Times are seconds.  Everything is exact: nothing is sampled or binned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from queue_server.application.records import Event
from queue_server.contracts.events import EventName

COUNTED = {
    EventName.TICKET_ISSUED: "issued",
    EventName.TICKET_FINISHED: "served",
    EventName.TICKET_NO_SHOW: "passed",
    EventName.TICKET_CANCELLED: "cancelled",
}
COUNTS = ("issued", "served", "passed", "cancelled", "expired")
NOT_EDGES = frozenset(
    {EventName.TICKET_PRINT, EventName.TICKET_RATED, EventName.TICKET_RECALLED, EventName.WINDOW_CHANGED}
)


@dataclass(frozen=True, slots=True)
class DeskEdge:
    """From `at` on a window is open or not, paused or not."""

    at: datetime
    window: str
    is_open: bool
    paused: bool
    reason: str = ""
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A ticket's first call at `at` after `waited_s`, and what its holder had been told, seconds."""

    at: datetime
    service_id: str
    window: str | None
    waited_s: float
    low_s: int
    likely_s: int
    high_s: int


@dataclass(frozen=True, slots=True)
class Rated:
    """One evaluation; `level` as in domain.evaluation.LEVELS."""

    at: datetime
    window: str | None
    level: str


@dataclass(frozen=True, slots=True)
class Expired:
    """A ticket that nobody called before its day was over; it counts for the moment it was issued."""

    issued_at: datetime
    service_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened from `start` to `end`, in order; `desks` begins with each window's last edge before."""

    start: datetime
    end: datetime
    events: list[Event]
    expired: list[Expired]
    desks: list[DeskEdge]
    ratings: list[Rated]
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Period:
    """A ticket was in `state` from `start` to `end`, at `window`; then came `then`, at `to_window`.

    `then` is None while the period goes on.
    """

    state: str
    service_id: str | None
    window: str | None
    start: datetime
    end: datetime
    then: EventName | None
    to_window: str | None

    @property
    def seconds(self) -> float:
        """How long; 0 when the clock was moved back meanwhile."""
        return max(0.0, (self.end - self.start).total_seconds())


@dataclass(frozen=True, slots=True)
class Spread:
    """How long things took: how many, and mean, median and the 90th percentile (nearest rank), in seconds."""

    count: int = 0
    mean_s: float | None = None
    median_s: float | None = None
    p90_s: float | None = None


@dataclass
class Figures:
    """What is counted for one day, hour, service or window."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    waits_s: list[float] = field(default_factory=list)
    services_s: list[float] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass
class Desktime:
    """How a window spent a span, in seconds; pauses are not part of `open_s`."""

    open_s: float = 0.0
    busy_s: float = 0.0
    paused_s: float = 0.0
    pauses: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def utilisation(self) -> float | None:
        """Busy share of the open time, 0 to 1; None for a window that was not open."""
        return min(1.0, self.busy_s / self.open_s) if self.open_s > 0 else None


def spread_of(seconds: list[float]) -> Spread:
    """Return mean, median and p90; None for nothing.  The median of an even count is the mean of the two."""
    if not seconds:
        return Spread()
    ordered = sorted(seconds)
    count = len(ordered)
    median = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    p90 = ordered[ceil(0.9 * count) - 1]
    return Spread(count, *(round(value, 3) for value in (sum(ordered) / count, median, p90)))


def periods_of(events: Iterable[Event], end: datetime) -> Iterable[Period]:
    """Yield each period in the order of its end; what goes on at `end` comes last."""
    last: dict[str, Event] = {}
    for event in events:
        if event.ticket_id is None or event.name in NOT_EDGES:
            continue
        before = last.get(event.ticket_id)
        last[event.ticket_id] = event
        if before is not None:
            yield _period(before, event.at, event.name, event.window)
    for event in last.values():
        yield _period(event, end, None, None)


def _period(began: Event, end: datetime, then: EventName | None, to_window: str | None) -> Period:
    return Period(began.state or "", began.service_id, began.window, began.at, end, then, to_window)


Key = Callable[[datetime, str | None, str | None], str | None]
"""(moment, service, window) -> the group it counts for, None for none."""


def figures_by(facts: Facts, key: Key) -> dict[str, Figures]:
    """Count what happened within the span, grouped by `key`; a wait counts where and when it ended."""
    found: dict[str | None, Figures] = defaultdict(Figures)
    for event in facts.events:
        name = COUNTED.get(event.name)
        if name is not None:
            found[key(event.at, event.service_id, event.window)].counts[name] += 1
    for late in facts.expired:
        found[key(late.issued_at, late.service_id, None)].counts["expired"] += 1
    for one in facts.told:
        found[key(one.at, one.service_id, one.window)].told.append(one)
    for period in periods_of(facts.events, facts.end):
        if period.state == "waiting" and period.then is EventName.TICKET_CALLED:
            group = found[key(period.end, period.service_id, period.to_window)]
            group.waits_s.append(period.seconds)
        elif _is_service(period):
            found[key(period.end, period.service_id, period.window)].services_s.append(period.seconds)
    return {group: figures for group, figures in found.items() if group is not None}


def _is_service(period: Period) -> bool:
    if period.state == "called":
        return period.then is EventName.TICKET_FINISHED  # by a pad without a start key
    return period.state == "serving" and period.then is not None


def desktime_by(
    facts: Facts, now: datetime, sitting: Callable[[datetime, str], str | None] | None = None
) -> dict[str, Desktime]:
    """Return how each window spent the span, up to `now`; each clerk, when `sitting` says who sat where."""
    whose = sitting or (lambda at, window: window)
    found: dict[str | None, Desktime] = defaultdict(Desktime)
    end = min(facts.end, now)
    for edge, until in _spans(facts, end):
        seconds = (min(until, end) - max(edge.at, facts.start)).total_seconds()
        if seconds <= 0 or not edge.is_open:
            continue
        spent = found[whose(edge.at, edge.window)]
        if edge.paused:
            spent.paused_s += seconds
            spent.pauses[edge.reason] += seconds
        else:
            spent.open_s += seconds
    for period in periods_of(facts.events, end):
        seconds = (min(period.end, end) - max(period.start, facts.start)).total_seconds()
        if period.window is not None and period.state in ("called", "serving") and seconds > 0:
            found[whose(period.start, period.window)].busy_s += seconds
    return {key: spent for key, spent in found.items() if key is not None}


def sitting_by(facts: Facts) -> Callable[[datetime, str], str | None]:
    """Return who sat at a window at a moment (username), None for nobody or an unknown window."""
    times: dict[str, list[datetime]] = defaultdict(list)
    who: dict[str, list[str | None]] = defaultdict(list)
    for edge in facts.desks:
        times[edge.window].append(edge.at)
        who[edge.window].append(edge.operator)

    def sitting(at: datetime, window: str) -> str | None:
        place = bisect_right(times[window], at)
        return who[window][place - 1] if place else None

    return sitting


def _spans(facts: Facts, end: datetime) -> Iterable[tuple[DeskEdge, datetime]]:
    last: dict[str, DeskEdge] = {}
    for edge in facts.desks:
        if edge.window in last:
            yield last[edge.window], edge.at
        last[edge.window] = edge
    for edge in last.values():
        yield edge, end
