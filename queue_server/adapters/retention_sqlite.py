"""Forgetting in SQLite; a part of SqliteTx."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from queue_server.adapters.sqlite_rows import to_text

_ANSWERS = """
    DELETE FROM answer WHERE (actor, key) IN (SELECT actor, key FROM answer WHERE at < ? LIMIT ?)
"""
_NEXT = "SELECT key, day, person IS NOT NULL OR citizen != '' FROM ticket WHERE key > ? ORDER BY key LIMIT ?"
_FORGET = "UPDATE ticket SET person = NULL, citizen = '' WHERE key = ?"
CURSOR = "identities-forgotten"
"""How far the tickets, in the order of issue, name nobody: so a run looks at each ticket once."""


class RetentionTx:
    """Forgetting."""

    _db: sqlite3.Connection

    def forget_answers(self, before: datetime, most: int) -> int:
        """Forget up to `most` remembered answers older than `before`; return how many."""
        return self._db.execute(_ANSWERS, (to_text(before), most)).rowcount

    def forget_identities(self, before_day: str, most: int) -> tuple[int, int]:
        """Unlink up to `most` tickets of days before `before_day`; return (looked at, unlinked)."""
        row = self._db.execute("SELECT seq FROM consumer WHERE name = ?", (CURSOR,)).fetchone()
        cursor, looked_at, unlinked = int(row[0]) if row else 0, 0, 0
        for key, day, linked in self._db.execute(_NEXT, (cursor, most)).fetchall():
            if day >= before_day:
                break
            if linked:
                self._db.execute(_FORGET, (key,))
            cursor, looked_at, unlinked = key, looked_at + 1, unlinked + int(linked)
        if looked_at:
            self._db.execute("INSERT OR REPLACE INTO consumer VALUES (?, ?)", (CURSOR, cursor))
        return looked_at, unlinked
