"""A citizen takes a ticket: every check and the number in one transaction."""

from __future__ import annotations

from datetime import date

from devices.contracts.persons import masked_name
from queue_server.application.ports import Tx
from queue_server.application.window_access import place_at
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import CitizenIn, TicketIn
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.hall import Service
from queue_server.domain.numbering import number_of
from queue_server.domain.people import clean_id, is_valid_id
from queue_server.domain.privilege import granted_class
from queue_server.domain.ticket import FINAL, Ticket


def issue_ticket(tx: Tx, wanted: TicketIn) -> Ticket:
    """Give out the next number of a service.

    Raises Refused: service-unknown, service-closed, id-required, id-invalid, ticket-already-waiting,
    too-many-tickets; QueueError validation for an unknown priority.
    """
    service = tx.hall.service(wanted.service_id)
    if not tx.hall.is_issuing(tx.now):
        raise Refused("service-closed", service=service.name, hours=tx.hall.hours_text(tx.now))
    if wanted.priority is not None and wanted.priority not in tx.hall.priorities:
        raise QueueError("validation", reason=f"priority {wanted.priority!r} is not known")
    person = _person(tx, wanted.citizen, service)
    n = tx.next_number(service.id, service.start)
    birth = wanted.citizen.birth if wanted.citizen else None
    priority, reason = granted_class(
        tx.hall.policy, wanted.priority, wanted.priority_reason, birth, date.fromisoformat(tx.day)
    )
    ticket = Ticket(
        id=tx.new_id("t"),
        number=number_of(service, n),
        n=n,
        service_id=service.id,
        day=tx.day,
        place=place_at(tx.now),
        issued_at=tx.now,
        token=tx.new_token(),
        person=person,
        citizen=masked_name(wanted.citizen.name) if wanted.citizen else "",
        priority=priority,
        channel=wanted.channel.value,
        language=wanted.language,
        terminal=wanted.terminal,
        print_state="requested" if wanted.channel.value == "kiosk" else "none",
    )
    tx.add(ticket)
    tx.emit(EventName.TICKET_ISSUED, ticket, reason=reason)
    return ticket


def _person(tx: Tx, citizen: CitizenIn | None, service: Service) -> str | None:
    """Return the hash of whoever takes the ticket, after the limits; None for somebody without a card."""
    if citizen is None:
        if service.id_required:
            raise Refused("id-required", service=service.name)
        return None
    number = clean_id(citizen.id_number)
    if not is_valid_id(citizen.id_type, number):
        raise Refused("id-invalid")
    person = tx.person_of(citizen.id_type, number)
    _check_limits(tx, person, service)
    return person


def _check_limits(tx: Tx, person: str, service: Service) -> None:
    limits = tx.hall.limits
    taken = tx.tickets_of(person)
    still_open = [ticket for ticket in taken if ticket.state not in FINAL]
    same = [ticket for ticket in still_open if ticket.service_id == service.id]
    if 0 < limits.max_open_per_service_per_person <= len(same):
        raise Refused("ticket-already-waiting", number=same[-1].number, ticket_id=same[-1].id)
    if 0 < limits.max_open_tickets_per_person <= len(still_open):
        raise Refused("too-many-tickets", limit=limits.max_open_tickets_per_person)
    if 0 < limits.max_tickets_per_person_day <= len(taken):
        raise Refused("too-many-tickets", limit=limits.max_tickets_per_person_day)
