"""Stops that are over, in SQLite and in the reference store; parts of both stores."""

from __future__ import annotations

import sqlite3
from collections import Counter
from datetime import datetime

from queue_server.adapters.sqlite_rows import to_text
from queue_server.application.chain_ports import StopDone

CHAIN_TABLES = (
    """
    CREATE TABLE stop_done (
        key INTEGER PRIMARY KEY,
        ticket_id TEXT NOT NULL,
        day TEXT NOT NULL,
        service_id TEXT NOT NULL,
        window TEXT NOT NULL,
        finished_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX stop_done_ticket ON stop_done (ticket_id)",
    "CREATE INDEX stop_done_day ON stop_done (day, window)",
)
_ADD = "INSERT INTO stop_done VALUES (NULL, ?, ?, ?, ?, ?)"
_OF_TICKET = """
    SELECT ticket_id, day, service_id, window, finished_at FROM stop_done WHERE ticket_id = ? ORDER BY key
"""
_SERVED = "SELECT window, count(*) FROM stop_done WHERE day = ? GROUP BY window"


class SqliteChainTx:
    """The writing half."""

    _db: sqlite3.Connection

    def add_stop(self, stop: StopDone) -> None:
        """Keep a stop that was served."""
        values = (stop.ticket_id, stop.day, stop.service_id, stop.window, to_text(stop.finished_at))
        self._db.execute(_ADD, values)


class SqliteChainView:
    """The reading half."""

    _db: sqlite3.Connection

    def stops_done(self, ticket_id: str) -> list[StopDone]:
        """Return the stops of a ticket that are over."""
        rows = self._db.execute(_OF_TICKET, (ticket_id,))
        return [
            StopDone(ticket, day, service, window, datetime.fromisoformat(at))
            for ticket, day, service, window, at in rows
        ]

    def stops_served(self, day: str) -> Counter[str]:
        """Window id -> how many stops it served whose tickets went on."""
        return Counter(dict(self._db.execute(_SERVED, (day,)).fetchall()))


def stops_served_in(stops: list[StopDone], day: str) -> Counter[str]:
    """Return the same of the reference store's list."""
    return Counter(stop.window for stop in stops if stop.day == day)
