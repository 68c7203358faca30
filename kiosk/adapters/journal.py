"""A terminal's own memory of what it gave out while the server was away: `kiosk-*.db` (docs/offline.md).

Written before anything is printed or sent (SQLite, WAL, synchronous=FULL), so that whatever happens to the
terminal, each paper that came out is handed in once and no order that was never answered leaves a ticket
behind.  Citizens' data are encrypted with the key beside the file and wiped when the server has them.
Synchronous: a write takes as long as the disk; the only thread is the kiosk's asyncio thread.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from kiosk.adapters.journal_rows import Kept, KeptLease, Order, kept_of
from kiosk.adapters.journal_seal import JournalProblem, Seal, load_seal
from kiosk.flows.intake_words import Citizen
from queue_server.contracts.leases import LeaseOut

_SCHEMA = """
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lease (
    id TEXT PRIMARY KEY, made_at TEXT NOT NULL, body TEXT NOT NULL, closing INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS online_order (key TEXT PRIMARY KEY, at TEXT NOT NULL, abandoned INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ticket (
    row INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    lease_id TEXT NOT NULL,
    service_id TEXT NOT NULL,
    n INTEGER NOT NULL,
    number TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    language TEXT NOT NULL,
    priority TEXT,
    citizen BLOB,
    person TEXT,
    state TEXT NOT NULL DEFAULT 'issued',
    ticket_id TEXT,
    print TEXT NOT NULL DEFAULT 'requested',
    print_reason TEXT NOT NULL DEFAULT '',
    print_job INTEGER NOT NULL DEFAULT 0,
    print_told TEXT NOT NULL DEFAULT '',
    UNIQUE (lease_id, service_id, n)
);
"""
_KEPT = (
    "key, lease_id, service_id, n, number, issued_at, language, priority, citizen, state, ticket_id,"
    " print, print_reason, print_job"
)


class Journal:
    """One file.  A second process on the same file is refused, for two would give one number twice."""

    def __init__(self, path: Path) -> None:
        """Open or make it.  Orders and papers that a killed process left open are abandoned.

        Raises JournalProblem.
        """
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._seal: Seal = load_seal(path.with_suffix(".key"))
            self._db = sqlite3.connect(path, isolation_level=None, timeout=0.2, check_same_thread=False)
            self._open()
        except (OSError, sqlite3.Error) as error:
            raise JournalProblem(f"{path}: the journal cannot be used: {error}") from error

    def _open(self) -> None:
        db = self._db
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            db.execute(f"PRAGMA {pragma}")
        db.executescript(_SCHEMA)
        with self._together():
            db.execute("UPDATE online_order SET abandoned = 1")
            db.execute("UPDATE ticket SET print = 'unknown' WHERE print = 'requested'")
        if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the file is damaged")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _together(self) -> _Together:
        return _Together(self._db)

    # -- notes ---------------------------------------------------------------------------------------------

    def note(self, name: str) -> str | None:
        """Return what was kept under a name."""
        row = self._db.execute("SELECT text FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def keep(self, name: str, text: str) -> None:
        """Keep a text under a name; the same text again costs no write."""
        if self.note(name) != text:
            self._db.execute("INSERT OR REPLACE INTO note VALUES (?, ?)", (name, text))

    def forget(self, name: str) -> None:
        """Forget a name."""
        self._db.execute("DELETE FROM note WHERE name = ?", (name,))

    # -- online orders -------------------------------------------------------------------------------

    def begin_order(self, key: str, at: datetime) -> None:
        """Note that an order is about to be sent."""
        self._db.execute("INSERT OR REPLACE INTO online_order VALUES (?, ?, 0)", (key, at.isoformat()))

    def end_order(self, key: str) -> None:
        """Note that an order was answered or settled."""
        self._db.execute("DELETE FROM online_order WHERE key = ?", (key,))

    def orders(self) -> list[Order]:
        """Return the orders without an answer, the oldest first."""
        rows = self._db.execute("SELECT key, at, abandoned FROM online_order ORDER BY at, key")
        return [Order(key, datetime.fromisoformat(at), bool(abandoned)) for key, at, abandoned in rows]

    def abandon_order(self, key: str) -> None:
        """Note that nobody waits for an order any more."""
        self._db.execute("UPDATE online_order SET abandoned = 1 WHERE key = ?", (key,))

    # -- leases ----------------------------------------------------------------------------------------------

    def save_lease(self, lease: LeaseOut, wish: str) -> None:
        """Keep a new lease; the wish for it (a note) is fulfilled."""
        with self._together():
            values = (lease.id, lease.made_at.isoformat(), lease.model_dump_json())
            self._db.execute("INSERT OR IGNORE INTO lease (id, made_at, body) VALUES (?, ?, ?)", values)
            self._db.execute("DELETE FROM note WHERE name = ?", (wish,))

    def leases(self) -> list[KeptLease]:
        """Return every lease, the newest first."""
        rows = self._db.execute("SELECT body, closing FROM lease ORDER BY made_at DESC, id")
        return [KeptLease(LeaseOut.model_validate_json(body), bool(closing)) for body, closing in rows]

    def begin_closing(self, lease_id: str) -> None:
        """Give out nothing more from a lease: said before the server is told."""
        self._db.execute("UPDATE lease SET closing = 1 WHERE id = ?", (lease_id,))

    def drop_lease(self, lease_id: str, before: datetime) -> None:
        """Forget a closed lease, and tickets of dropped leases that were given out `before`.

        The tickets of a lease that is still there say which numbers are used: they stay.
        """
        with self._together():
            self._db.execute("DELETE FROM lease WHERE id = ?", (lease_id,))
            self._db.execute(
                "DELETE FROM ticket WHERE state <> 'issued' AND issued_at < ?"
                " AND lease_id NOT IN (SELECT id FROM lease)",
                (before.isoformat(),),
            )

    # -- tickets -------------------------------------------------------------------------------------

    def add(self, ticket: Kept, citizen: Citizen | None) -> None:
        """Keep a ticket before it is printed; an unanswered order of the same key is abandoned with it.

        Raises sqlite3.IntegrityError for a key or a number that was used.
        """
        sealed = None if citizen is None else self._seal.close(citizen)
        person = None if citizen is None else self._seal.person(citizen)
        with self._together():
            self._db.execute(
                "INSERT INTO ticket (key, lease_id, service_id, n, number, issued_at, language, priority,"
                " citizen, person) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(ticket.key, ticket.lease_id, ticket.service_id, ticket.n, ticket.number),
                    *(ticket.issued_at.isoformat(), ticket.language, ticket.priority, sealed, person),
                ),
            )
            self.abandon_order(ticket.key)

    def ticket(self, key: str) -> Kept | None:
        """Return a ticket by the request that it was for."""
        found = self._tickets("key = ?", key)
        return found[0] if found else None

    def to_hand_in(self) -> list[Kept]:
        """Return the tickets that the server does not have yet, in the order of issue."""
        return self._tickets("state = 'issued'")

    def untold_prints(self) -> list[Kept]:
        """Return the tickets that the server has without knowing what became of their paper."""
        return self._tickets("state = 'handed-in' AND print <> print_told")

    def _tickets(self, where: str, *values: object) -> list[Kept]:
        query = f"SELECT {_KEPT} FROM ticket WHERE {where} ORDER BY row"  # noqa: S608 - our own words
        return [kept_of(row, self._seal) for row in self._db.execute(query, values)]

    def is_held(self, citizen: Citizen, service_id: str) -> str | None:
        """Return the number that a person holds of a service and that was not handed in yet."""
        row = self._db.execute(
            "SELECT number FROM ticket WHERE person = ? AND service_id = ? AND state = 'issued'",
            (self._seal.person(citizen), service_id),
        ).fetchone()
        return None if row is None else str(row[0])

    def last_of(self, lease_id: str, service_id: str) -> int | None:
        """Return the greatest number that was used of a block."""
        query = "SELECT max(n) FROM ticket WHERE lease_id = ? AND service_id = ?"
        row = self._db.execute(query, (lease_id, service_id)).fetchone()
        return None if row[0] is None else int(row[0])

    def times_of(self, lease_id: str, service_id: str) -> list[datetime]:
        """Return when each number of a block was given out."""
        query = "SELECT issued_at FROM ticket WHERE lease_id = ? AND service_id = ?"
        return [datetime.fromisoformat(row[0]) for row in self._db.execute(query, (lease_id, service_id))]

    def printed(self, key: str, job: int, outcome: str, reason: str) -> None:
        """Keep what became of a ticket's paper; one that came out stays so."""
        self._db.execute(
            "UPDATE ticket SET print = ?, print_reason = ?, print_job = ?"
            " WHERE key = ? AND print <> 'printed'",
            (outcome, reason, job, key),
        )

    def print_told(self, key: str, outcome: str) -> None:
        """Note what the server knows of a paper."""
        self._db.execute("UPDATE ticket SET print_told = ? WHERE key = ?", (outcome, key))

    def void(self, key: str) -> None:
        """Drop a ticket that nobody saw; its number stays used."""
        self._db.execute(
            "UPDATE ticket SET state = 'void', citizen = NULL, person = NULL WHERE key = ?", (key,)
        )

    def handed_in(self, key: str, ticket_id: str, print_told: str) -> None:
        """Note that the server has a ticket; wipe whose it was."""
        self._db.execute(
            "UPDATE ticket SET state = 'handed-in', ticket_id = ?, print_told = ?, citizen = NULL,"
            " person = NULL WHERE key = ?",
            (ticket_id, print_told, key),
        )

    def refused(self, key: str) -> None:
        """Note that the server will never take a ticket; wipe whose it was."""
        self._db.execute(
            "UPDATE ticket SET state = 'refused', citizen = NULL, person = NULL WHERE key = ?", (key,)
        )


class _Together:
    """One transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
