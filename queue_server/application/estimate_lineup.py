"""The line-up of one group of windows as a store shows it: windows that share services, directly or not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from queue_server.application.estimate_ports import AtWindow, EstimateSource
from queue_server.domain.desk import Desk
from queue_server.domain.estimate_lineup import LineKey, Lineup, Post
from queue_server.domain.estimate_pace import Pace
from queue_server.domain.hall import Hall, Window
from queue_server.domain.opening import Opening

MOST_QUEUED = 60
"""So many of each line are read; who stands behind is reckoned."""
PAUSE_S, LEAST_AWAY_S = 480.0, 60.0
"""How long a pause is taken to last, and what is left of one that lasts longer; plausible, not sourced."""


@dataclass(frozen=True, slots=True)
class Group:
    """Windows and services that depend on each other, in the hall's order."""

    n: int
    windows: tuple[str, ...]
    services: tuple[str, ...]


def groups_of(hall: Hall) -> dict[str, Group]:
    """Return the group of each service that some window takes."""
    parts: list[tuple[list[str], set[str]]] = []
    for window in hall.windows.values():
        joined = [part for part in parts if part[1] & window.skills.keys()]
        parts = [part for part in parts if part not in joined]
        windows = [one for part in joined for one in part[0]]
        services = {one for part in joined for one in part[1]}
        parts.append(([*windows, window.id], services | window.skills.keys()))
    found: dict[str, Group] = {}
    for n, (windows, skills) in enumerate(parts):
        known = tuple(one for one in hall.services if one in skills)
        found |= dict.fromkeys(known, Group(n, tuple(windows), known))
    return found


def lineup_of(
    source: EstimateSource,
    hall: Hall,
    now: datetime,
    group: Group,
    paces: dict[str, Pace],
    arrivals: dict[str, float],
) -> Lineup:
    """Return the group as it is at `now`; windows where nobody is signed in are left out."""
    day, now_us = hall.business_day(now), round(now.timestamp() * 1_000_000)
    lines: dict[LineKey, list[float]] = defaultdict(list)
    for one in source.queued(day, group.services, MOST_QUEUED):
        lines[one.service_id, one.priority].append(max(0, now_us - one.place) / 1_000_000)
    busy = {one.window: one for one in source.at_windows(group.windows)}
    desks, sent, rest = source.desks(), source.sent_to(day), break_after(hall, now)
    return Lineup(
        posts=tuple(
            _post(hall.windows[window], desks[window], busy.get(window), sent.get(window, 0), rest, now)
            for window in group.windows
            if desks[window].is_open
        ),
        lines={key: tuple(line) for key, line in lines.items()},
        paces=paces,
        gains=hall.gains,
        policy=hall.policy,
        arrivals=arrivals,
    )


def break_after(hall: Hall, now: datetime) -> tuple[float, float] | None:
    """Return when the hall's next break begins and ends, or the present one: seconds from `now`."""
    if hall.always_open:
        return None
    local = now.astimezone(hall.timezone)
    midnight = datetime.combine(local.date(), time(), hall.timezone)
    spans = Opening(hall.timezone, hall.calendar, hall.hours, lunch_duty=False).work(local.date())
    for (_, until), (start, _) in pairwise(spans):
        ends = (midnight + timedelta(minutes=start) - now).total_seconds()
        if ends > 0:
            return (midnight + timedelta(minutes=until) - now).total_seconds(), ends
    return None


def _post(
    window: Window,
    desk: Desk,
    busy: AtWindow | None,
    sent: int,
    rest: tuple[float, float] | None,
    now: datetime,
) -> Post:
    away_s = 0.0
    if desk.paused:
        since_s = (now - desk.since_at).total_seconds() if desk.since_at else 0.0
        away_s = max(LEAST_AWAY_S, PAUSE_S - max(0.0, since_s))
    return Post(
        skills=window.skills,
        serving=busy.service_id if busy else None,
        elapsed_s=max(0.0, (now - busy.called_at).total_seconds()) if busy else 0.0,
        away_s=away_s,
        rest=None if window.lunch_duty else rest,
        reserved=sent,
    )
