"""Call again whoever was called and did not come yet."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.window_access import current_ticket
from queue_server.contracts.events import EventName
from queue_server.domain.errors import Refused
from queue_server.domain.ticket import Action, Ticket


def recall(tx: Tx, window_id: str) -> Ticket:
    """Call the window's ticket once more.  Raises Refused: not-allowed, recall-limit."""
    ticket = current_ticket(tx, window_id, Action.RECALL)
    again = ticket.after(Action.RECALL, calls=ticket.calls + 1, recalls=ticket.recalls + 1)
    if 0 < tx.hall.limits.recall_limit < again.recalls:
        raise Refused("recall-limit", number=ticket.number, limit=tx.hall.limits.recall_limit)
    tx.save(again)
    tx.save_desk(replace(tx.desk(window_id), last_call_at=tx.now))
    tx.emit(EventName.TICKET_RECALLED, again)
    return again
