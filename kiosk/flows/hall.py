"""The hall as a kiosk shows it: departments and the services they offer, with their lines as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Department:
    """Who does it.  `icon` is a Material Design icon name, may be empty."""

    code: str
    name: str
    short: str
    en: str
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One queue.  `departments` are codes; `wait_*_s` are None when nothing can be said."""

    id: str
    name: str
    en: str
    departments: tuple[str, ...]
    zone: str = ""
    zone_en: str = ""
    floor: str = ""
    windows: tuple[str, ...] = ()
    open: bool = True
    closed_reason: str = ""
    closed_reason_en: str = ""
    id_required: bool = False
    waiting: int = 0
    """Below zero: nobody knows."""
    wait_low_s: int | None = None
    wait_high_s: int | None = None
    matters: tuple[str, ...] = ()
    matters_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Department code -> its own matters; a department that is not there has no list of its own."""

    def matters_for(self, department: str) -> tuple[str, ...]:
        """Return a department's own matters; all of them where it is not known whose they are."""
        return self.matters_of.get(department, ()) if self.matters_of else self.matters


@dataclass(frozen=True, slots=True)
class Package:
    """Several services on one number, in order (多窗联办)."""

    id: str
    name: str
    en: str
    services: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hall:
    """Everything on offer.  Departments stand in the order of their first service."""

    name: str
    en: str
    slogan: str = ""
    demo: bool = False
    notice: str = ""
    departments: tuple[Department, ...] = ()
    services: tuple[Service, ...] = ()
    offline: bool = False
    """The server is away and numbers come from the terminal's lease: nobody knows how many wait."""
    packages: tuple[Package, ...] = ()

    def department(self, code: str) -> Department | None:
        """Return the department with this code, or None when it is no longer offered."""
        return next((d for d in self.departments if d.code == code), None)

    def service(self, service_id: str) -> Service | None:
        """Return the service with this id, or None when it is no longer offered."""
        return next((s for s in self.services if s.id == service_id), None)

    def services_of(self, code: str) -> tuple[Service, ...]:
        """Return a department's services in the hall's order; several departments may share one."""
        return tuple(s for s in self.services if code in s.departments)

    def package(self, package_id: str) -> Package | None:
        """Return the package with this id, or None when it is no longer offered."""
        return next((p for p in self.packages if p.id == package_id), None)

    def services_in(self, package: Package) -> tuple[Service, ...]:
        """Return a package's services in order; none when one of them is no longer offered."""
        found = [service for one in package.services if (service := self.service(one)) is not None]
        return tuple(found) if len(found) == len(package.services) else ()
