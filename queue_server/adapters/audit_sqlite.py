"""The audit table: written by the store's writer thread, read by auditors, checked from the first row on."""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from queue_server.adapters.sqlite_file import DatabaseProblem, connect
from queue_server.adapters.sqlite_rows import to_text
from queue_server.application.audit import FIRST, AuditFilter, AuditRow, Broken, Head, first_broken

COLUMNS = ", ".join(field.name for field in fields(AuditRow))
_ADD = f"INSERT INTO audit ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_ALL = f"SELECT {COLUMNS} FROM audit ORDER BY seq"
_LAST = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_EVER = "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"


def head_of(db: sqlite3.Connection) -> Head:
    """Return the end of the chain."""
    row = db.execute(_LAST).fetchone()
    return Head(row[0], row[1]) if row else Head(0, FIRST)


def add(db: sqlite3.Connection, row: AuditRow) -> Head:
    """Write a row; return the new end of the chain."""
    what = (row.action, row.ticket, row.window, row.result, row.detail, row.hash)
    db.execute(_ADD, (row.seq, row.at, row.actor, row.source, *what))
    return Head(row.seq, row.hash)


def find(db: sqlite3.Connection, wanted: AuditFilter) -> list[AuditRow]:
    """Return the rows asked for, newest first."""
    asked = {
        "at >= ?": to_text(wanted.since),
        "at < ?": to_text(wanted.until),
        "actor = ?": wanted.actor,
        "action = ?": wanted.action,
        "seq < ?": wanted.before,
    }
    terms = ["1", *(term for term, value in asked.items() if value is not None)]
    values = [value for value in asked.values() if value is not None]
    sql = f"SELECT {COLUMNS} FROM audit WHERE {' AND '.join(terms)} ORDER BY seq DESC LIMIT ?"
    return [AuditRow(*row) for row in db.execute(sql, (*values, wanted.limit))]


def verify(path: Path, known: Head | None = None) -> tuple[Broken | None, Head]:
    """Check every row of a file; return the first broken one, or None, and the end of what is sound.

    `known` is an end of the chain that was written down elsewhere.  Raises DatabaseProblem.
    """
    if not path.exists():
        raise DatabaseProblem(f"{path}: there is no database")
    try:
        db = connect(path, read_only=True)
        try:
            db.execute("BEGIN")
            ever = db.execute(_EVER).fetchone()
            found = first_broken(_rows(db), ever[0] if ever else 0)
            return found if found[0] is not None or known is None else (_against(db, known), found[1])
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(f"{path}: the audit cannot be read: {error}") from error


def _rows(db: sqlite3.Connection) -> Iterator[AuditRow]:
    for row in db.execute(_ALL):
        yield AuditRow(*row)


def _against(db: sqlite3.Connection, known: Head) -> Broken | None:
    row = db.execute("SELECT hash FROM audit WHERE seq = ?", (known.seq,)).fetchone()
    if row is None or row[0] != known.hash:
        return Broken(known.seq, "the row is not the one that was written down")
    return None
