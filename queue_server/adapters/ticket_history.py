"""The events of one ticket, in both stores.

They are found by their time: an index over ticket ids would cost every event that is written, and a history
is asked for seldom.  A day before the issue is read as well, for a clock that was moved back since.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from queue_server.adapters.sqlite_rows import EVENT_COLUMNS, event_of, to_text
from queue_server.application.records import Event
from queue_server.domain.ticket import Ticket

BEFORE, AFTER = timedelta(days=1), timedelta(days=2)
_EVENTS = f"""
    SELECT {", ".join(EVENT_COLUMNS)} FROM event WHERE at >= ? AND at < ? AND ticket_id = ? ORDER BY seq
"""  # noqa: S608 - our own column names


class SqliteHistoryView:
    """A part of SqliteView."""

    _db: sqlite3.Connection

    def events_of(self, ticket: Ticket) -> list[Event]:
        """Return everything that was kept of a ticket."""
        span = to_text(ticket.issued_at - BEFORE), to_text(ticket.issued_at + AFTER)
        return [event_of(row) for row in self._db.execute(_EVENTS, (*span, ticket.id))]


def events_of(events: list[Event], ticket: Ticket) -> list[Event]:
    """Return the same of the reference store's list."""
    first, last = ticket.issued_at - BEFORE, ticket.issued_at + AFTER
    return [one for one in events if one.ticket_id == ticket.id and first <= one.at < last]
