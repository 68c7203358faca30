"""The citizen has come."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.window_access import current_ticket
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action, Ticket


def start_service(tx: Tx, window_id: str) -> Ticket:
    """Start serving the window's ticket.  Raises Refused `not-allowed`."""
    started = current_ticket(tx, window_id, Action.START).after(Action.START, started_at=tx.now)
    tx.save(started)
    tx.save_desk(replace(tx.desk(window_id), since_at=tx.now))
    tx.emit(EventName.TICKET_STARTED, started)
    return started
