"""What a citizen can come for (业务): one queue each."""

from __future__ import annotations

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
    id_required: bool = False
    waiting: int
    windows: list[str]
    windows_open: int = 0
    wait_low_s: int | None = None
    wait_likely_s: int | None = None
    wait_high_s: int | None = None
    matters: list[str] = []
    """Names of the matters handled here, the most asked for first."""
