"""Whoever needs an accessible counter is called to one, as long as one of the service is open.

A class marked `accessible` is a line of its own in the heads of lines, so a window that leaves it to others
leaves the whole line and finds the heads of all others as before.
"""

from __future__ import annotations

from collections.abc import Iterable

from queue_server.application.ports import Tx
from queue_server.domain.hall import Window
from queue_server.domain.ticket import Ticket


def offered(tx: Tx, window: Window, heads: Iterable[Ticket]) -> list[Ticket]:
    """Return those of `heads` that `window` may call by the key.

    Left out at a window that is not accessible: tickets of an accessible class while an accessible window of
    their service is open, signed in and not paused.  What was sent to this very window stays.
    """
    found = list(heads)
    classes = tx.hall.accessible_classes
    if window.accessible or not any(one.priority in classes for one in found):
        return found
    return [
        one
        for one in found
        if one.priority not in classes or one.reserved_for is not None or not _is_served(tx, one.service_id)
    ]


def _is_served(tx: Tx, service_id: str) -> bool:
    """Say whether an accessible window of the service is open now."""
    desks = tx.desks()
    return any(one.accessible and desks[one.id].is_taking for one in tx.hall.windows_of[service_id])
