"""The schema of a hall's SQLite file.  A released migration is never edited; a new one is added below.

What the constraints promise, whatever the code above them does: no number twice on a day (`ticket_number`),
at most one ticket at a window (`ticket_at_window`), no more open tickets of a person and service than allowed
(`held_ticket`, raised only below the limit), one evaluation for a ticket, each `seq` once.
"""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from queue_server.adapters.about_file import ABOUT_TABLE
from queue_server.adapters.appointment_tables import APPOINTMENT_TABLES
from queue_server.adapters.card_tables import CARD_TABLES
from queue_server.adapters.chain_tables import CHAIN_TABLES
from queue_server.adapters.estimate_sqlite import PASSED_INDEX
from queue_server.adapters.held_tickets import HELD_TABLE
from queue_server.adapters.lease_sqlite import LEASE_TABLES
from queue_server.adapters.migrations.rights_tables import (
    AUDIT_TABLE,
    EXPIRED_INDEX,
    RIGHTS_TABLES,
    STATISTICS_TABLES,
)
from queue_server.adapters.webhook_sqlite import WEBHOOK_TABLES

migrations = Migrations("queue")


@migrations()  # type: ignore[untyped-decorator]
def m001_queue(db: Database) -> None:
    """Tickets, counters, desks, events, answers, evaluations, cursors."""
    for statement in _M001:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m002_accounts(db: Database) -> None:
    """People, machines, logins."""
    for statement in _M002:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m003_issue_rules(db: Database) -> None:
    """Tickets counted for each half-day and interval; people who may not take one for a while."""
    for statement in _M003_ISSUE:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m_audit(db: Database) -> None:
    """The append-only audit, second factors, what windows did when."""
    for statement in AUDIT_TABLE + RIGHTS_TABLES + STATISTICS_TABLES:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m010_calling_policy(db: Database) -> None:
    """Why a ticket was called, what a window owes to normal tickets, the heads of priority lines."""
    for statement in _M010:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m_statistics(db: Database) -> None:
    """Find what expired on a day."""
    db.execute(EXPIRED_INDEX)


@migrations()  # type: ignore[untyped-decorator]
def m020_ticket_fields(db: Database) -> None:
    """Appointment, further stops, lease and the told wait of a ticket."""
    for statement in _M020:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m030_held_tickets(db: Database) -> None:
    """How many open tickets a person holds of a service; of which hall the file is."""
    for statement in HELD_TABLE + ABOUT_TABLE:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m040_chains(db: Database) -> None:
    """Stops of chains that are over."""
    for statement in CHAIN_TABLES:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m050_appointments(db: Database) -> None:
    """Appointments, the places of their slots, the tickets whose appointment is due."""
    for statement in APPOINTMENT_TABLES:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m060_leases(db: Database) -> None:
    """Leases of terminals and what was handed in under them."""
    for statement in LEASE_TABLES:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m041_webhooks(db: Database) -> None:
    """Receivers of events, and what they did not take."""
    for statement in WEBHOOK_TABLES:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]
def m070_estimates(db: Database) -> None:
    """Find who was called in vain."""
    db.execute(PASSED_INDEX)


@migrations()  # type: ignore[untyped-decorator]
def m031_ticket_day(db: Database) -> None:
    """Find the tickets of a day: a list of today's must not read through the years."""
    db.execute("CREATE INDEX ticket_day ON ticket (day)")


@migrations()  # type: ignore[untyped-decorator]
def m080_staff_cards(db: Database) -> None:
    """Cards of people, and who is to be given the next one shown."""
    for statement in CARD_TABLES:
        db.execute(statement)


