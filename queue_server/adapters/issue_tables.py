"""Slots and the blacklist in SQLite, as mix-ins of its transaction and view; what the reference store keeps.

`issue_count` has one row for each service, day and slot, found by its primary key: the cost of a cap is the
same on the first and on the last ticket of the year.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import date

from queue_server.adapters.held_tickets import Line
from queue_server.adapters.sqlite_rows import Row, to_text, to_time
from queue_server.domain.limits import Blacklisted

TAKE = """
    INSERT INTO issue_count (day, service_id, slot, taken) VALUES (?, ?, ?, 1)
    ON CONFLICT (day, service_id, slot) DO UPDATE SET taken = taken + 1 WHERE taken < ? RETURNING taken
"""
RETURN = """
    UPDATE issue_count SET taken = taken - 1 WHERE day = ? AND service_id = ? AND slot = ? AND taken > 0
"""
TAKEN = "SELECT service_id, slot, taken FROM issue_count WHERE day = ?"
_COLUMNS = "person, until, reason, added_at, added_by"
ONE = f"SELECT {_COLUMNS} FROM blacklist WHERE person = ?"  # noqa: S608 - our own column names
ALL = f"SELECT {_COLUMNS} FROM blacklist ORDER BY until, person"  # noqa: S608


class SqliteIssueRulesTx:
    """IssueRulesTx on the writer's connection."""

    _db: sqlite3.Connection
    day: str

    def take_slot(self, service_id: str, slot: str, limit: int) -> bool:
        """Count one more, unless `limit` were there."""
        if limit <= 0:
            return False
        return self._db.execute(TAKE, (self.day, service_id, slot, limit)).fetchone() is not None

    def return_slot(self, service_id: str, slot: str) -> None:
        """Count one less."""
        self._db.execute(RETURN, (self.day, service_id, slot))

    def blacklisted(self, person: str) -> Blacklisted | None:
        """Return a person's entry."""
        row = self._db.execute(ONE, (person,)).fetchone()
        return _entry(row) if row else None

    def save_blacklisted(self, entry: Blacklisted) -> None:
        """Add or replace an entry."""
        values = (
            entry.person,
            entry.until.isoformat(),
            entry.reason,
            to_text(entry.added_at),
            entry.added_by,
        )
        self._db.execute(f"INSERT OR REPLACE INTO blacklist ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608

    def drop_blacklisted(self, person: str) -> bool:
        """Remove an entry."""
        return self._db.execute("DELETE FROM blacklist WHERE person = ?", (person,)).rowcount > 0


class SqliteIssueRulesView:
    """IssueRulesView on a snapshot."""

    _db: sqlite3.Connection

    def slots_taken(self, day: str) -> dict[str, dict[str, int]]:
        """Service id -> slot -> tickets."""
        found: dict[str, dict[str, int]] = {}
        for service_id, slot, taken in self._db.execute(TAKEN, (day,)):
            found.setdefault(service_id, {})[slot] = taken
        return found

    def blacklist(self) -> list[Blacklisted]:
        """Return every entry."""
        return [_entry(row) for row in self._db.execute(ALL)]


def _entry(row: Row) -> Blacklisted:
    person, until, reason, added_at, added_by = row
    at = to_time(added_at)
    if at is None:
        raise ValueError("blacklist.added_at is empty")
    return Blacklisted(person, date.fromisoformat(until), reason, at, added_by)


@dataclass
class IssueTables:
    """What the reference store keeps for the issue rules."""

    slots: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """(day, service, slot) -> tickets."""
    blacklist: dict[str, Blacklisted] = field(default_factory=dict)
    held: dict[Line, int] = field(default_factory=dict)

    def __copy__(self) -> IssueTables:
        """Return a copy; the values themselves never change."""
        return IssueTables(dict(self.slots), dict(self.blacklist), dict(self.held))
