"""What a hall's file says of itself: whose it is, and with which key its persons are hashed.

`restore` reads it, so that no hall wakes up with another hall's tickets, or with people it cannot know again.
"""

from __future__ import annotations

import sqlite3

ABOUT_TABLE = ("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",)
SITE, KEY = "site", "key"


def write_about(db: sqlite3.Connection, values: dict[str, str]) -> None:
    """Keep what differs from what is there; a file that says it already is not written to."""
    known = read_about(db)
    for name, value in values.items():
        if known.get(name) != value:
            db.execute("INSERT OR REPLACE INTO about VALUES (?, ?)", (name, value))


def read_about(db: sqlite3.Connection) -> dict[str, str]:
    """Return what a file says of itself; nothing when it is of an older version."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'about'").fetchone() is None:
        return {}
    return dict(db.execute("SELECT name, value FROM about").fetchall())
