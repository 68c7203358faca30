"""Lines and windows for estimates, in SQLite; a mix-in of its transaction and view.

Each statement is a look-up in an index, bounded by the number of windows, whatever the table holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from datetime import datetime

from queue_server.application.estimate_ports import AtWindow, Queued

PASSED_INDEX = "CREATE INDEX ticket_passed ON ticket (day, window) WHERE state = 'passed'"
_LINE = """
    SELECT priority, place FROM ticket
    WHERE state = 'waiting' AND reserved_for IS NULL AND day = ? AND service_id = ?
    ORDER BY cls, place, n LIMIT ?
"""
_SENT = """
    SELECT reserved_for, count(*) FROM ticket
    WHERE state = 'waiting' AND reserved_for IS NOT NULL AND day = ? GROUP BY reserved_for
"""
_AT_WINDOW = """
    SELECT service_id, called_at, issued_at FROM ticket
    WHERE window = ? AND state IN ('called', 'serving')
"""
_LASTED = """
    SELECT service_id, called_at, finished_at FROM ticket
    WHERE state = 'done' AND day = ? AND window = ? ORDER BY key DESC LIMIT ?
"""
_PASSED = "SELECT count(*) FROM ticket WHERE state = 'passed' AND day = ? AND window = ?"

_NEWEST = "SELECT issued_at FROM ticket WHERE numbered_by = ? AND day = ? ORDER BY n DESC LIMIT ?"


class SqliteEstimates:
    """EstimateSource over a connection, without `desks` and `forecasts`."""

    _db: sqlite3.Connection

    def queued(self, day: str, services: Collection[str], most: int) -> list[Queued]:
        """Return the first `most` of each line, in order."""
        return [
            Queued(service_id, priority, place)
            for service_id in services
            for priority, place in self._db.execute(_LINE, (day, service_id, most))
        ]

    def sent_to(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for that window alone."""
        return dict(self._db.execute(_SENT, (day,)).fetchall())

    def at_windows(self, windows: Collection[str]) -> list[AtWindow]:
        """Return who is at these windows."""
        found = []
        for window in windows:
            for service_id, called, issued in self._db.execute(_AT_WINDOW, (window,)):
                found.append(AtWindow(window, service_id, datetime.fromisoformat(called or issued)))
        return found

    def lasted(self, day: str, windows: Collection[str], most: int) -> list[tuple[str, float]]:
        """Return (service, seconds) of the newest served at each window."""
        moment = datetime.fromisoformat
        return [
            (service_id, (moment(finished) - moment(called)).total_seconds())
            for window in windows
            for service_id, called, finished in self._db.execute(_LASTED, (day, window, most))
            if called is not None and finished is not None
        ]

    def passed_at(self, day: str, windows: Collection[str]) -> int:
        """Count who did not come."""
        return sum(self._db.execute(_PASSED, (day, one)).fetchone()[0] for one in windows)

    def newest_issued(self, day: str, service_id: str, most: int) -> list[datetime]:
        """Return when the newest tickets of a service were taken."""
        rows = self._db.execute(_NEWEST, (service_id, day, most))
        return [datetime.fromisoformat(issued) for (issued,) in rows]
