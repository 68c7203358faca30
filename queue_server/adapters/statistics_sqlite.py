"""The stored edges that figures are made of, in SQLite; a part of SqliteView."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from queue_server.adapters.sqlite_rows import EVENT_COLUMNS, Row, event_of, to_text
from queue_server.application.statistics import DeskEdge, Expired, Facts, Rated, Told
from queue_server.domain.desk import Desk

_EVENTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE at >= ? AND at < ? ORDER BY seq"  # noqa: S608
_EXPIRED = """
    SELECT issued_at, service_id FROM ticket WHERE state = 'expired' AND issued_at >= ? AND issued_at < ?
"""
_DESKS = """
    SELECT at, window, operator, paused, reason FROM desk_edge
    WHERE key IN (SELECT max(key) FROM desk_edge WHERE at < ? GROUP BY window) OR (at >= ? AND at < ?)
    ORDER BY key
"""
_RATINGS = "SELECT at, window, level FROM evaluation WHERE at >= ? AND at < ? ORDER BY at"

_TOLD = """
    SELECT event.at, event.service_id, event.window, issued_at, est_low_s, est_likely_s, est_high_s
    FROM event JOIN ticket ON ticket.id = event.ticket_id
    WHERE event.name = 'ticket-called' AND event.calls = 1 AND event.at >= ? AND event.at < ?
        AND est_low_s IS NOT NULL AND est_likely_s IS NOT NULL AND est_high_s IS NOT NULL
    ORDER BY event.seq
"""

_LATELY = _TOLD.replace(" AND event.at < ?", "").replace("event.seq", "event.at DESC LIMIT ?")


def told_of(row: Row) -> Told:
    """Return what a ticket was told and how long it waited."""
    at, service_id, window, issued, low, likely, high = row
    called = datetime.fromisoformat(at)
    waited_s = max(0.0, (called - datetime.fromisoformat(issued)).total_seconds())
    return Told(called, service_id, window, waited_s, low, likely, high)


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
                DeskEdge(moment(at), window, who is not None, bool(paused), reason, who)
                for at, window, who, paused, reason in read(_DESKS, (span[0], *span))
            ],
            ratings=[Rated(moment(at), window, level) for at, window, level in read(_RATINGS, span)],
            told=[told_of(row) for row in read(_TOLD, span)],
        )

    def lately_told(self, since: datetime, most: int) -> list[Told]:
        """Return the newest first calls since then whose tickets told a wait."""
        return [told_of(row) for row in self._db.execute(_LATELY, (to_text(since), most))]
