"""A window calls the next citizen (docs/adr/0011 says what the key means in each state)."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.accessible import offered
from queue_server.application.chain_stops import finish
from queue_server.application.ports import Tx
from queue_server.application.window_access import open_desk
from queue_server.contracts.events import EventName
from queue_server.domain.assignment import next_for
from queue_server.domain.desk import Desk
from queue_server.domain.errors import Refused
from queue_server.domain.ticket import AT_WINDOW, Action, Ticket
from queue_server.domain.why import Why


def call_next(tx: Tx, window_id: str) -> Ticket | None:
    """Call the next citizen to a window; None when nobody waits.

    A second press within the debounce time answers the same ticket.  A ticket being served is finished first;
    one that was called and did not come is passed when the hall says so, else `window-busy`.  A paused window
    resumes.  With nobody waiting, a ticket being served is finished all the same.
    Raises Refused: window-not-signed-in, window-paused, window-busy; NotFound.
    """
    desk = open_desk(tx, window_id)
    if desk.paused and tx.hall.calling.next_while_paused == "refuse":
        raise Refused("window-paused", window=window_id)
    current = tx.at_window(window_id)
    if current is not None and _pressed_twice(tx, desk, current):
        return current
    if current is not None:
        desk = _clear_window(tx, desk, current)
    window = tx.hall.window(window_id)
    choice = next_for(tx.hall, window, offered(tx, window, tx.heads(window)), tx.now, desk.green_debt)
    if choice is None:
        if desk.paused:
            tx.save_desk(replace(desk, paused=False, pause_reason="", since_at=tx.now))
            tx.emit(EventName.WINDOW_CHANGED, window=window_id, state="free")
        return None
    return call_to(tx, replace(desk, green_debt=choice.green_debt), choice.ticket, choice.why)


def call_to(tx: Tx, desk: Desk, chosen: Ticket, why: Why) -> Ticket:
    """Call `chosen` to the window of `desk`, which must be free; the ticket keeps `why`."""
    called = chosen.after(
        Action.CALL,
        window=desk.window,
        reserved_for=None,
        called_at=tx.now,
        calls=chosen.calls + 1,
        recalls=0,
        why=why.kept(),
    )
    tx.save(called)
    tx.save_desk(
        replace(
            desk,
            paused=False,
            pause_reason="",
            since_at=tx.now,
            last_call_at=tx.now,
            last_ticket=called.id,
            rate_ticket=None,
        )
    )
    tx.emit(EventName.TICKET_CALLED, called, reason=called.why)
    return called


def require_free(tx: Tx, window_id: str) -> None:
    """Raise `window-busy` when a ticket is at the window."""
    current = tx.at_window(window_id)
    if current is not None:
        raise Refused("window-busy", window=window_id, number=current.number)


def _pressed_twice(tx: Tx, desk: Desk, current: Ticket) -> bool:
    if desk.last_call_at is None or current.id != desk.last_ticket or current.state not in AT_WINDOW:
        return False
    return 0 <= (tx.now - desk.last_call_at).total_seconds() < tx.hall.calling.debounce_s


def _clear_window(tx: Tx, desk: Desk, current: Ticket) -> Desk:
    """Finish or pass what is at the window, as the rules say, or refuse."""
    rules = tx.hall.calling
    if current.may(Action.FINISH) and rules.next_while_serving == "finish":
        done = finish(tx, current)
        cleared = replace(desk, rate_ticket=None if done.rated else done.id, since_at=tx.now)
    elif current.may(Action.NO_SHOW) and rules.next_while_called == "no-show":
        passed = current.after(Action.NO_SHOW, finished_at=tx.now)
        tx.save(passed)
        tx.emit(EventName.TICKET_NO_SHOW, passed)
        cleared = replace(desk, since_at=tx.now)
    else:
        raise Refused("window-busy", window=desk.window, number=current.number)
    tx.save_desk(cleared)
    return cleared
