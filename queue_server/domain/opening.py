"""When tickets are given out: hours with breaks, the calendar, lunch duty; and when it opens next.

All arithmetic is on local wall time of one date and never crosses midnight: a ticket belongs to the business
day on which it was taken.  Spans that touch or overlap are one span, so lunch duty closes the gap between
morning and afternoon and the margins (`issue_open_before_min`, `issue_close_before_min`) count at its ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from queue_server.domain.calendar import Calendar, Day, DayKind, Span

LOOK_AHEAD_DAYS = 30
"""The longest holiday with its weekends is far shorter; beyond it a hall says nothing."""
DAY_MIN = 24 * 60
REMEMBERED_DAYS = 64
Minutes = tuple[int, int]
"""Minutes of a local day, from and until: 0 <= from < until <= 1440."""
Moments = tuple[datetime, datetime]
"""Aware, UTC: from (included) until (excluded)."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Local opening hours.  Tickets may be had a little earlier and not quite until closing.

    `lunch_duty` are spans in which only windows on lunch duty work; they count for services of such windows.
    """

    weekdays: tuple[Span, ...] = ()
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    issue_open_before_min: int = 0
    issue_close_before_min: int = 0
    lunch_duty: tuple[Span, ...] = ()

    def of(self, day: date) -> tuple[Span, ...]:
        """Return the spans of `day` by its weekday alone."""
        return {5: self.saturday, 6: self.sunday}.get(day.weekday(), self.weekdays)


class Closed(StrEnum):
    """Why tickets cannot be had now."""

    BEFORE = "before"
    BREAK = "break"
    AFTER = "after"
    DAY_OFF = "day-off"
    HOLIDAY = "holiday"
    QUOTA = "quota"


def merged(spans: Iterable[Minutes]) -> tuple[Minutes, ...]:
    """Return the spans in order, those that touch or overlap drawn together."""
    found: list[Minutes] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def widened(spans: Iterable[Minutes], early: int, late: int) -> tuple[Minutes, ...]:
    """Return when tickets are given out: from `early` minutes before each span to `late` before its end.

    Nothing leaves the day; a span that would be empty is left out.
    """
    moved = ((max(0, start - early), end - late) for start, end in spans)
    return merged((start, end) for start, end in moved if start < end)


def minutes_of(span: Span) -> Minutes:
    """Return a span as minutes of the day; a closing time of 00:00 is the end of the day."""
    start, end = (at.hour * 60 + at.minute for at in span)
    return start, end or DAY_MIN


@dataclass(frozen=True, slots=True)
class _Plan:
    """One date: what is worked, and when tickets are given out."""

    day: Day
    work: tuple[Minutes, ...]
    issue: tuple[Moments, ...]


class Opening:
    """The opening rule of one service, or of the hall.  May be asked from any thread."""

    def __init__(self, timezone: ZoneInfo, calendar: Calendar, hours: Hours, *, lunch_duty: bool) -> None:
        """`lunch_duty`: some window of this service works through the break."""
        self._timezone, self._calendar, self._hours, self._duty = timezone, calendar, hours, lunch_duty
        self._plans: dict[date, _Plan] = {}

    def work(self, day: date) -> tuple[Minutes, ...]:
        """Return when the windows work on `day`."""
        return self._plan(day).work

    def issuing(self, day: date) -> tuple[Moments, ...]:
        """Return when tickets are given out on `day`, in order."""
        return self._plan(day).issue

    def is_issuing(self, now: datetime) -> bool:
        """Say whether tickets are given out at `now`."""
        today = now.astimezone(self._timezone).date()
        return any(start <= now < end for start, end in self._plan(today).issue)

    def next_opening(self, now: datetime) -> datetime | None:
        """Return the first moment after `now` at which issuing begins, UTC; None: not within 30 days."""
        today = now.astimezone(self._timezone).date()
        for ahead in range(LOOK_AHEAD_DAYS + 1):
            for start, _ in self._plan(today + timedelta(days=ahead)).issue:
                if start > now:
                    return start
        return None

    def closed(self, now: datetime) -> Closed | None:
        """Return why no tickets are given out at `now`, None when they are."""
        plan = self._plan(now.astimezone(self._timezone).date())
        if any(start <= now < end for start, end in plan.issue):
            return None
        if not plan.issue:
            return Closed.HOLIDAY if plan.day.kind is DayKind.HOLIDAY else Closed.DAY_OFF
        if now < plan.issue[0][0]:
            return Closed.BEFORE
        return Closed.AFTER if now >= plan.issue[-1][1] else Closed.BREAK

    def day(self, day: date) -> Day:
        """Return what kind of day it is."""
        return self._plan(day).day

    def _plan(self, day: date) -> _Plan:
        plan = self._plans.get(day)
        if plan is None:
            if len(self._plans) >= REMEMBERED_DAYS:
                self._plans = {}
            plan = self._plans[day] = self._made(day)
        return plan

    def _made(self, day: date) -> _Plan:
        hours, kind = self._hours, self._calendar.day(day)
        work = merged(minutes_of(span) for span in self._spans(day, kind))
        if work and self._duty and kind.spans is None:
            work = merged((*work, *(minutes_of(span) for span in hours.lunch_duty)))
        issue = widened(work, hours.issue_open_before_min, hours.issue_close_before_min)
        return _Plan(kind, work, tuple((self._at(day, start), self._at(day, end)) for start, end in issue))

    def _spans(self, day: date, kind: Day) -> tuple[Span, ...]:
        if kind.spans is not None:
            return kind.spans
        ordinary = {DayKind.WORKDAY: self._hours.weekdays, DayKind.WEEKEND: self._hours.of(day)}
        return ordinary.get(kind.kind, ())

    def _at(self, day: date, minute: int) -> datetime:
        """Return the moment of a local minute; by the clock on the wall."""
        local = datetime.combine(day, time(), self._timezone) + timedelta(minutes=minute)
        return local.astimezone(UTC)
