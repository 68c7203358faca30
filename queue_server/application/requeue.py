"""Back into the line: after a no-show behind a few others, otherwise at the old place."""

from __future__ import annotations

from queue_server.application.ports import Tx
from queue_server.application.window_access import place_at
from queue_server.contracts.events import EventName
from queue_server.domain.ticket import Action, Ticket


def requeue(tx: Tx, ticket_id: str) -> Ticket:
    """Let a ticket wait again.  Raises NotFound, Refused `not-allowed`.

    A passed ticket comes behind `return_after` people of its line; a called or held one keeps its place.
    """
    ticket = tx.ticket(ticket_id)
    came_late = ticket.may(Action.BRING_BACK)
    place = _late_place(tx, ticket) if came_late else ticket.place
    back = ticket.after(
        Action.BRING_BACK if came_late else Action.REQUEUE,
        place=place,
        window=None,
        called_at=None,
        started_at=None,
        finished_at=None,
        recalls=0,
    )
    tx.save(back)
    tx.emit(EventName.TICKET_REQUEUED, back, window=ticket.window)
    return back


def _late_place(tx: Tx, ticket: Ticket) -> int:
    in_front = [
        other for other in tx.line(ticket.service_id, tx.hall.limits.return_after) if other.id != ticket.id
    ]
    if len(in_front) < tx.hall.limits.return_after:
        return place_at(tx.now)
    return max(one.place for one in in_front) + 1  # a priority line may have come later than a normal one
