"""The service is over; the citizen may rate it."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.start_service import start_service
from queue_server.application.window_access import current_ticket
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action, Ticket


def finish_service(tx: Tx, window_id: str, outcome: str | None = None, case_no: str | None = None) -> Ticket:
    """Finish the window's ticket and wake its evaluation tablet.  Raises Refused `not-allowed`."""
    ticket = current_ticket(tx, window_id, Action.FINISH)
    done = ticket.after(Action.FINISH, finished_at=tx.now, outcome=outcome, case_no=case_no)
    tx.save(done)
    tx.save_desk(replace(tx.desk(window_id), rate_ticket=done.id, since_at=tx.now))
    tx.emit(EventName.TICKET_FINISHED, done)
    return done


def finish_by_pad(tx: Tx, window_id: str) -> Ticket:
    """Finish by the pad's 评价 key: a pad has no start key, so one that was only called is started first."""
    if current_ticket(tx, window_id, Action.FINISH).may(Action.START):
        start_service(tx, window_id)
    return finish_service(tx, window_id)
