"""Why a service gives out no tickets now, and what to do: in words for a screen, with the next moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from queue_server.domain.caps import Slot
from queue_server.domain.hall import Hall
from queue_server.domain.opening import Closed

_WEEKDAYS = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
)
WEEKDAYS = (*_WEEKDAYS, ("周日", "Sun"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WORDS: dict[Closed, tuple[str, str]] = {
    Closed.BEFORE: ("尚未开始取号", "Not open yet"),
    Closed.BREAK: ("休息时段", "A break"),
    Closed.AFTER: ("今日取号已结束", "Over for today"),
    Closed.DAY_OFF: ("今日休息", "Closed today"),
    Closed.HOLIDAY: ("{zh}放假", "Closed for {en}"),
    Closed.QUOTA: ("号已取完", "No tickets left"),
}
"""zh, en; what follows says when tickets are given out again."""


@dataclass(frozen=True, slots=True)
class ClosedNow:
    """`opens_at` is None when nothing is known; `zh` and `en` say it all."""

    reason: Closed
    opens_at: datetime | None
    zh: str
    en: str


def closed_now(hall: Hall, service_id: str, now: datetime, full: Slot | None = None) -> ClosedNow | None:
    """Return why no ticket of a service can be had at `now`, None when one can.

    `full` is the slot in which nothing is left, if there is one.
    """
    opening = hall.openings[service_id]
    today = opening.day(now.astimezone(hall.timezone).date())
    reason = None if hall.always_open else opening.closed(now)
    if reason is not None:
        opens_at = opening.next_opening(now)
    elif full is not None:
        reason, opens_at = Closed.QUOTA, hall.opens_at(full.ends, service_id)
    else:
        return None
    zh, en = WORDS[reason]
    when_zh, when_en = _when(hall, service_id, now, opens_at)
    names = {"zh": today.zh or "节假日", "en": today.en or "a public holiday"}
    return ClosedNow(reason, opens_at, f"{zh.format(**names)},{when_zh}", f"{en.format(**names)}. {when_en}")


def _when(hall: Hall, service_id: str, now: datetime, opens_at: datetime | None) -> tuple[str, str]:
    if opens_at is None:
        return "请到咨询台询问", "Please ask at the information desk."
    zh, en = moment(opens_at, now, hall.timezone)
    if hall.openings[service_id].day(opens_at.astimezone(hall.timezone).date()).provisional:
        zh, en = f"{zh}(暂定)", f"{en} (provisional)"
    return f"{zh}起取号", f"Tickets from {en}."


def moment(at: datetime, now: datetime, timezone: ZoneInfo) -> tuple[str, str]:
    """Return a moment in Chinese and English: `13:00` today, else `11月24日(周二)08:45`."""
    local, today = at.astimezone(timezone), now.astimezone(timezone).date()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return clock, clock
    zh, en = WEEKDAYS[local.weekday()]
    month = MONTHS[local.month - 1]
    return f"{local.month}月{local.day}日({zh}){clock}", f"{en} {local.day} {month} {clock}"
