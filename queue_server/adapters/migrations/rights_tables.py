"""Tables of the record and of rights: audit, one-time codes, what windows did when."""

from __future__ import annotations

AUDIT_TABLE = (
    """
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        at TEXT NOT NULL,
        actor TEXT NOT NULL,
        source TEXT NOT NULL,
        action TEXT NOT NULL,
        ticket TEXT,
        window TEXT,
        result TEXT NOT NULL,
        detail TEXT NOT NULL,
        hash TEXT NOT NULL
    )
    """,
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
    """,
    """
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
    """,
    # INSERT OR REPLACE deletes without firing the trigger above
    """
    CREATE TRIGGER audit_only_append BEFORE INSERT ON audit
    WHEN NEW.seq IS NULL OR NEW.seq != (SELECT coalesce(max(seq), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
    """,
)

RIGHTS_TABLES = (
    # the secret itself is derived from `salt` with the key beside the database; `last_step` stops replays
    """
    CREATE TABLE totp (
        username TEXT PRIMARY KEY, salt TEXT NOT NULL, last_step INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
)

STATISTICS_TABLES = (
    # one row whenever a window opens, closes, pauses or goes on; each lasts until the window's next row
    """
    CREATE TABLE desk_edge (
        key INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        window TEXT NOT NULL,
        operator TEXT,
        paused INTEGER NOT NULL,
        reason TEXT NOT NULL
    )
    """,
    "CREATE INDEX desk_edge_at ON desk_edge (at)",
    "CREATE INDEX event_at ON event (at)",
    "CREATE INDEX evaluation_at ON evaluation (at)",
)

EXPIRED_INDEX = "CREATE INDEX ticket_expired ON ticket (issued_at) WHERE state = 'expired'"
