"""过号: nobody came."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.window_access import current_ticket
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action, Ticket


def no_show(tx: Tx, window_id: str) -> Ticket:
    """Pass the window's ticket; it may be brought back.  Raises Refused `not-allowed`."""
    passed = current_ticket(tx, window_id, Action.NO_SHOW).after(Action.NO_SHOW, finished_at=tx.now)
    tx.save(passed)
    tx.save_desk(replace(tx.desk(window_id), since_at=tx.now))
    tx.emit(EventName.TICKET_NO_SHOW, passed)
    return passed
