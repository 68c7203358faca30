"""The morning after: what nobody finished yesterday is over."""

from __future__ import annotations

from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action


def expire_day(tx: Tx) -> int:
    """Expire every open ticket of earlier business days; return how many."""
    late = tx.unfinished_before(tx.day)
    for ticket in late:
        expired = ticket.after(Action.EXPIRE, finished_at=tx.now)
        tx.save(expired)
        tx.emit(EventName.TICKET_EXPIRED, expired)
    return len(late)
