"""The slots of a service that can be booked: from its hours and calendar, with how many places each has.

A slot lies wholly within a span of working hours.  Where the service has caps, all slots that begin in a
half-day (or interval) share `share_of_cap` of its cap, the earlier ones getting what does not divide; with
several caps the smallest part counts.  Without caps it is that share of what the windows get done in a slot
by the mean service time, at least one place.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from queue_server.domain.caps import Slot as Cap
from queue_server.domain.hall import Hall, Service

LOOK_AHEAD_DAYS = 60
"""The longest holidays and a month of working days; beyond it nothing is offered."""


@dataclass(frozen=True, slots=True)
class BookableSlot:
    """One slot of a service.  `start_at` and `end_at` are UTC; `caps` are those its bookings count in."""

    service_id: str
    day: str
    start_at: datetime
    end_at: datetime
    capacity: int
    caps: tuple[Cap, ...]

    @property
    def key(self) -> str:
        """The name under which a store counts its bookings: UTC, `2026-11-24T01:00`."""
        return slot_key(self.start_at)


def slot_key(start_at: datetime) -> str:
    """Return the name under which a store counts the bookings of a slot."""
    return f"{start_at.astimezone(UTC):%Y-%m-%dT%H:%M}"


def bookable_days(hall: Hall, service: Service, now: datetime) -> list[date]:
    """Return the days that can be booked at `now`, in order: the `days_ahead` rules on working days."""
    rules, opening = hall.appointment, hall.openings[service.id]
    today = now.astimezone(hall.timezone).date()
    found = [today] if rules.days_ahead_min == 0 and opening.work(today) else []
    ahead = 0
    for distance in range(1, LOOK_AHEAD_DAYS + 1):
        if ahead >= rules.days_ahead_max:
            break
        day = today + timedelta(days=distance)
        if opening.work(day):
            ahead += 1
            if ahead >= rules.days_ahead_min:
                found.append(day)
    return found


def slots_on(hall: Hall, service: Service, day: date) -> list[BookableSlot]:
    """Return the slots of a day in order, those without a place too; empty when the service is closed."""
    starts = _starts(hall, service, day)
    length = timedelta(minutes=hall.appointment.slot_minutes)
    caps = {start: service.caps.slots(start) for start in starts}
    places = _places(hall, service, starts, caps)
    return [
        BookableSlot(
            service.id,
            day.isoformat(),
            start.astimezone(UTC),
            (start + length).astimezone(UTC),
            places[start],
            caps[start],
        )
        for start in starts
    ]


def slot_at(hall: Hall, service: Service, start_at: datetime) -> BookableSlot | None:
    """Return the slot that begins at `start_at`, None when there is none."""
    day = start_at.astimezone(hall.timezone).date()
    return next((slot for slot in slots_on(hall, service, day) if slot.start_at == start_at), None)


def _starts(hall: Hall, service: Service, day: date) -> list[datetime]:
    """Return the local moments at which slots begin; by the clock on the wall."""
    step = hall.appointment.slot_minutes
    midnight = datetime.combine(day, time(), hall.timezone)
    return [
        midnight + timedelta(minutes=minute)
        for begins, ends in hall.openings[service.id].work(day)
        for minute in range(begins, ends - step + 1, step)
    ]


def _places(
    hall: Hall, service: Service, starts: list[datetime], caps: dict[datetime, tuple[Cap, ...]]
) -> dict[datetime, int]:
    share = hall.appointment.share_of_cap
    groups: dict[str, list[datetime]] = defaultdict(list)
    limits: dict[str, int] = {}
    for start in starts:
        for cap in caps[start]:
            groups[cap.name].append(start)
            limits[cap.name] = cap.limit
    parts: dict[datetime, list[int]] = defaultdict(list)
    for name, members in groups.items():
        each, rest = divmod(_share(limits[name], share), len(members))
        for place, start in enumerate(members):
            parts[start].append(each + (place < rest))
    free = _places_without_caps(hall, service)
    return {start: min(parts[start], default=free) for start in starts}


def _places_without_caps(hall: Hall, service: Service) -> int:
    windows = len(hall.windows_of[service.id])
    done = windows * hall.appointment.slot_minutes * 60 // service.mean_service_s
    return max(1, _share(done, hall.appointment.share_of_cap)) if windows else 0


def _share(of: int, share: float) -> int:
    """Return the whole part of a share; 0.4 of 5 is 2, whatever floating point makes of it."""
    return int(of * share + 1e-9)
