"""The hall as built: zones, departments, services, windows with skills, hours, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

from queue_server.domain.errors import NotFound, Refused
from queue_server.domain.policy import Policy

Span = tuple[time, time]
"""Local opening and closing time."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Where windows stand together; its calls are said in one audio zone."""

    id: str
    name: str
    en: str
    floor: str
    audio_zone: str


@dataclass(frozen=True, slots=True)
class Department:
    """Who does it."""

    code: str
    name: str
    short: str
    en: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One line of people.  `start` is the day's first number."""

    id: str
    prefix: str
    name: str
    en: str
    zone: str
    departments: tuple[str, ...] = ()
    start: int = 1
    mean_service_s: int = 600
    id_required: bool = False
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """`skills` maps a service to its rank at this window: 1 is called first."""

    id: str
    name: str
    zone: str
    skills: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hours:
    """Local opening hours.  Tickets may be had a little earlier and not quite until closing."""

    weekdays: tuple[Span, ...] = ()
    saturday: tuple[Span, ...] = ()
    sunday: tuple[Span, ...] = ()
    issue_open_before_min: int = 0
    issue_close_before_min: int = 0

    def of(self, day: date) -> tuple[Span, ...]:
        """Return the spans of `day`."""
        return {5: self.saturday, 6: self.sunday}.get(day.weekday(), self.weekdays)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person may hold, and how far patience goes.  0 means no limit."""

    max_open_tickets_per_person: int = 3
    max_open_per_service_per_person: int = 1
    max_tickets_per_person_day: int = 6
    recall_limit: int = 3
    hold_limit_minutes: int = 60
    return_after: int = 3
    """A ticket brought back after a no-show waits behind so many others."""


@dataclass(frozen=True, slots=True)
class CallRules:
    """How the call key behaves (docs/adr/0011).

    `next_while_called`: `refuse` (window-busy) or `no-show` (pass the ticket that nobody came with).
    `next_while_serving`: `finish` or `refuse`.  `next_while_paused`: `resume` or `refuse` (window-paused).
    """

    debounce_s: float = 2.0
    next_while_called: str = "refuse"
    next_while_serving: str = "finish"
    next_while_paused: str = "resume"


@dataclass(frozen=True)
class Hall:
    """Everything that is configured.  Look-ups raise QueueError with a stable code."""

    site: str
    name: str
    en: str
    timezone: ZoneInfo
    zones: dict[str, Zone]
    departments: dict[str, Department]
    services: dict[str, Service]
    windows: dict[str, Window]
    slogan: str = ""
    hotline: str = ""
    hours: Hours = Hours()
    limits: Limits = Limits()
    calling: CallRules = CallRules()
    priorities: frozenset[str] = frozenset()
    policy: Policy = field(default_factory=Policy)
    always_open: bool = False
    demo: bool = False
    public_url: str = "http://127.0.0.1:8080"

    def service(self, service_id: str) -> Service:
        """Return a service.  Raises Refused `service-unknown`."""
        try:
            return self.services[service_id]
        except KeyError:
            raise Refused("service-unknown", service=service_id) from None

    def window(self, window_id: str) -> Window:
        """Return a window.  Raises NotFound."""
        try:
            return self.windows[window_id]
        except KeyError:
            raise NotFound(what=f"window {window_id}") from None

    @cached_property
    def windows_of(self) -> dict[str, tuple[Window, ...]]:
        """Service id -> the windows that handle it, best rank first, in the hall's order."""
        return {
            service_id: tuple(
                sorted(
                    (window for window in self.windows.values() if service_id in window.skills),
                    key=lambda window: window.skills[service_id],
                )
            )
            for service_id in self.services
        }

    @cached_property
    def gains(self) -> dict[str, int]:
        """Service id -> how fast its line gains by waiting: thousandths, 1000 for the mean service time."""
        times = [service.mean_service_s for service in self.services.values()]
        mean = sum(times) / max(1, len(times))
        power = self.policy.short_first
        return {one.id: round(1000 * (mean / one.mean_service_s) ** power) for one in self.services.values()}

    def business_day(self, now: datetime) -> str:
        """Return the hall's local date at `now`: `2026-11-23`."""
        return now.astimezone(self.timezone).date().isoformat()

    def is_issuing(self, now: datetime) -> bool:
        """Say whether tickets are given out at `now`."""
        if self.always_open:
            return True
        local = now.astimezone(self.timezone)
        minute = local.hour * 60 + local.minute
        early, late = self.hours.issue_open_before_min, self.hours.issue_close_before_min
        return any(
            _minutes(start) - early <= minute < _minutes(end) - late
            for start, end in self.hours.of(local.date())
        )

    def hours_text(self, now: datetime) -> str:
        """Return the day's hours: `09:00-12:00 13:00-17:00`, or `-`."""
        spans = self.hours.of(now.astimezone(self.timezone).date())
        return " ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans) or "-"


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
