"""Finding the ticket at a window, with the refusals that all keys share."""

from __future__ import annotations

from datetime import datetime

from queue_server.application.ports import Tx
from queue_server.domain.desk import Desk
from queue_server.domain.errors import Refused
from queue_server.domain.ticket import Action, Ticket


def open_desk(tx: Tx, window_id: str) -> Desk:
    """Return the desk of a window somebody is signed in at.  Raises NotFound, `window-not-signed-in`."""
    desk = tx.desk(window_id)
    desk.require_open()
    return desk


def current_ticket(tx: Tx, window_id: str, action: Action) -> Ticket:
    """Return the ticket at the window.  Raises `not-allowed` when there is none to do `action` to."""
    open_desk(tx, window_id)
    ticket = tx.at_window(window_id)
    if ticket is None:
        raise Refused("not-allowed", number=f"window {window_id}", state="free", action=action.value)
    return ticket


def place_at(moment: datetime) -> int:
    """Return the place in a line of somebody who waits since `moment`."""
    return round(moment.timestamp() * 1_000_000)
