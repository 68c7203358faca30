"""`hall.toml`: the hall as built, read and checked once at start."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from devices.runtime.toml_settings import SettingsError, load
from queue_server.adapters.hall_appointments import AppointmentTable, appointment_rules_of
from queue_server.adapters.hall_hours import (
    CalendarTable,
    CapsTable,
    HoursTable,
    Strict,
    calendar_of,
    hours_of,
)
from queue_server.adapters.hall_packages import PackageTable, packages_of
from queue_server.adapters.hall_policy import PolicyTable, PriorityTable, policy_of
from queue_server.domain.caps import Caps
from queue_server.domain.hall import (
    CallRules,
    Department,
    Hall,
    Limits,
    Matter,
    Service,
    Window,
    Zone,
)
from queue_server.domain.lease import LeaseRules


class LimitsTable(Strict):
    """`[hall.limits]`: 0 means no limit."""

    max_open_tickets_per_person: int = Field(default=3, ge=0)
    max_open_per_service_per_person: int = Field(default=1, ge=0)
    max_tickets_per_person_day: int = Field(default=6, ge=0)
    recall_limit: int = Field(default=3, ge=0)
    hold_limit_minutes: int = Field(default=60, ge=0)
    return_after: int = Field(default=3, ge=0)
    max_stops: int = Field(default=6, ge=0, le=20)
    stop_credit_minutes: int = Field(default=15, ge=0, le=600)


class LeasesTable(Strict):
    """`[hall.leases]`: what a terminal may give out while the server is away (docs/offline.md)."""

    size: int = Field(default=20, ge=1, le=500)
    renew_below: int = Field(default=5, ge=0)
    max_open: int = Field(default=3, ge=1, le=20)
    cap_share_percent: int = Field(default=25, ge=0, le=100)
    grace_min: int = Field(default=60, ge=0, le=720)
    leased_from: int = Field(default=601, ge=0, le=100_000)


class HallTable(Strict):
    """`[hall]`."""

    site: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")
    name: str
    en: str
    slogan: str = ""
    timezone: str = "Asia/Shanghai"
    hotline: str = ""
    hours: HoursTable = HoursTable()
    calendar: CalendarTable = CalendarTable()
    caps: CapsTable = CapsTable()
    limits: LimitsTable = LimitsTable()
    appointment: AppointmentTable = AppointmentTable()
    expire_after_close_min: int | None = Field(default=None, ge=0)
    leases: LeasesTable = LeasesTable()


class ZoneTable(Strict):
    """`[[zone]]`."""

    id: str
    floor: str
    name: str
    en: str = ""
    audio_zone: str


class DepartmentTable(Strict):
    """`[[department]]`."""

    code: str
    name: str
    short: str
    en: str = ""
    icon: str = ""


class MatterTable(Strict):
    """One of `matters`."""

    name: str
    department: str


class ServiceTable(Strict):
    """`[[service]]`.  `cap_*`: tickets for each half-day and interval, 0 means no limit.

    `hours` replaces the hall's as a whole.  `warn_waiting` belongs to warnings.
    """

    id: str
    prefix: str = Field(pattern=r"^[A-Z]{1,2}$")
    name: str
    en: str = ""
    zone: str
    departments: list[str] = []
    start: int = Field(default=1, ge=1)
    cap_am: int = Field(default=0, ge=0)
    cap_pm: int = Field(default=0, ge=0)
    cap_interval: int = Field(default=0, ge=0)
    warn_waiting: int = 0
    mean_service_s: int = Field(default=600, ge=1)
    id_required: bool = False
    matters: list[MatterTable] = []
    hours: HoursTable | None = None


class WindowTable(Strict):
    """`[[window]]`."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str
    zone: str
    kind: str = ""
    skills: dict[str, int] = {}
    accessible: bool = False
    lunch_duty: bool = False


class HallFile(Strict):
    """The whole file."""

    hall: HallTable
    zone: list[ZoneTable]
    department: list[DepartmentTable] = []
    service: list[ServiceTable]
    window: list[WindowTable]
    priority: list[PriorityTable] = []
    policy: PolicyTable = PolicyTable()
    package: list[PackageTable] = []


