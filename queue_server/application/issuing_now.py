"""Whether a service gives out tickets now, how many are left, when it opens next: for `GET /services`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from queue_server.domain.closed import closed_now
from queue_server.domain.hall import Hall, Service


@dataclass(frozen=True, slots=True)
class IssuingOut:
    """The fields of the same names of `ServiceOut`; `closed_code` is empty when tickets can be had."""

    closed_code: str = ""
    closed_reason: str = ""
    closed_reason_en: str = ""
    opens_at: datetime | None = None
    left_today: int | None = None


def issuing_out(hall: Hall, service: Service, now: datetime, taken: Mapping[str, int]) -> IssuingOut:
    """Return what can be said at `now`; `taken` counts the service's tickets by slot of this business day."""
    local = now.astimezone(hall.timezone)
    left = service.caps.left(local, taken)
    closed = closed_now(hall, service.id, now, service.caps.full(local, taken))
    if closed is None:
        return IssuingOut(left_today=left)
    today = local.date()
    over = closed.opens_at is None or closed.opens_at.astimezone(hall.timezone).date() != today
    return IssuingOut(
        closed.reason.value, closed.zh, closed.en, closed.opens_at, 0 if over and left is not None else left
    )


def matters_of(service: Service) -> dict[str, list[str]]:
    """Return each department's own matters of a service, in the service's order."""
    found: dict[str, list[str]] = {code: [] for code in service.departments}
    for matter in service.matters:
        found.setdefault(matter.department, []).append(matter.name)
    return found
