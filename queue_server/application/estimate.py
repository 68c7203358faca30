"""The wait to be told for a service or a ticket, from a line-up that is read once and used for a second.

`Forecasts` is what a store keeps in memory for it.  It may be asked from any thread: entries are replaced
whole, and two threads that miss together do the same work twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from queue_server.application.estimate_lineup import Group, groups_of, lineup_of
from queue_server.application.estimate_ports import EstimateSource
from queue_server.domain.desk import Desk
from queue_server.domain.estimate import Estimate, quantile, range_of
from queue_server.domain.estimate_lineup import LineKey
from queue_server.domain.estimate_pace import Pace, configured, learned, with_no_shows
from queue_server.domain.estimate_run import calls_of
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket

FRESH, LONG_FRESH = timedelta(seconds=1), timedelta(seconds=10)
SETTLING = timedelta(milliseconds=50)
LEARNED_FRESH = timedelta(seconds=120)
SHORT_LINE = 12
"""A line this short is played anew after each call, at most once in SETTLING and at least once in FRESH.

In a longer one the places ahead are counted anew, but the answer for a place may be LONG_FRESH old.
"""
NEWEST_TODAY, NEWEST_BEFORE, NEWEST_TAKEN = 40, 60, 20
"""So many served tickets of each window, and newest tickets of each service, are looked at."""
WEEK = timedelta(days=7)


class Issuing(EstimateSource, Protocol):
    """What of a `Tx` is used when a ticket is made; `ports` itself names this module."""

    @property
    def hall(self) -> Hall:
        """The hall as built."""
        ...

    @property
    def now(self) -> datetime:
        """The moment of the transaction."""
        ...

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket` for its service."""
        ...


@dataclass(frozen=True, slots=True)
class _Forecast:
    """When each place of a group's lines is called; `greens` counts priority tickets by service."""

    made_at: datetime
    asked: frozenset[str]
    taking: tuple[bool, ...]
    called: tuple[datetime | None, ...]
    places: dict[LineKey, list[list[float]]]
    greens: dict[str, int]
    green: str | None
    each_s: dict[str, float]


@dataclass(slots=True)
class _Memory:
    """What is kept for one hall: by group the newest forecast, what was learned today, and before today."""

    hall: Hall
    groups: dict[str, Group]
    made: dict[int, _Forecast] = field(default_factory=dict)
    learned: dict[int, tuple[datetime, dict[str, Pace], dict[str, float]]] = field(default_factory=dict)
    before: dict[int, tuple[str, dict[str, Pace]]] = field(default_factory=dict)


class Forecasts:
    """The newest forecast of each group of windows and the paces learned so far."""

    def __init__(self) -> None:
        self._memory: _Memory | None = None

    def __copy__(self) -> Forecasts:
        """Return itself: what is learned in a job that is refused afterwards stays learned."""
        return self

    def tell(
        self,
        source: EstimateSource,
        hall: Hall,
        now: datetime,
        service_id: str,
        *,
        ahead: int,
        green: bool = False,
        asked: Collection[str] = (),
    ) -> Estimate:
        """Return the wait of somebody with `ahead` people before them in the line of `service_id`.

        `ahead` counts as Tx.ahead_of: for a normal ticket the priority tickets too.  `asked` services are
        made ready as well, when this has to play the line-up.
        """
        memory = self._memory
        if memory is None or memory.hall is not hall:
            memory = self._memory = _Memory(hall, groups_of(hall))
        group = memory.groups.get(service_id)
        if group is None:
            return Estimate()
        desks = source.desks()
        if not any(desks[window.id].is_taking for window in hall.windows_of[service_id]):
            return Estimate()
        kept = memory.made.get(group.n)
        if kept is None or not _is_fresh(kept, group, desks, now, service_id, ahead):
            often = kept is not None and timedelta() <= now - kept.made_at < FRESH
            wanted = set(group.services) if often else {service_id, *asked} & set(group.services)
            kept = _play(source, memory, now, group, wanted)
            memory.made[group.n] = kept
        return _told(kept, service_id, ahead, green=green)


def _play(source: EstimateSource, memory: _Memory, now: datetime, group: Group, asked: set[str]) -> _Forecast:
    paces, arrivals = _learned(source, memory, now, group)
    desks = source.desks()
    lineup = lineup_of(source, memory.hall, now, group, paces, arrivals)
    greens: dict[str, int] = defaultdict(int)
    for (service_id, cls), line in lineup.lines.items():
        greens[service_id] += len(line) if cls is not None else 0
    each_s = {
        one: paces[one].mean_s / max(1, sum(one in post.skills for post in lineup.posts)) for one in asked
    }
    return _Forecast(
        now,
        frozenset(asked),
        *_marks(group, desks),
        calls_of(lineup, asked),
        dict(greens),
        lineup.green,
        each_s,
    )


