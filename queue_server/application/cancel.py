"""The ticket is given up."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.issue_checks import return_slots
from queue_server.application.ports import Tx
from queue_server.application.print_result import PAPER_DUE
from queue_server.contracts.events import EventName
from queue_server.domain.chain import stops_of
from queue_server.domain.ticket import AT_WINDOW, Action, Ticket


def cancel(tx: Tx, ticket_id: str) -> Ticket:
    """Cancel a ticket; uncalled, it leaves its place under the caps to others.

    Paper that is not known to have come is void.

    Raises NotFound, Refused `not-allowed`.
    """
    ticket = tx.ticket(ticket_id)
    paper = "void" if ticket.print_state in PAPER_DUE else ticket.print_state
    cancelled = ticket.after(Action.CANCEL, finished_at=tx.now, print_state=paper)
    tx.save(cancelled)
    for service_id in (ticket.service_id, *stops_of(ticket.stops)):
        return_slots(tx, replace(ticket, service_id=service_id))
    if ticket.window is not None and ticket.state in AT_WINDOW:
        tx.save_desk(replace(tx.desk(ticket.window), since_at=tx.now))
    tx.emit(EventName.TICKET_CANCELLED, cancelled)
    return cancelled
