"""挂起: the citizen has to fetch something; the window goes on with others."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.window_access import current_ticket
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action, Ticket


def hold(tx: Tx, window_id: str) -> Ticket:
    """Put the window's ticket aside.  Raises Refused `not-allowed`."""
    held = current_ticket(tx, window_id, Action.HOLD).after(Action.HOLD)
    tx.save(held)
    tx.save_desk(replace(tx.desk(window_id), since_at=tx.now))
    tx.emit(EventName.TICKET_HELD, held)
    return held
