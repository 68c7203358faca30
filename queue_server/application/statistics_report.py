"""The figures as rows: by day, hour, service, window, and how citizens rated."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta

from queue_server.application.statistics import (
    Desktime,
    Facts,
    Figures,
    Key,
    Spread,
    desktime_by,
    figures_by,
    sitting_by,
    spread_of,
)
from queue_server.application.statistics_estimate import accuracy_of
from queue_server.contracts.statistics import PauseOut, SpreadOut, StatisticsKind, StatisticsRow
from queue_server.domain.evaluation import LEVELS
from queue_server.domain.hall import Hall

GOOD = frozenset(LEVELS[2:])
"""满意 counts from fair (基本满意) on, as the national figures do."""


def span_of(hall: Hall, day: date, until: date) -> tuple[datetime, datetime]:
    """Return the first moment of `day` and the first after `until`, in the hall's timezone."""
    zone = hall.timezone
    return (
        datetime.combine(day, time(), zone),
        datetime.combine(until + timedelta(days=1), time(), zone),
    )


def report(hall: Hall, kind: StatisticsKind, facts: Facts, now: datetime) -> list[StatisticsRow]:
    """Return the rows of `kind`: days and hours that had any, every service, every window."""
    if kind is StatisticsKind.EVALUATIONS:
        return _evaluations(hall, facts)
    found = figures_by(facts, _key(hall, kind, facts))
    if kind is StatisticsKind.SERVICES:
        return [_row(one.id, one.name, found.get(one.id)) for one in hall.services.values()]
    if kind is StatisticsKind.WINDOWS:
        spent = desktime_by(facts, now)
        return [
            _row(one.id, one.name, found.get(one.id), spent.get(one.id, Desktime()))
            for one in hall.windows.values()
        ]
    if kind is StatisticsKind.CLERKS:
        by_clerk = desktime_by(facts, now, sitting_by(facts))
        keys = sorted(found.keys() | by_clerk.keys())
        return [_row(key, key, found.get(key), by_clerk.get(key, Desktime())) for key in keys]
    rows = [_row(key, key, found[key]) for key in sorted(found)]
    if kind is StatisticsKind.DAY and len(rows) == 1:
        total = _sum(list(desktime_by(facts, now).values()))
        return [_row(rows[0].key, rows[0].name, found[rows[0].key], total)]
    return rows


def _key(hall: Hall, kind: StatisticsKind, facts: Facts) -> Key:
    sitting = sitting_by(facts)

    def key(at: datetime, service: str | None, window: str | None) -> str | None:
        if kind is StatisticsKind.SERVICES:
            return service
        if kind is StatisticsKind.WINDOWS:
            return window
        if kind is StatisticsKind.CLERKS:
            return sitting(at, window) if window is not None else None
        form = "%Y-%m-%d" if kind is StatisticsKind.DAY else "%Y-%m-%dT%H"
        return at.astimezone(hall.timezone).strftime(form)

    return key


def _row(key: str, name: str, figures: Figures | None, spent: Desktime | None = None) -> StatisticsRow:
    counted = figures or Figures()
    row = StatisticsRow(
        key=key,
        name=name,
        **counted.counts,
        wait=_spread(spread_of(counted.waits_s)),
        service=_spread(spread_of(counted.services_s)),
        estimate=accuracy_of(counted.told),
    )
    if spent is None:
        return row
    busy = spent.utilisation
    return row.model_copy(
        update={
            "open_s": round(spent.open_s, 3),
            "busy_s": round(spent.busy_s, 3),
            "paused_s": round(spent.paused_s, 3),
            "utilisation": None if busy is None else round(busy, 4),
            "pauses": [
                PauseOut(reason=reason, seconds=round(seconds, 3))
                for reason, seconds in sorted(spent.pauses.items(), key=lambda item: (-item[1], item[0]))
            ],
        }
    )


def _spread(spread: Spread) -> SpreadOut:
    return SpreadOut(count=spread.count, mean_s=spread.mean_s, median_s=spread.median_s, p90_s=spread.p90_s)


def _sum(all_spent: list[Desktime]) -> Desktime:
    total = Desktime()
    for spent in all_spent:
        total.open_s += spent.open_s
        total.busy_s += spent.busy_s
        total.paused_s += spent.paused_s
        for reason, seconds in spent.pauses.items():
            total.pauses[reason] += seconds
    return total


def _evaluations(hall: Hall, facts: Facts) -> list[StatisticsRow]:
    """Return the whole hall's split (key `all`), then that of each window that was rated."""
    split: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(LEVELS, 0))
    for rated in facts.ratings:
        for key in ("all", rated.window):
            if key is not None:
                split[key][rated.level] += 1
    names = {"all": hall.name} | {window.id: window.name for window in hall.windows.values()}
    return [_split(key, name, split[key]) for key, name in names.items() if key == "all" or key in split]


def _split(key: str, name: str, levels: dict[str, int]) -> StatisticsRow:
    rated = sum(levels.values())
    good = sum(count for level, count in levels.items() if level in GOOD)
    share = round(good / rated, 4) if rated else None
    return StatisticsRow(key=key, name=name, rated=rated, levels=levels, satisfied_share=share)
