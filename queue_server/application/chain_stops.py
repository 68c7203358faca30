"""多窗联办 in the queue: what is asked for, whether it may be given out, and the end of a stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from queue_server.application.chain_ports import StopDone
from queue_server.application.issue_checks import person_of, require_open, return_slots, take_slots
from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import TicketIn
from queue_server.domain.chain import check_chain, kept_stops, place_at_next_stop, stops_of
from queue_server.domain.errors import NotFound, QueueError
from queue_server.domain.hall import Hall
from queue_server.domain.limits import already_waiting
from queue_server.domain.ticket import FINAL, Action, Ticket

DROPPED = "dropped"
"""The reason in the event of a ticket whose rest was given up: `dropped: C A`."""


def services_asked(hall: Hall, wanted: TicketIn) -> tuple[str, tuple[str, ...]]:
    """Return the service of the first stop, and those of the further ones.

    Raises NotFound for a package; Refused `service-unknown`; QueueError `validation`.
    """
    first, stops = wanted.service_id, tuple(wanted.stops)
    if wanted.package is not None:
        if first or stops:
            raise QueueError("validation", reason="give either package or service_id with stops")
        package = hall.packages.get(wanted.package)
        if package is None:
            raise NotFound(what=f"package {wanted.package}")
        first, *rest = package.services
        stops = tuple(rest)
    check_chain(hall.service(first).id, stops, hall.services, hall.limits.max_stops)
    return first, stops


def check_stops(tx: Tx, stops: Sequence[str], wanted: TicketIn) -> None:
    """Ask the rules of every further stop as if its ticket were taken now, and count it under its caps.

    A chain is one ticket under the limits of a person; but nobody gets a chain over a service whose ticket
    the person holds.  Raises Refused: service-closed, id-required, ticket-already-waiting, quota-exhausted.
    """
    for stop in stops:
        service = tx.hall.service(stop)
        require_open(tx.hall, service, tx.now)
        person = person_of(tx, service, wanted.citizen)
        if person is not None and tx.hall.limits.max_open_per_service_per_person:
            taken = tx.tickets_of(person)
            if any(one.service_id == stop and one.state not in FINAL for one in taken):
                raise already_waiting(taken, stop)
        take_slots(tx, service)


def finish(
    tx: Tx, ticket: Ticket, outcome: str | None = None, case_no: str | None = None, *, drop_rest: bool = False
) -> Ticket:
    """End the service of a ticket; with stops left it waits for the next one.  Raises NotAllowed.

    `drop_rest` ends the ticket here: its stops still to come are given up, and the record says which.
    The window of `ticket` is free afterwards and may offer its evaluation: that is for the caller to keep.
    """
    known = [stop for stop in stops_of(ticket.stops) if stop in tx.hall.services]  # the hall may have changed
    if known and not drop_rest:
        return _go_on(tx, replace(ticket, stops=kept_stops(known)), outcome, case_no)
    done = ticket.after(Action.FINISH, finished_at=tx.now, outcome=outcome, case_no=case_no, stops="")
    tx.save(done)
    tx.emit(EventName.TICKET_FINISHED, done, reason=f"{DROPPED}: {' '.join(known)}" if known else None)
    for stop in known:
        return_slots(tx, replace(ticket, service_id=stop, calls=0))  # nobody called it there
    return done


def _go_on(tx: Tx, ticket: Ticket, outcome: str | None, case_no: str | None) -> Ticket:
    """Two events: the stop was served (where, and for which service), and where the ticket waits now."""
    service_id, *rest = stops_of(ticket.stops)
    moved = ticket.after(
        Action.NEXT_STOP,
        service_id=service_id,
        stops=kept_stops(rest),
        window=None,
        reserved_for=None,
        place=place_at_next_stop(ticket.issued_at, tx.now, tx.hall.limits.stop_credit_minutes),
        called_at=None,
        started_at=None,
        recalls=0,
        outcome=outcome,
        case_no=case_no or ticket.case_no,
    )
    tx.save(moved)
    if ticket.window is not None:
        tx.add_stop(StopDone(ticket.id, ticket.day, ticket.service_id, ticket.window, tx.now))
    tx.emit(EventName.TICKET_FINISHED, replace(moved, service_id=ticket.service_id), window=ticket.window)
    tx.emit(EventName.TICKET_MOVED, moved)
    return moved
