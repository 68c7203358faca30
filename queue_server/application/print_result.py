"""What became of the paper, and printing it again."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.errors import NotAllowed
from queue_server.domain.ticket import State, Ticket


def print_result(tx: Tx, ticket_id: str, outcome: str, reason: str = "") -> Ticket:
    """Keep what a printer said: `printed`, `failed` or `unknown`.  Raises NotFound.

    A ticket that was printed stays printed: a reprint that fails does not take the first paper away.
    """
    ticket = tx.ticket(ticket_id)
    stays = ticket.print_state == "printed" and outcome != "printed"
    told = replace(
        ticket,
        print_state="printed" if stays else outcome,
        print_reason="" if outcome == "printed" else reason,
        prints=ticket.prints + (outcome == "printed"),
    )
    tx.save(told)
    tx.emit(EventName.TICKET_PRINT, told, reason=reason or None)
    return told


def ask_reprint(tx: Tx, ticket_id: str) -> Ticket:
    """Note that the ticket is to be printed again.  Raises NotFound, NotAllowed for one that is void."""
    ticket = tx.ticket(ticket_id)
    if ticket.state in (State.CANCELLED, State.EXPIRED):
        raise NotAllowed(state=ticket.state.value, action="reprint", number=ticket.number)
    asked = ticket if ticket.print_state == "printed" else replace(ticket, print_state="requested")
    tx.save(asked)
    tx.emit(EventName.TICKET_PRINT, asked, reason="reprint")
    return asked
