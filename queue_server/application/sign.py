"""Signing in and out at a window, pausing, and calling by itself."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.call_next import require_free
from queue_server.application.ports import Tx
from queue_server.application.window_access import open_desk
from queue_server.contracts.events import EventName
from queue_server.domain.desk import Desk
from queue_server.domain.echo import kept_words
from queue_server.domain.errors import Refused


def sign_in(tx: Tx, window_id: str, operator: str) -> Desk:
    """Open a window for `operator`, who leaves any other window that is free.

    Whoever sat there is relieved, which is recorded.  Raises NotFound; Refused `window-taken` where the hall
    does not allow that.
    """
    desk = tx.desk(window_id)
    relieved = desk.operator if desk.operator != operator else None
    if relieved is not None:
        if tx.hall.calling.takeover == "refuse":
            raise Refused("window-taken", window=window_id)
        tx.note(f"handed over from {relieved}")
    for other in tx.desks().values():
        if other.operator == operator and other.window != window_id and tx.at_window(other.window) is None:
            _close(tx, other)
    changed = replace(desk, operator=operator, paused=False, pause_reason="", since_at=tx.now)
    return _kept(tx, changed, "free", "handed over" if relieved is not None else None)


def sign_out(tx: Tx, window_id: str) -> Desk:
    """Close a window.  Raises NotFound, Refused `window-busy` while a ticket is there."""
    desk = tx.desk(window_id)
    require_free(tx, window_id)
    return _close(tx, desk)


def pause(tx: Tx, window_id: str, reason: str) -> Desk:
    """Stop calling for a while; `reason` is kept without long numbers, citizens are not told it.

    Raises NotFound, Refused `window-not-signed-in`.
    """
    kept = kept_words(reason)
    changed = replace(open_desk(tx, window_id), paused=True, pause_reason=kept, since_at=tx.now)
    return _kept(tx, changed, "paused")


def resume(tx: Tx, window_id: str) -> Desk:
    """Go on after a pause.  Raises NotFound, Refused `window-not-signed-in`."""
    changed = replace(open_desk(tx, window_id), paused=False, pause_reason="", since_at=tx.now)
    return _kept(tx, changed, "free")


def toggle_pause(tx: Tx, window_id: str) -> Desk:
    """Pause or go on, by the pad's one key for both."""
    return resume(tx, window_id) if tx.desk(window_id).paused else pause(tx, window_id, "暂离")


def set_auto_call(tx: Tx, window_id: str, on: bool) -> Desk:
    """Let the window call by itself when it becomes free.  Raises NotFound."""
    return _kept(tx, replace(tx.desk(window_id), auto_call=on), None)


def _close(tx: Tx, desk: Desk) -> Desk:
    changed = replace(
        desk, operator=None, paused=False, pause_reason="", rate_ticket=None, auto_call=False, since_at=tx.now
    )
    return _kept(tx, changed, "closed")


def _kept(tx: Tx, desk: Desk, state: str | None, reason: str | None = None) -> Desk:
    tx.save_desk(desk)
    tx.emit(EventName.WINDOW_CHANGED, window=desk.window, state=state, reason=reason)
    return desk
