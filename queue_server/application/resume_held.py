"""回呼: call back whom this window put on hold."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.call_next import require_free
from queue_server.application.ports import Tx
from queue_server.application.window_access import open_desk
from queue_server.contracts.events import EventName
from queue_server.domain.errors import Refused
from queue_server.domain.ticket import Action, Ticket


def resume_held(tx: Tx, window_id: str) -> Ticket:
    """Call the longest held ticket of this window.

    Raises Refused: window-not-signed-in, window-busy, nobody-waiting.
    """
    desk = open_desk(tx, window_id)
    require_free(tx, window_id)
    held = tx.held_at(window_id)
    if not held:
        raise Refused("nobody-waiting")
    back = held[0].after(Action.RESUME_HELD, called_at=tx.now, calls=held[0].calls + 1, recalls=0)
    tx.save(back)
    tx.save_desk(
        replace(
            desk,
            paused=False,
            pause_reason="",
            since_at=tx.now,
            last_call_at=tx.now,
            last_ticket=back.id,
            rate_ticket=None,
        )
    )
    tx.emit(EventName.TICKET_RESUMED, back)
    return back
