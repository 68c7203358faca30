"""Webhooks in SQLite; parts of SqliteTx and SqliteView."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from queue_server.adapters.sqlite_rows import to_text
from queue_server.application.webhook_ports import DeadLetter, Hook
from queue_server.contracts.events import EventName

WEBHOOK_TABLES = (
    """
    CREATE TABLE webhook (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        salt TEXT NOT NULL,
        made_at TEXT NOT NULL,
        made_by TEXT NOT NULL
    )
    """,
    # AUTOINCREMENT: the number of a letter that was taken out is never given to another one
    """
    CREATE TABLE webhook_dead (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        hook TEXT NOT NULL,
        seq INTEGER NOT NULL,
        name TEXT NOT NULL,
        at TEXT NOT NULL,
        tries INTEGER NOT NULL,
        reason TEXT NOT NULL
    )
    """,
    "CREATE INDEX webhook_dead_hook ON webhook_dead (hook, n)",
)
_ADD = "INSERT INTO webhook (id, url, events, salt, made_at, made_by) VALUES (?, ?, ?, ?, ?, ?)"
_HOOKS = "SELECT id, url, events, salt, made_at, made_by FROM webhook ORDER BY key"
_FROM_NOW = "INSERT OR REPLACE INTO consumer SELECT ?, coalesce(max(seq), 0) FROM event"
_ADD_DEAD = """
    INSERT INTO webhook_dead (hook, seq, name, at, tries, reason)
    SELECT id, ?, ?, ?, ?, ? FROM webhook WHERE id = ?
"""
_FORGET = """
    DELETE FROM webhook_dead WHERE hook = ? AND n <= (
        SELECT n FROM webhook_dead WHERE hook = ? ORDER BY n DESC LIMIT 1 OFFSET ?
    )
"""
_DEAD = "SELECT n, hook, seq, name, at, tries, reason FROM webhook_dead WHERE hook = ? ORDER BY n"


class SqliteWebhookTx:
    """The writing half."""

    _db: sqlite3.Connection

    def add_hook(self, hook: Hook) -> None:
        """Keep a new receiver, its cursor at the newest event."""
        values = (hook.id, hook.url, " ".join(hook.events), hook.salt, to_text(hook.made_at), hook.made_by)
        self._db.execute(_ADD, values)
        self._db.execute(_FROM_NOW, (hook.consumer,))

    def drop_hook(self, hook_id: str) -> bool:
        """Forget a receiver and what is kept of it."""
        self._db.execute("DELETE FROM consumer WHERE name = ?", (f"webhook:{hook_id}",))
        self._db.execute("DELETE FROM webhook_dead WHERE hook = ?", (hook_id,))
        return self._db.execute("DELETE FROM webhook WHERE id = ?", (hook_id,)).rowcount > 0

    def move_hook(self, hook: Hook, seq: int) -> None:
        """Remember how far a receiver was told."""
        self._db.execute("UPDATE consumer SET seq = ? WHERE name = ?", (seq, hook.consumer))

    def add_dead(self, letter: DeadLetter, most: int) -> None:
        """Keep a dead letter; beyond `most` the oldest go."""
        values = (letter.seq, letter.name.value, to_text(letter.at), letter.tries, letter.reason)
        self._db.execute(_ADD_DEAD, (*values, letter.hook))
        self._db.execute(_FORGET, (letter.hook, letter.hook, most))

    def drop_dead(self, hook_id: str, n: int) -> bool:
        """Forget a dead letter."""
        gone = self._db.execute("DELETE FROM webhook_dead WHERE hook = ? AND n = ?", (hook_id, n))
        return gone.rowcount > 0


class SqliteWebhookView:
    """The reading half."""

    _db: sqlite3.Connection

    def hooks(self) -> list[Hook]:
        """Return every receiver."""
        return [
            Hook(hook_id, url, tuple(events.split()), salt, datetime.fromisoformat(at), by)
            for hook_id, url, events, salt, at, by in self._db.execute(_HOOKS)
        ]

    def dead_letters(self, hook_id: str) -> list[DeadLetter]:
        """Return what a receiver did not take."""
        return [
            DeadLetter(n, hook, seq, EventName(name), datetime.fromisoformat(at), tries, reason)
            for n, hook, seq, name, at, tries, reason in self._db.execute(_DEAD, (hook_id,))
        ]
