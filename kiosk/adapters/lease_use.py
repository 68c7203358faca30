"""What a lease allows at a moment, and the paper of a ticket from it.  Pure: the time is an argument."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from devices.contracts.printer import TicketSlip
from kiosk.adapters.journal_rows import Kept
from kiosk.flows.intake_words import Citizen, Ticket
from queue_server.contracts.leases import LeasedServiceOut, LeaseOut

OFFLINE_ID = "offline-"
"""Before a request id: the id of a ticket that the server does not know yet."""
UNKNOWN = -1
"""How many are ahead: nobody can say."""
NO_ESTIMATE = {"zh": "暂时无法预计", "en": "not available"}


def service_of(lease: LeaseOut, service_id: str) -> LeasedServiceOut | None:
    """Return a service of a lease, None when the lease has none of its numbers."""
    return next((one for one in lease.services if one.service_id == service_id), None)


def next_number(
    lease: LeaseOut, service: LeasedServiceOut, at: datetime, last: int | None, given: Sequence[datetime]
) -> int | None:
    """Return the number that may be given out at `at`, None when none may.

    `last` is the greatest number used of the block, `given` when each was given out.
    """
    n = service.first if last is None else last + 1
    if n > service.last or at >= lease.expires_at or not is_open(service, at):
        return None
    for one in service.places:
        used = sum(one.from_at <= moment < one.until_at for moment in given)
        if one.from_at <= at < one.until_at and used >= one.places:
            return None
    return n


def is_open(service: LeasedServiceOut, at: datetime) -> bool:
    """Say whether tickets of the service are given out at `at`."""
    return any(span.from_at <= at < span.until_at for span in service.spans)


def is_of_today(lease: LeaseOut, at: datetime) -> bool:
    """Say whether `at` is on the lease's business day."""
    return at.astimezone(ZoneInfo(lease.timezone)).date().isoformat() == lease.day


def number_text(service: LeasedServiceOut, n: int) -> str:
    """Return a number as it stands on paper."""
    return f"{service.prefix}{n:0{service.digits}d}"


def class_of(lease: LeaseOut, citizen: Citizen | None) -> str | None:
    """Return the priority class that a birth date gives a right to: the one for the highest age reached."""
    if citizen is None or citizen.birth is None:
        return None
    today, birth = date.fromisoformat(lease.day), citizen.birth
    years = today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
    granted = [one for one in lease.priorities if one.min_age <= years]
    return max(granted, key=lambda one: (one.min_age, one.code)).code if granted else None


def ticket_of(lease: LeaseOut, kept: Kept) -> Ticket:
    """Return a ticket as the screen and the printer take it: like any other, but for what nobody can know."""
    service = service_of(lease, kept.service_id)
    return Ticket(
        id=f"{OFFLINE_ID}{kept.key}",
        number=kept.number,
        service=service.name if service else kept.service_id,
        zone=service.zone if service else "",
        windows=tuple(service.windows) if service else (),
        floor=service.floor if service else "",
        ahead=UNKNOWN,
        slip=_slip(lease, service, kept) if service else None,
    )


def _slip(lease: LeaseOut, service: LeasedServiceOut, kept: Kept) -> TicketSlip:
    english = kept.language == "en"
    label = lease.priority_label_en if english else lease.priority_label
    return TicketSlip(
        hall=(english and lease.hall_en) or lease.hall,
        number=kept.number,
        service=(service.en or service.service_id) if english else service.name,
        zone=service.zone_en if english else service.zone,
        floor=service.floor,
        windows=service.windows_text_en if english else service.windows_text,
        ahead=UNKNOWN,
        estimate=NO_ESTIMATE["en" if english else "zh"],
        issued_at=f"{kept.issued_at.astimezone(ZoneInfo(lease.timezone)):%Y-%m-%d %H:%M}",
        notice=lease.notice_en if english else lease.notice,
        labels=(label,) if kept.priority and label else (),
        english="" if english else service.en,
        language=kept.language,
    )