_M001 = (
    """
    CREATE TABLE ticket (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        number TEXT NOT NULL,
        n INTEGER NOT NULL,
        service_id TEXT NOT NULL,
        day TEXT NOT NULL,
        place INTEGER NOT NULL,
        issued_at TEXT NOT NULL,
        token TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL,
        window TEXT,
        reserved_for TEXT,
        person TEXT,
        citizen TEXT NOT NULL,
        priority TEXT,
        channel TEXT NOT NULL,
        language TEXT NOT NULL,
        terminal TEXT,
        called_at TEXT,
        started_at TEXT,
        finished_at TEXT,
        calls INTEGER NOT NULL,
        recalls INTEGER NOT NULL,
        print_state TEXT NOT NULL,
        print_reason TEXT NOT NULL,
        prints INTEGER NOT NULL,
        rated INTEGER NOT NULL,
        outcome TEXT,
        case_no TEXT,
        numbered_by TEXT NOT NULL,
        cls INTEGER NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX ticket_number ON ticket (numbered_by, day, n)",
    "CREATE UNIQUE INDEX ticket_at_window ON ticket (window) WHERE state IN ('called', 'serving')",
    """
    CREATE INDEX ticket_line ON ticket (day, service_id, cls, place, n)
        WHERE state = 'waiting' AND reserved_for IS NULL
    """,
    """
    CREATE INDEX ticket_reserved ON ticket (day, reserved_for)
        WHERE state = 'waiting' AND reserved_for IS NOT NULL
    """,
    "CREATE INDEX ticket_held ON ticket (window) WHERE state = 'held'",
    "CREATE INDEX ticket_done ON ticket (day, window) WHERE state = 'done'",
    "CREATE INDEX ticket_person ON ticket (person, day) WHERE person IS NOT NULL",
    """
    CREATE INDEX ticket_open ON ticket (day)
        WHERE state IN ('waiting', 'called', 'serving', 'held', 'passed')
    """,
    """
    CREATE TABLE counter (
        service_id TEXT NOT NULL, day TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (service_id, day)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE desk (
        window TEXT PRIMARY KEY,
        operator TEXT,
        paused INTEGER NOT NULL,
        pause_reason TEXT NOT NULL,
        since_at TEXT,
        last_call_at TEXT,
        last_ticket TEXT,
        rate_ticket TEXT,
        auto_call INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        at TEXT NOT NULL,
        ticket_id TEXT,
        number TEXT,
        service_id TEXT,
        zone TEXT,
        window TEXT,
        state TEXT,
        calls INTEGER,
        print_state TEXT,
        reason TEXT,
        actor TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE answer (
        actor TEXT NOT NULL,
        key TEXT NOT NULL,
        digest TEXT NOT NULL,
        status INTEGER NOT NULL,
        body TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (actor, key)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE evaluation (
        id TEXT PRIMARY KEY,
        ticket_id TEXT NOT NULL UNIQUE,
        window TEXT,
        level TEXT NOT NULL,
        options TEXT NOT NULL,
        text TEXT NOT NULL,
        channel TEXT NOT NULL,
        at TEXT NOT NULL
    )
    """,
    "CREATE TABLE consumer (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID",
)

_M002 = (
    """
    CREATE TABLE user (
        username TEXT PRIMARY KEY,
        role TEXT NOT NULL,
        password_hash TEXT NOT NULL,
        display_name TEXT NOT NULL,
        window TEXT,
        failures INTEGER NOT NULL,
        locked_until TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE token (
        digest TEXT PRIMARY KEY, role TEXT NOT NULL, name TEXT NOT NULL UNIQUE, window TEXT
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE session (
        digest TEXT PRIMARY KEY, username TEXT NOT NULL, expires_at TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_M003_ISSUE = (
    """
    CREATE TABLE issue_count (
        day TEXT NOT NULL,
        service_id TEXT NOT NULL,
        slot TEXT NOT NULL,
        taken INTEGER NOT NULL,
        PRIMARY KEY (day, service_id, slot)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE blacklist (
        person TEXT PRIMARY KEY,
        until TEXT NOT NULL,
        reason TEXT NOT NULL,
        added_at TEXT NOT NULL,
        added_by TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

_M010 = (
    "ALTER TABLE ticket ADD COLUMN why TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE desk ADD COLUMN green_debt INTEGER NOT NULL DEFAULT 0",
    """
    CREATE INDEX ticket_green ON ticket (day, service_id, priority, place, n)
        WHERE state = 'waiting' AND reserved_for IS NULL AND cls = 0
    """,
)

_M020 = (
    "ALTER TABLE ticket ADD COLUMN appointment TEXT",
    "ALTER TABLE ticket ADD COLUMN due_at TEXT",
    "ALTER TABLE ticket ADD COLUMN stops TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE ticket ADD COLUMN lease TEXT",
    "ALTER TABLE ticket ADD COLUMN est_low_s INTEGER",
    "ALTER TABLE ticket ADD COLUMN est_likely_s INTEGER",
    "ALTER TABLE ticket ADD COLUMN est_high_s INTEGER",
)
