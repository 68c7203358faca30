"""The end of the day: what nobody finished is over.  Nothing is deleted; numbers restart by the day."""

from __future__ import annotations

from queue_server.application.appointments_due import mark_missed
from queue_server.application.lease import close_ended_leases
from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action


def expire_day(tx: Tx) -> int:
    """Expire open tickets of earlier business days, in the evening today's too; return how many.

    Appointments that nobody checked in are over as well.
    """
    mark_missed(tx)
    late = tx.unfinished_before(tx.hall.expires_before(tx.now))
    for ticket in late:
        expired = ticket.after(Action.EXPIRE, finished_at=tx.now)
        tx.save(expired)
        tx.emit(EventName.TICKET_EXPIRED, expired)
    close_ended_leases(tx)
    return len(late)
