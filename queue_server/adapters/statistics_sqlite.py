"""The stored edges that figures are made of, in SQLite; a part of SqliteView."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from queue_server.adapters.sqlite_rows import EVENT_COLUMNS, event_of, to_text
from queue_server.application.statistics import DeskEdge, Expired, Facts, Rated
from queue_server.domain.desk import Desk

_EVENTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE at >= ? AND at < ? ORDER BY seq"  # noqa: S608
_EXPIRED = """
    SELECT issued_at, service_id FROM ticket WHERE state = 'expired' AND issued_at >= ? AND issued_at < ?
"""
_DESKS = """
    SELECT at, window, operator IS NOT NULL, paused, reason FROM desk_edge
    WHERE key IN (SELECT max(key) FROM desk_edge WHERE at < ? GROUP BY window) OR (at >= ? AND at < ?)
    ORDER BY key
"""
_RATINGS = "SELECT at, window, level FROM evaluation WHERE at >= ? AND at < ? ORDER BY at"


def edge_of(desk: Desk) -> tuple[str | None, bool, str]:
    """Return what makes an edge of a window when it changes: who sits there, paused, why."""
    return desk.operator, desk.paused, desk.pause_reason


class StatisticsView:
    """Reading for the figures."""

    _db: sqlite3.Connection

    def facts(self, start: datetime, end: datetime) -> Facts:
        """Return everything that happened from `start` (included) to `end` (not)."""
        span = (to_text(start), to_text(end))
        read, moment = self._db.execute, datetime.fromisoformat
        return Facts(
            start,
            end,
            events=[event_of(row) for row in read(_EVENTS, span)],
            expired=[Expired(moment(at), service) for at, service in read(_EXPIRED, span)],
            desks=[
                DeskEdge(moment(at), window, bool(is_open), bool(paused), reason)
                for at, window, is_open, paused, reason in read(_DESKS, (span[0], *span))
            ],
            ratings=[Rated(moment(at), window, level) for at, window, level in read(_RATINGS, span)],
        )