def _learned(
    source: EstimateSource, memory: _Memory, now: datetime, group: Group
) -> tuple[dict[str, Pace], dict[str, float]]:
    """Return how long calls take (today and on the last same weekday) and how many come per second."""
    hall, kept = memory.hall, memory.learned.get(group.n)
    if kept is not None and timedelta() <= now - kept[0] < LEARNED_FRESH:
        return kept[1], kept[2]
    day = hall.business_day(now)
    before = memory.before.get(group.n)
    if before is None or before[0] != day:
        last_week = (date.fromisoformat(day) - WEEK).isoformat()
        prior = {one: configured(hall.services[one].mean_service_s) for one in group.services}
        before = (day, _paces(prior, source.lasted(last_week, group.windows, NEWEST_BEFORE)))
        memory.before[group.n] = before
    seen = source.lasted(day, group.windows, NEWEST_TODAY)
    passed = source.passed_at(day, group.windows)
    paces = {
        service_id: with_no_shows(pace, passed, len(seen) + passed)
        for service_id, pace in _paces(before[1], seen).items()
    }
    arrivals = {
        one: arrival_rate([now - at for at in source.newest_issued(day, one, NEWEST_TAKEN)])
        for one in group.services
    }
    memory.learned[group.n] = (now, paces, arrivals)
    return paces, arrivals


def arrival_rate(ages: Sequence[timedelta]) -> float:
    """Return how many come per second, from the ages of the newest tickets, the newest first."""
    hour = timedelta(hours=1)
    recent = [one for one in ages if one <= hour]
    span = max(recent[-1], hour / 4) if len(recent) == NEWEST_TAKEN else hour
    return len(recent) / span.total_seconds()


def _paces(prior: dict[str, Pace], seen: Collection[tuple[str, float]]) -> dict[str, Pace]:
    times: dict[str, list[float]] = defaultdict(list)
    for service_id, seconds in seen:
        times[service_id].append(seconds)
    return {service_id: learned(pace, times[service_id]) for service_id, pace in prior.items()}


def _marks(group: Group, desks: dict[str, Desk]) -> tuple[tuple[bool, ...], tuple[datetime | None, ...]]:
    mine = [desks[window] for window in group.windows]
    return tuple(one.is_taking for one in mine), tuple(one.last_call_at for one in mine)


def _is_fresh(
    kept: _Forecast, group: Group, desks: dict[str, Desk], now: datetime, service_id: str, ahead: int
) -> bool:
    age, is_short = now - kept.made_at, ahead <= SHORT_LINE
    if service_id not in kept.asked or not timedelta() <= age < (FRESH if is_short else LONG_FRESH):
        return False
    taking, called = _marks(group, desks)
    if taking != kept.taking:
        return False
    moved = is_short and (called != kept.called or ahead >= _length(kept, service_id))
    return not moved or timedelta() < age < SETTLING


def _length(kept: _Forecast, service_id: str) -> int:
    return len(kept.places.get((service_id, None), ())) + kept.greens.get(service_id, 0)


def _told(kept: _Forecast, service_id: str, ahead: int, *, green: bool) -> Estimate:
    key: LineKey = (service_id, kept.green if green else None)
    places = kept.places.get(key)
    if not places:
        return Estimate()
    place = max(0, ahead if green else ahead - kept.greens.get(service_id, 0))
    if place < len(places):
        return range_of(places[place])
    behind = place - len(places) + 1
    last_s = quantile(sorted(places[-1]), 0.5)
    each_s = last_s / len(places) if len(places) > SHORT_LINE else kept.each_s[service_id]
    stretch = 1 + behind * each_s / last_s if last_s > 0 else 1.0
    if stretch > 1:
        return range_of([one * stretch for one in places[-1]])
    return range_of(places[-1], behind * each_s)


def wait_of_service(
    source: EstimateSource, hall: Hall, now: datetime, service_id: str, waiting: int
) -> Estimate:
    """Return the wait of a normal citizen who takes a ticket now; `waiting` wait already."""
    return source.forecasts.tell(source, hall, now, service_id, ahead=waiting, asked=hall.services)


def wait_of_ticket(source: EstimateSource, hall: Hall, now: datetime, ticket: Ticket, ahead: int) -> Estimate:
    """Return how long a waiting ticket with `ahead` before it still waits."""
    green = ticket.priority is not None
    return source.forecasts.tell(source, hall, now, ticket.service_id, ahead=ahead, green=green)


def with_told_wait(tx: Issuing, ticket: Ticket) -> Ticket:
    """Return a ticket that is about to be added, with the wait that its holder is told."""
    told = wait_of_ticket(tx, tx.hall, tx.now, ticket, tx.ahead_of(ticket))
    return replace(ticket, est_low_s=told.low_s, est_likely_s=told.likely_s, est_high_s=told.high_s)
