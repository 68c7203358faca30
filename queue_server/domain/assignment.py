"""Which ticket a window calls next."""

from __future__ import annotations

from collections.abc import Iterable

from queue_server.domain.hall import Window
from queue_server.domain.ticket import Action, Ticket


def next_for(window: Window, tickets: Iterable[Ticket]) -> Ticket | None:
    """Return the ticket `window` should call, or None when nobody waits for it.

    Order: what was sent to this very window, then the window's preferred service, then priority class within
    it, then the longest wait, then the number.  The last key makes the choice total.
    """
    return min(
        (ticket for ticket in tickets if _is_for(window, ticket)),
        key=lambda ticket: (
            ticket.reserved_for is None,
            window.skills.get(ticket.service_id, 0),
            *ticket.ahead_key,
            ticket.number,
        ),
        default=None,
    )


def _is_for(window: Window, ticket: Ticket) -> bool:
    if ticket.reserved_for is not None:
        mine = ticket.reserved_for == window.id
    else:
        mine = ticket.service_id in window.skills
    return mine and ticket.may(Action.CALL)
