"""What kind of day it is: working day, weekend or public holiday; make-up days, the hall's own overrides.

Order: the hall's override table, then what the State Council announced (`Holidays`), then Monday to Friday.
A day that nobody announced yet is *provisional*: whoever plans with it must say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Protocol

Span = tuple[time, time]
"""Local opening and closing time; a closing time of 00:00 is midnight at the end of the day."""


class DayKind(StrEnum):
    """Which of a hall's hours count on a day."""

    WORKDAY = "workday"
    """The hours of weekdays, on make-up Saturdays and Sundays too."""
    WEEKEND = "weekend"
    """The hours of that Saturday or Sunday."""
    HOLIDAY = "holiday"
    """Closed, on whatever weekday."""


@dataclass(frozen=True, slots=True)
class Day:
    """One date.  `zh` and `en` name the holiday or the override's reason; both may be empty.

    `spans` are hours for this date alone, None where the ordinary hours count.
    """

    kind: DayKind
    zh: str = ""
    en: str = ""
    provisional: bool = False
    spans: tuple[Span, ...] | None = None


class Holidays(Protocol):
    """What was announced: public holidays and the weekends worked instead."""

    def announced(self, day: date) -> Day | None:
        """Return what was announced for `day`; None for a date beyond every announcement."""
        ...


class NoHolidays:
    """Nothing was announced, and nothing is awaited: Monday to Friday for certain."""

    def announced(self, day: date) -> Day | None:
        """Return the day by its weekday."""
        return by_weekday(day)


@dataclass(frozen=True)
class Calendar:
    """The days of one hall."""

    holidays: Holidays = field(default_factory=NoHolidays)
    overrides: Mapping[date, Day] = field(default_factory=dict)

    def day(self, day: date) -> Day:
        """Return what kind of day `day` is."""
        override = self.overrides.get(day)
        if override is not None:
            return override
        return self.holidays.announced(day) or by_weekday(day, provisional=True)


def by_weekday(day: date, *, provisional: bool = False) -> Day:
    """Return Monday to Friday as working days, the rest as weekend."""
    kind = DayKind.WORKDAY if day.weekday() < 5 else DayKind.WEEKEND
    return Day(kind, provisional=provisional)
