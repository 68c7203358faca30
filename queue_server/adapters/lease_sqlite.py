"""Leases in SQLite, as a mix-in of its transaction.

A number that was handed in stands under the primary key (lease, service, n), so it cannot come in twice;
blocks come from rows of `counter` like online numbers, and `ticket_number` is the last guard of both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from typing import Any

from queue_server.adapters.lease_tables import SETTLED
from queue_server.adapters.sqlite_rows import to_text
from queue_server.domain.lease import Block, Handed, Lease

LEASE_TABLES = (
    """
    CREATE TABLE lease (
        id TEXT PRIMARY KEY,
        holder TEXT NOT NULL,
        terminal TEXT NOT NULL,
        day TEXT NOT NULL,
        made_at TEXT NOT NULL,
        expires_at TEXT NOT NULL,
        closed_at TEXT,
        blocks TEXT NOT NULL,
        places TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "CREATE INDEX lease_open ON lease (holder, made_at) WHERE closed_at IS NULL",
    """
    CREATE TABLE lease_ticket (
        lease_id TEXT NOT NULL,
        service_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        key TEXT NOT NULL,
        ticket_id TEXT NOT NULL,
        mark TEXT NOT NULL,
        PRIMARY KEY (lease_id, service_id, n)
    ) WITHOUT ROWID
    """,
)
_BLOCK = """
    INSERT INTO counter (service_id, day, last) VALUES (?, ?, ? + ? - 1)
    ON CONFLICT (service_id, day) DO UPDATE SET last = last + ? RETURNING last
"""
_COUNT = "SELECT taken FROM issue_count WHERE day = ? AND service_id = ? AND slot = ?"
_ADD = """
    INSERT INTO issue_count (day, service_id, slot, taken) VALUES (?, ?, ?, max(0, ?))
    ON CONFLICT (day, service_id, slot) DO UPDATE SET taken = max(0, taken + ?)
"""
_COLUMNS = "id, holder, terminal, day, made_at, expires_at, closed_at, blocks, places"
_ONE = f"SELECT {_COLUMNS} FROM lease WHERE id = ?"  # noqa: S608 - our own column names
_OPEN = f"SELECT {_COLUMNS} FROM lease WHERE closed_at IS NULL AND holder = ? ORDER BY made_at, id"  # noqa: S608
_OVER = f"SELECT {_COLUMNS} FROM lease WHERE closed_at IS NULL AND expires_at < ? ORDER BY made_at, id"  # noqa: S608
_SAVE = f"INSERT OR REPLACE INTO lease ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_HANDED = """
    SELECT lease_id, service_id, n, key, ticket_id, mark FROM lease_ticket
    WHERE lease_id = ? AND service_id = ? AND n = ?
"""
_MARKS = "SELECT ticket_id, mark FROM lease_ticket WHERE lease_id = ? AND mark != ''"


class SqliteLeaseView:
    """LeaseView on the writer's connection or a snapshot."""

    _db: sqlite3.Connection

    def lease_marks(self, lease_ids: Collection[str]) -> dict[str, str]:
        """Return the marks of the tickets of these leases."""
        found = (row for one in lease_ids for row in self._db.execute(_MARKS, (one,)))
        return dict(found)


class SqliteLeases(SqliteLeaseView):
    """LeaseTx on the writer's connection."""

    _db: sqlite3.Connection
    day: str
    now: datetime

    def take_block(self, service_id: str, start: int, count: int) -> int:
        """Take consecutive numbers."""
        values = (service_id, self.day, start, count, count)
        return int(self._db.execute(_BLOCK, values).fetchone()[0]) - count + 1

    def slot_count(self, day: str, service_id: str, slot: str) -> int:
        """Return what counts in a slot."""
        row = self._db.execute(_COUNT, (day, service_id, slot)).fetchone()
        return int(row[0]) if row else 0

    def add_to_slot(self, day: str, service_id: str, slot: str, count: int) -> None:
        """Count more or fewer."""
        self._db.execute(_ADD, (day, service_id, slot, count, count))

    def lease(self, lease_id: str) -> Lease | None:
        """Return a lease."""
        row = self._db.execute(_ONE, (lease_id,)).fetchone()
        return _lease(row) if row else None

    def save_lease(self, lease: Lease) -> None:
        """Add or change a lease."""
        blocks = {service: [block.first, block.last] for service, block in lease.blocks.items()}
        values = (lease.id, lease.holder, lease.terminal, lease.day, to_text(lease.made_at))
        times = (to_text(lease.expires_at), to_text(lease.closed_at))
        self._db.execute(_SAVE, (*values, *times, json.dumps(blocks), json.dumps(dict(lease.places))))

    def open_leases(self, holder: str) -> list[Lease]:
        """Return a terminal's open leases."""
        return [_lease(row) for row in self._db.execute(_OPEN, (holder,))]

    def open_leases_before(self, moment: datetime) -> list[Lease]:
        """Return open leases whose life is over."""
        return [_lease(row) for row in self._db.execute(_OVER, (to_text(moment),))]

    def handed(self, lease_id: str, service_id: str, n: int) -> Handed | None:
        """Return what was handed in for a number."""
        row = self._db.execute(_HANDED, (lease_id, service_id, n)).fetchone()
        return Handed(*row) if row else None

    def add_handed(self, handed: Handed) -> None:
        """Remember that a number was handed in."""
        self._db.execute(
            "INSERT INTO lease_ticket VALUES (?, ?, ?, ?, ?, ?)",
            (handed.lease_id, handed.service_id, handed.n, handed.key, handed.ticket_id, handed.mark),
        )

    def settled(self, actor: str, key: str) -> str | None:
        """Return the body of a key's answer."""
        query = "SELECT body FROM answer WHERE actor = ? AND key = ?"
        row = self._db.execute(query, (actor, key)).fetchone()
        return str(row[0]) if row else None

    def refuse_key(self, actor: str, key: str) -> None:
        """Let the key do nothing any more."""
        self._db.execute(
            "INSERT OR REPLACE INTO answer VALUES (?, ?, ?, 409, '', ?)",
            (actor, key, SETTLED, to_text(self.now)),
        )


def _lease(row: tuple[Any, ...]) -> Lease:
    lease_id, holder, terminal, day, made_at, expires_at, closed_at, blocks, places = row
    return Lease(
        lease_id,
        holder,
        terminal,
        day,
        datetime.fromisoformat(made_at),
        datetime.fromisoformat(expires_at),
        {service: Block(*ends) for service, ends in json.loads(blocks).items()},
        json.loads(places),
        None if closed_at is None else datetime.fromisoformat(closed_at),
    )
