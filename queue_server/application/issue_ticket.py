"""A citizen takes a ticket: every check and the number in one transaction."""

from __future__ import annotations

from devices.contracts.persons import masked_name
from queue_server.application.asked_class import asked_class
from queue_server.application.chain_stops import check_stops, services_asked
from queue_server.application.check_in import Arrival, check_in_by_code, check_in_if_due
from queue_server.application.estimate import with_told_wait
from queue_server.application.issue_checks import check_issue
from queue_server.application.numbers import next_number
from queue_server.application.ports import Tx
from queue_server.application.window_access import place_at
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import TicketIn
from queue_server.domain.chain import kept_stops
from queue_server.domain.numbering import number_of
from queue_server.domain.ticket import Ticket


def issue_ticket(tx: Tx, wanted: TicketIn) -> Ticket:
    """Give out the next number of a service.

    With `appointment` it is that appointment's check-in, of its service and without the checks of walk-ins;
    with `use_appointment` the same when the citizen has one for this service that is due.
    Raises Refused: service-unknown, and what `issue_checks` refuses; QueueError validation for an unknown
    priority.
    """
    if wanted.appointment is not None:
        return check_in_by_code(tx, wanted.appointment, _arrival(wanted))[0]
    first, stops = services_asked(tx.hall, wanted)
    service = tx.hall.service(first)
    if wanted.use_appointment and wanted.citizen is not None and not stops:
        due = check_in_if_due(tx, wanted.citizen, first, _arrival(wanted))
        if due is not None:
            return due
    priority, reason = asked_class(tx, wanted.priority, wanted.priority_reason, wanted.citizen)
    person = check_issue(tx, service, wanted.citizen)
    check_stops(tx, stops, wanted)
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
        person=person,
        citizen=masked_name(wanted.citizen.name) if wanted.citizen else "",
        priority=priority,
        channel=wanted.channel.value,
        language=wanted.language,
        terminal=wanted.terminal,
        stops=kept_stops(stops),
        print_state="requested" if wanted.channel.value == "kiosk" else "none",
    )
    ticket = with_told_wait(tx, made)
    tx.add(ticket, most_open=tx.hall.limits.max_open_per_service_per_person)
    tx.emit(EventName.TICKET_ISSUED, ticket, reason=reason)
    return ticket


def _arrival(wanted: TicketIn) -> Arrival:
    return Arrival(
        wanted.channel.value,
        wanted.language,
        wanted.terminal,
        wanted.citizen,
        wanted.priority,
        wanted.priority_reason,
    )