def load_hall(
    path: Path,
    *,
    calling: CallRules | None = None,
    always_open: bool = False,
    demo: bool = False,
    public_url: str = "",
    caps_times: int = 1,
) -> Hall:
    """Return the hall of `path`.  Raises SettingsError: see toml_settings, and names that fit nowhere."""
    file = load(path, HallFile, environ={})
    _check(path, file)
    table = file.hall
    try:
        timezone = ZoneInfo(table.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise SettingsError(f"{path}: hall.timezone: there is no timezone {table.timezone!r}") from None
    return Hall(
        site=table.site,
        name=table.name,
        en=table.en,
        timezone=timezone,
        slogan=table.slogan,
        hotline=table.hotline,
        zones={zone.id: Zone(zone.id, zone.name, zone.en, zone.floor, zone.audio_zone) for zone in file.zone},
        departments={one.code: Department(**one.model_dump()) for one in file.department},
        services={one.id: _service(one, table.caps, caps_times) for one in file.service},
        windows={one.id: _window(one) for one in file.window},
        hours=hours_of(table.hours),
        calendar=calendar_of(table.calendar),
        expire_after_close_min=table.expire_after_close_min,
        leases=LeaseRules(**table.leases.model_dump()),
        limits=Limits(**table.limits.model_dump()),
        appointment=appointment_rules_of(table.appointment),
        calling=calling or CallRules(),
        priorities=frozenset(one.code for one in file.priority),
        policy=policy_of(file.policy, file.priority),
        packages=packages_of(path, file.package, [one.id for one in file.service], table.limits.max_stops),
        always_open=always_open,
        demo=demo,
        public_url=public_url.rstrip("/"),
    )


def _window(one: WindowTable) -> Window:
    return Window(one.id, one.name, one.zone, dict(one.skills), one.lunch_duty, one.accessible)


def _service(one: ServiceTable, caps: CapsTable, caps_times: int) -> Service:
    return Service(
        id=one.id,
        prefix=one.prefix,
        name=one.name,
        en=one.en,
        zone=one.zone,
        departments=tuple(one.departments),
        start=one.start,
        mean_service_s=one.mean_service_s,
        id_required=one.id_required,
        matters=tuple(Matter(matter.name, matter.department) for matter in one.matters),
        caps=Caps(
            one.cap_am * caps_times,
            one.cap_pm * caps_times,
            caps.afternoon_from,
            one.cap_interval * caps_times,
            caps.interval_min,
        ),
        hours=None if one.hours is None else hours_of(one.hours),
    )


def _check(path: Path, file: HallFile) -> None:
    """Refuse names used twice, and names that nothing bears."""
    zones, services = {zone.id for zone in file.zone}, {service.id for service in file.service}
    departments = {one.code for one in file.department}
    for kind, names in {
        "zone": [zone.id for zone in file.zone],
        "service": [service.id for service in file.service],
        "service prefix": [service.prefix for service in file.service],
        "window": [window.id for window in file.window],
        "calendar day": [one.date.isoformat() for one in file.hall.calendar.day],
    }.items():
        for name, times in Counter(names).items():
            if times > 1:
                raise SettingsError(f"{path}: {kind} {name!r} stands there twice")
    for service in file.service:
        _known(path, f"service {service.id}", "zone", {service.zone}, zones)
        _known(path, f"service {service.id}", "department", set(service.departments), departments)
        owners = {matter.department for matter in service.matters}
        _known(path, f"a matter of service {service.id}", "department", owners, set(service.departments))
    for window in file.window:
        _known(path, f"window {window.id}", "zone", {window.zone}, zones)
        _known(path, f"window {window.id}", "service", set(window.skills), services)


def _known(path: Path, where: str, kind: str, wanted: set[str], known: set[str]) -> None:
    for name in sorted(wanted - known):
        raise SettingsError(f"{path}: {where} names {kind} {name!r}, which the file does not have")
