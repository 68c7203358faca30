"""Whoever booked has come: the ticket at once, in the same transaction, and only ever one.

The place under the caps was taken at booking and the person was checked then, so no cap, no limit of tickets
and no blacklist refuses a check-in: an appointment never queues again for a new number.
"""

from __future__ import annotations

from dataclasses import dataclass

from queue_server.application.asked_class import asked_class
from queue_server.application.book import hash_of, told_slot
from queue_server.application.estimate import with_told_wait
from queue_server.application.numbers import next_number
from queue_server.application.ports import Tx
from queue_server.application.window_access import place_at
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.appointments import (
    Appointment,
    AppointmentState,
    best_for_check_in,
    clean_code,
    moments_of,
)
from queue_server.domain.closed import moment
from queue_server.domain.errors import Refused
from queue_server.domain.numbering import number_of
from queue_server.domain.ticket import FINAL, Ticket


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came, where, and in which language (None: the one it was booked in)."""

    channel: str = "kiosk"
    language: str | None = None
    terminal: str | None = None
    citizen: CitizenIn | None = None
    priority: str | None = None
    priority_reason: str = ""


def check_in_by_code(tx: Tx, code: str, arrival: Arrival) -> tuple[Ticket, bool]:
    """Return the ticket of an appointment, and whether it was made now.

    Raises Refused: appointment-not-found (also when a given citizen did not book it), appointment-early,
    appointment-late, appointment-over (cancelled, or its ticket is used up), id-invalid; QueueError
    validation for an unknown priority.
    """
    found = tx.appointment(clean_code(code))
    if found is None:
        raise Refused("appointment-not-found")
    given, booked_by = arrival.citizen, found.person
    if given is not None and booked_by is not None and hash_of(tx, given) != booked_by:
        raise Refused("appointment-not-found")
    return _checked_in(tx, found, arrival)


def check_in_by_card(tx: Tx, citizen: CitizenIn, arrival: Arrival) -> tuple[Ticket, bool]:
    """The same with the card alone: the person's appointment of today that is meant now.

    Raises as `check_in_by_code` does.
    """
    mine = tx.appointments_of(hash_of(tx, citizen), tx.day)
    today = [one for one in mine if one.day == tx.day]
    found = best_for_check_in(tx.hall.appointment, today, tx.now)
    if found is None:
        raise Refused("appointment-not-found")
    return _checked_in(tx, found, arrival)


def check_in_if_due(tx: Tx, citizen: CitizenIn, service_id: str, arrival: Arrival) -> Ticket | None:
    """Return the ticket of the person's appointment for a service that can be checked in now, None without.

    Raises Refused: id-invalid.
    """
    mine = [
        one
        for one in tx.appointments_of(hash_of(tx, citizen), tx.day)
        if one.day == tx.day and one.service_id == service_id and one.is_booked
    ]
    found = best_for_check_in(tx.hall.appointment, mine, tx.now)
    if found is None:
        return None
    moments = moments_of(tx.hall.appointment, found.start_at, found.end_at)
    if not moments.opens_at <= tx.now <= moments.closes_at:
        return None
    return _checked_in(tx, found, arrival)[0]


def _checked_in(tx: Tx, found: Appointment, arrival: Arrival) -> tuple[Ticket, bool]:
    if found.ticket_id is not None:
        return _still_good(tx.ticket(found.ticket_id)), False
    _require_in_time(tx, found)
    ticket, reason = _ticket(tx, found, arrival)
    tx.add(ticket)
    tx.save_appointment(found.in_state(AppointmentState.CHECKED_IN, ticket.id))
    tx.emit(EventName.APPOINTMENT_CHECKED_IN, state="checked-in", reason=told_slot(tx, found))
    tx.emit(EventName.TICKET_ISSUED, ticket, reason=reason)
    return ticket, True


def _still_good(ticket: Ticket) -> Ticket:
    """Return a ticket that is handed out once more.  Raises Refused appointment-over when it is used up."""
    if ticket.state in FINAL:  # paper with it would make somebody wait who is never called
        raise Refused("appointment-over", state=ticket.state.value)
    return ticket


def _require_in_time(tx: Tx, found: Appointment) -> None:
    """Raise Refused appointment-over, -early, -late."""
    if found.state is AppointmentState.CANCELLED:
        raise Refused("appointment-over", state=found.state.value)
    moments = moments_of(tx.hall.appointment, found.start_at, found.end_at)
    if tx.now < moments.opens_at:
        zh, en = moment(moments.opens_at, tx.now, tx.hall.timezone)
        raise Refused("appointment-early", when=zh, when_en=en, opens_at=moments.opens_at.isoformat())
    if tx.now > moments.closes_at or not found.is_booked:
        zh, en = moment(moments.closes_at, tx.now, tx.hall.timezone)
        raise Refused("appointment-late", when=zh, when_en=en, until=moments.closes_at.isoformat())


def _ticket(tx: Tx, found: Appointment, arrival: Arrival) -> tuple[Ticket, str | None]:
    """Return the ticket and the reason of its priority class for the record."""
    service = tx.hall.service(found.service_id)
    priority, reason = asked_class(tx, arrival.priority, arrival.priority_reason, arrival.citizen)
    n = next_number(tx, service)
    made = Ticket(
        id=tx.new_id("t"),
        number=number_of(service, n),
        n=n,
        service_id=service.id,
        day=tx.day,
        place=place_at(tx.now),
        issued_at=tx.now,
        token=tx.new_token(),
        person=found.person,
        citizen=found.citizen,
        priority=priority,
        channel=arrival.channel,
        language=arrival.language or found.language,
        terminal=arrival.terminal,
        print_state="requested" if arrival.channel == "kiosk" else "none",
        appointment=found.code,
        due_at=found.start_at,
    )
    return with_told_wait(tx, made), reason
