"""The service is over; the citizen may rate it, and with stops left goes on to the next one."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.chain_stops import finish
from queue_server.application.ports import Tx
from queue_server.application.start_service import start_service
from queue_server.application.window_access import current_ticket
from queue_server.domain.ticket import Action, Ticket


def finish_service(
    tx: Tx,
    window_id: str,
    outcome: str | None = None,
    case_no: str | None = None,
    *,
    drop_rest: bool = False,
) -> Ticket:
    """Finish the window's ticket and wake its evaluation tablet.  Raises Refused `not-allowed`.

    Returns the ticket: done, or waiting for its next stop unless `drop_rest`.
    """
    ticket = current_ticket(tx, window_id, Action.FINISH)
    done = finish(tx, ticket, outcome, case_no, drop_rest=drop_rest)
    tx.save_desk(replace(tx.desk(window_id), rate_ticket=None if done.rated else done.id, since_at=tx.now))
    return done


def finish_by_pad(tx: Tx, window_id: str) -> Ticket:
    """Finish by the pad's 评价 key: a pad has no start key, so one that was only called is started first."""
    if current_ticket(tx, window_id, Action.FINISH).may(Action.START):
        start_service(tx, window_id)
    return finish_service(tx, window_id)
