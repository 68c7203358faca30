"""May this ticket be given out?  Every rule, for every channel alike, in the transaction that gives it out.

Order: is it open; who is it; is that person allowed; does that person hold one already; is one left.  The
last check counts, so it comes last: what is refused before it takes nothing away, and a refusal after it
rolls the count back with everything else.
"""

from __future__ import annotations

from datetime import datetime

from queue_server.application.ports import Tx
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.caps import Slot
from queue_server.domain.closed import ClosedNow, closed_now
from queue_server.domain.errors import Refused
from queue_server.domain.hall import Hall, Service
from queue_server.domain.limits import require_may_take
from queue_server.domain.people import clean_id, is_valid_id
from queue_server.domain.ticket import Ticket


def check_issue(tx: Tx, service: Service, citizen: CitizenIn | None) -> str | None:
    """Return the keyed hash of whoever takes the ticket, None for somebody without a card.

    Raises Refused: service-closed, id-required, id-invalid, blacklisted, ticket-already-waiting,
    too-many-tickets, quota-exhausted.
    """
    require_open(tx.hall, service, tx.now)
    person = person_of(tx, service, citizen)
    if person is not None:
        require_not_blacklisted(tx, person)
        require_may_take(tx.hall.limits, tx.tickets_of(person), service.id)
    take_slots(tx, service)
    return person


def require_open(hall: Hall, service: Service, now: datetime) -> None:
    """Raise Refused `service-closed`, with the moment at which it opens next, outside the issue hours."""
    if hall.is_issuing(now, service.id):
        return
    closed = closed_now(hall, service.id, now)
    hours = hall.hours_text(now, service.id)
    raise Refused("service-closed", service=service.name, hours=hours, **_told(closed))


def person_of(tx: Tx, service: Service, citizen: CitizenIn | None) -> str | None:
    """Return a citizen's keyed hash.  Raises Refused `id-required`, `id-invalid`."""
    if citizen is None:
        if service.id_required:
            raise Refused("id-required", service=service.name)
        return None
    number = clean_id(citizen.id_number)
    if not is_valid_id(citizen.id_type, number):
        raise Refused("id-invalid")
    return tx.person_of(citizen.id_type, number)


def require_not_blacklisted(tx: Tx, person: str) -> None:
    """Raise Refused `blacklisted`, with the last day of it.  Bookings ask the same."""
    entry = tx.blacklisted(person)
    if entry is not None and entry.holds_on(tx.day):
        raise Refused("blacklisted", until=entry.until.isoformat())


def take_slots(tx: Tx, service: Service) -> None:
    """Count one ticket in the half-day and the interval of now.  Raises Refused `quota-exhausted`."""
    local = tx.now.astimezone(tx.hall.timezone)
    for slot in service.caps.slots(local):
        if not tx.take_slot(service.id, slot.name, slot.limit):
            raise _exhausted(tx, service, slot)


def return_slots(tx: Tx, ticket: Ticket) -> None:
    """Give the place of a ticket that nobody called yet back to the half-day and interval that still run.

    An appointment counts where it was booked and a leased number where its terminal took it: neither comes
    back.  A service that is no longer in the hall has no caps.
    """
    service = tx.hall.services.get(ticket.service_id)
    counted_elsewhere = ticket.appointment is not None or ticket.lease is not None
    if service is None or ticket.calls > 0 or ticket.day != tx.day or counted_elsewhere:
        return
    zone = tx.hall.timezone
    taken = {slot.name for slot in service.caps.slots(ticket.issued_at.astimezone(zone))}
    for slot in service.caps.slots(tx.now.astimezone(zone)):
        if slot.name in taken:
            tx.return_slot(service.id, slot.name)


def _exhausted(tx: Tx, service: Service, slot: Slot) -> Refused:
    closed = closed_now(tx.hall, service.id, tx.now, slot)
    return Refused("quota-exhausted", service=service.name, limit=slot.limit, **_told(closed))


def _told(closed: ClosedNow | None) -> dict[str, str]:
    """Return what a sentence and a program need to know about the next moment."""
    if closed is None:
        return {}
    told = {"why": closed.zh, "why_en": closed.en, "reason_code": closed.reason.value}
    if closed.opens_at is not None:
        told["opens_at"] = closed.opens_at.isoformat()
    return told
