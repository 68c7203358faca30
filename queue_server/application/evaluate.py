"""好差评: the citizen rates the service, once for each ticket."""

from __future__ import annotations

from dataclasses import dataclass, replace

from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.evaluation import Evaluation, check_options, level_name, require_ratable
from queue_server.domain.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Rating:
    """What was touched; `level` is a name or the national digit."""

    level: str | int
    options: tuple[str, ...] = ()
    text: str = ""
    channel: str = "tablet"


def offered_at(tx: Tx, ticket: Ticket) -> str | None:
    """Return the window that offers a ticket's rating now: where it was served last, None when none does."""
    return next((desk.window for desk in tx.desks().values() if desk.rate_ticket == ticket.id), None)


def evaluate(tx: Tx, ticket: Ticket, rating: Rating, window: str | None = None) -> Evaluation:
    """Keep a rating.  Raises Refused: already-rated, not-allowed; QueueError validation.

    `window` offers it: a ticket on its way to a further stop may be rated where its last stop was.
    """
    at_stop = window is not None and not ticket.rated and tx.desk(window).rate_ticket == ticket.id
    if not at_stop:
        require_ratable(ticket)
        window = ticket.window
    level = level_name(rating.level)
    check_options(level, rating.options)
    given = Evaluation(
        id=tx.new_id("e"),
        ticket_id=ticket.id,
        window=window,
        level=level,
        options=rating.options,
        text=rating.text,
        channel=rating.channel,
        at=tx.now,
    )
    tx.add_evaluation(given)
    rated = replace(ticket, rated=True)
    tx.save(rated)
    for desk in list(tx.desks().values()):
        if desk.rate_ticket == ticket.id:
            tx.save_desk(replace(desk, rate_ticket=None))
    tx.emit(EventName.TICKET_RATED, rated)
    return given


def evaluate_at_window(tx: Tx, window_id: str, rating: Rating) -> Evaluation | None:
    """Keep a rating given on a window's evaluator; None when nothing there may be rated."""
    ticket_id = tx.desk(window_id).rate_ticket
    return None if ticket_id is None else evaluate(tx, tx.ticket(ticket_id), rating, window_id)
