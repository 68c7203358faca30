"""A clerk calls one chosen ticket, out of order; the event keeps who did it."""

from __future__ import annotations

from queue_server.application.call_next import call_to, require_free
from queue_server.application.ports import Tx
from queue_server.application.window_access import open_desk
from queue_server.domain.assignment import waited_min
from queue_server.domain.ticket import Ticket
from queue_server.domain.why import Why


def call_this(tx: Tx, window_id: str, ticket_id: str) -> Ticket:
    """Call this very ticket.  Raises NotFound, Refused: window-not-signed-in, window-busy, not-allowed."""
    desk = open_desk(tx, window_id)
    require_free(tx, window_id)
    ticket = tx.ticket(ticket_id)
    return call_to(tx, desk, ticket, Why("chosen", {"waited": str(waited_min(ticket, tx.now))}))
