"""The parts of `hall.toml` that say when and how many: hours, calendar, caps."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from queue_server.adapters.holidays import ChineseHolidays
from queue_server.domain.calendar import Calendar, Day, DayKind, NoHolidays, Span
from queue_server.domain.opening import Hours

_MIDNIGHT = datetime.time(0)


def _in_order(spans: list[Span]) -> list[Span]:
    """Refuse a span that ends before it begins; an end of 00:00 is midnight."""
    for start, end in spans:
        if end != _MIDNIGHT and end <= start:
            raise ValueError(f"{start:%H:%M}-{end:%H:%M} ends before it begins")
    return spans


Spans = Annotated[list[Span], AfterValidator(_in_order)]


class Strict(BaseModel):
    """A table in which an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HoursTable(Strict):
    """`[hall.hours]`, and `[service.hours]` in its stead: local times.

    `lunch_duty` counts for services that a window with `lunch_duty = true` handles.
    """

    weekdays: Spans = []
    saturday: Spans = []
    sunday: Spans = []
    issue_open_before_min: int = Field(default=0, ge=0)
    issue_close_before_min: int = Field(default=0, ge=0)
    lunch_duty: Spans = []


class DayTable(Strict):
    """`[[hall.calendar.day]]`: one date that is otherwise than announced, or not announced yet.

    `hours` are for this date alone.
    """

    date: datetime.date
    kind: Literal["workday", "weekend", "holiday"]
    note: str = Field(default="", max_length=40)
    en: str = Field(default="", max_length=60)
    hours: Spans | None = None


class CalendarTable(Strict):
    """`[hall.calendar]`.  `holidays`: `china` (chinese_calendar), or `none`: Monday to Friday."""

    holidays: Literal["china", "none"] = "china"
    day: list[DayTable] = []


class CapsTable(Strict):
    """`[hall.caps]`: what the services' `cap_*` mean.  `interval_min` divides the day."""

    afternoon_from: datetime.time = datetime.time(12)
    interval_min: Literal[5, 10, 15, 20, 30, 60, 90, 120, 180, 240] = 30


def hours_of(table: HoursTable) -> Hours:
    """Return the hours of a table."""
    return Hours(
        tuple(table.weekdays),
        tuple(table.saturday),
        tuple(table.sunday),
        table.issue_open_before_min,
        table.issue_close_before_min,
        tuple(table.lunch_duty),
    )


def calendar_of(table: CalendarTable) -> Calendar:
    """Return the calendar of a table."""
    days = {
        one.date: Day(
            DayKind(one.kind), one.note, one.en, spans=None if one.hours is None else tuple(one.hours)
        )
        for one in table.day
    }
    return Calendar(ChineseHolidays() if table.holidays == "china" else NoHolidays(), days)
