"""What became of the paper, and printing it again."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.errors import NotAllowed
from queue_server.domain.ticket import State, Ticket

PAPER_DUE = frozenset({"requested", "failed", "unknown"})
"""Paper was asked for and is not known to have come."""


def print_result(tx: Tx, ticket_id: str, outcome: str, reason: str = "") -> Ticket:
    """Keep what a printer said: `printed`, `failed` or `unknown`.  Raises NotFound.

    A ticket that was printed stays printed: a reprint that fails does not take the first paper away.  One
    whose paper was given up stays void, unless the paper comes after all.
    """
    ticket = tx.ticket(ticket_id)
    stays = ticket.print_state in ("printed", "void") and outcome != "printed"
    told = replace(
        ticket,
        print_state=ticket.print_state if stays else outcome,
        print_reason="" if outcome == "printed" else reason,
        prints=ticket.prints + (outcome == "printed"),
    )
    tx.save(told)
    tx.emit(EventName.TICKET_PRINT, told, reason=reason or None)
    return told


def void_paper(tx: Tx, ticket_id: str) -> Ticket:
    """Give a ticket's paper up: it did not come, or not for its holder.  Raises NotFound, NotAllowed.

    The ticket itself stays in the line; its number can still be read from a screen or a phone.
    """
    ticket = tx.ticket(ticket_id)
    if ticket.print_state not in PAPER_DUE:
        raise NotAllowed(state=ticket.print_state, action="void-paper", number=ticket.number)
    void = replace(ticket, print_state="void")
    tx.save(void)
    tx.emit(EventName.TICKET_PRINT, void, reason="void")
    return void


def ask_reprint(tx: Tx, ticket_id: str) -> Ticket:
    """Note that the ticket is to be printed again.  Raises NotFound, NotAllowed for one that is void."""
    ticket = tx.ticket(ticket_id)
    if ticket.state in (State.CANCELLED, State.EXPIRED):
        raise NotAllowed(state=ticket.state.value, action="reprint", number=ticket.number)
    asked = ticket if ticket.print_state == "printed" else replace(ticket, print_state="requested")
    tx.save(asked)
    tx.emit(EventName.TICKET_PRINT, asked, reason="reprint")
    return asked
