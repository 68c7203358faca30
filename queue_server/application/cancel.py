"""The ticket is given up."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.issue_checks import return_slots
from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import AT_WINDOW, Action, Ticket


def cancel(tx: Tx, ticket_id: str) -> Ticket:
    """Cancel a ticket; uncalled, it leaves its place under the cap to others.

    Raises NotFound, Refused `not-allowed`.
    """
    ticket = tx.ticket(ticket_id)
    cancelled = ticket.after(Action.CANCEL, finished_at=tx.now)
    tx.save(cancelled)
    return_slots(tx, ticket)
    if ticket.window is not None and ticket.state in AT_WINDOW:
        tx.save_desk(replace(tx.desk(ticket.window), since_at=tx.now))
    tx.emit(EventName.TICKET_CANCELLED, cancelled)
    return cancelled
