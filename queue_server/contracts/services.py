"""What a citizen can come for (业务): one queue each."""

from __future__ import annotations

from pydantic import AwareDatetime

from queue_server.contracts.base import Answer


class DepartmentOut(Answer):
    """Who does it.  `icon` is a Material Design icon name, for tiles."""

    code: str
    name: str
    short: str
    en: str
    icon: str = ""


class ServiceOut(Answer):
    """One service with its line as it is now.  `wait_*_s` are None when nothing can be said."""

    id: str
    prefix: str
    name: str
    en: str
    departments: list[DepartmentOut]
    zone: str
    zone_name: str
    zone_en: str = ""
    floor: str
    open: bool
    closed_reason: str = ""
    """Why no ticket can be had now, and from when; empty when one can.  `closed_reason_en` in English."""
    closed_reason_en: str = ""
    closed_code: str = ""
    """`before`, `break`, `after`, `day-off`, `holiday` or `quota`; empty when open."""
    opens_at: AwareDatetime | None = None
    """When tickets are given out again; None when they are now, or when it is not known."""
    left_today: int | None = None
    """How many tickets the half-days from now on still have; None without a limit."""
    id_required: bool = False
    waiting: int
    windows: list[str]
    windows_open: int = 0
    wait_low_s: int | None = None
    wait_likely_s: int | None = None
    wait_high_s: int | None = None
    matters: list[str] = []
    """Names of the matters handled here, the most asked for first."""
    matters_of: dict[str, list[str]] = {}
    """Department code -> the names of its own matters among them, in the same order."""
