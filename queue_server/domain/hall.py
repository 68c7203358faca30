"""The hall as built: zones, departments, services, windows with skills, hours, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from queue_server.domain.appointment_rules import AppointmentRules
from queue_server.domain.calendar import Calendar
from queue_server.domain.calendar import Span as Span
from queue_server.domain.caps import Caps
from queue_server.domain.chain import Package
from queue_server.domain.errors import NotFound, Refused
from queue_server.domain.lease import LeaseRules
from queue_server.domain.opening import Hours as Hours
from queue_server.domain.opening import Opening
from queue_server.domain.policy import Policy


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
class Matter:
    """What one comes for, and the code of the department whose matter it is."""

    name: str
    department: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One line of people.  `start` is the day's first number; `hours` None: the hall's."""

    id: str
    prefix: str
    name: str
    en: str
    zone: str
    departments: tuple[str, ...] = ()
    start: int = 1
    mean_service_s: int = 600
    id_required: bool = False
    matters: tuple[Matter, ...] = ()
    caps: Caps = field(default_factory=Caps)
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """`skills` maps a service to its rank at this window: 1 is called first."""

    id: str
    name: str
    zone: str
    skills: dict[str, int] = field(default_factory=dict)
    lunch_duty: bool = False
    accessible: bool = False


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
    max_stops: int = 6
    """A ticket may go on to so many further services."""
    stop_credit_minutes: int = 15
    """Whoever comes from an earlier stop counts as having joined the next line so long ago."""


@dataclass(frozen=True, slots=True)
class CallRules:
    """How the call key behaves (docs/adr/0011).

    `next_while_called`: `refuse` (window-busy) or `no-show` (pass the ticket that nobody came with).
    `next_while_serving`: `finish` or `refuse`.  `next_while_paused`: `resume` or `refuse` (window-paused).
    `takeover`: whether somebody may sign in where somebody else is: `allow` (recorded) or `refuse`.
    """

    debounce_s: float = 2.0
    next_while_called: str = "refuse"
    next_while_serving: str = "finish"
    next_while_paused: str = "resume"
    takeover: str = "allow"
    card_toggles: bool = False
    """A staff card shown where its holder is signed in signs out."""


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
    hours: Hours = field(default_factory=Hours)
    calendar: Calendar = field(default_factory=Calendar)
    expire_after_close_min: int | None = None
    """Open tickets expire so long after the last window closed; None: at midnight."""
    limits: Limits = Limits()
    appointment: AppointmentRules = field(default_factory=AppointmentRules)
    calling: CallRules = CallRules()
    priorities: frozenset[str] = frozenset()
    policy: Policy = field(default_factory=Policy)
    packages: dict[str, Package] = field(default_factory=dict)
    leases: LeaseRules = field(default_factory=LeaseRules)
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
    def accessible_classes(self) -> frozenset[str]:
        """Codes of the priority classes whose tickets belong at an accessible window."""
        return frozenset(code for code, cls in self.policy.classes.items() if cls.accessible)

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

    @cached_property
    def openings(self) -> dict[str, Opening]:
        """Service id -> when its tickets are given out; services with the same rule share it."""
        made: dict[tuple[Hours, bool], Opening] = {}
        found = {}
        for service in self.services.values():
            duty = any(window.lunch_duty for window in self.windows_of[service.id])
            rule = (service.hours or self.hours, duty)
            if rule not in made:
                made[rule] = Opening(self.timezone, self.calendar, rule[0], lunch_duty=duty)
            found[service.id] = made[rule]
        return found

    def is_issuing(self, now: datetime, service_id: str | None = None) -> bool:
        """Say whether tickets of a service (None: of any) are given out at `now`."""
        if self.always_open:
            return True
        asked = {self.openings[service_id]} if service_id is not None else set(self.openings.values())
        return any(opening.is_issuing(now) for opening in asked)

    def opens_at(self, now: datetime, service_id: str) -> datetime | None:
        """Return `now` if tickets of a service are given out, else when that begins; None: not soon."""
        if self.is_issuing(now, service_id):
            return now
        return self.openings[service_id].next_opening(now)

    def hours_text(self, now: datetime, service_id: str | None = None) -> str:
        """Return the day's hours of a service (None: of the hall): `09:00-12:00 13:00-17:00`, or `-`."""
        today = now.astimezone(self.timezone).date()
        hall = Opening(self.timezone, self.calendar, self.hours, lunch_duty=False)
        opening = hall if service_id is None else self.openings[service_id]
        return " ".join(f"{_clock(start)}-{_clock(end)}" for start, end in opening.work(today)) or "-"

    def expires_before(self, now: datetime) -> str:
        """Return the first business day whose tickets stay open: today, in the evening tomorrow."""
        today = now.astimezone(self.timezone).date()
        if self._evening_began(now, today):
            return (today + timedelta(days=1)).isoformat()
        return today.isoformat()

    def _evening_began(self, now: datetime, today: date) -> bool:
        if self.expire_after_close_min is None or self.always_open:
            return False
        ends = [end for opening in set(self.openings.values()) for _, end in opening.work(today)]
        local = now.astimezone(self.timezone)
        return local.hour * 60 + local.minute >= max(ends, default=0) + self.expire_after_close_min


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
