"""Reading a hall's database: what both the writer's transactions and the readers' snapshots ask for."""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence

from queue_server.adapters.appointment_sqlite import SqliteAppointmentView
from queue_server.adapters.chain_tables import SqliteChainView
from queue_server.adapters.estimate_sqlite import SqliteEstimates
from queue_server.adapters.issue_tables import SqliteIssueRulesView
from queue_server.adapters.lease_sqlite import SqliteLeaseView
from queue_server.adapters.rights_sqlite import RightsView
from queue_server.adapters.sqlite_rows import (
    DESK_COLUMNS,
    EVENT_COLUMNS,
    TICKET_COLUMNS,
    desk_of,
    event_of,
    ticket_of,
    to_time,
)
from queue_server.adapters.ticket_history import SqliteHistoryView
from queue_server.adapters.webhook_sqlite import SqliteWebhookView
from queue_server.application.estimate import Forecasts
from queue_server.application.ports import Event, Session, TicketFilter, Token
from queue_server.domain.desk import Desk
from queue_server.domain.errors import NotFound
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket

_T = ", ".join(TICKET_COLUMNS)
_TICKET = f"SELECT {_T} FROM ticket WHERE id = ?"
_TOKEN = f"SELECT {_T} FROM ticket WHERE token = ?"
# A unary plus keeps a column from choosing the index: what is open now is less than what a day held.
_ACTIVE = f"""
    SELECT {_T} FROM ticket WHERE state IN ('called', 'serving') AND +day = ?
    ORDER BY called_at DESC, key DESC
"""
_AHEAD = """
    SELECT count(*) FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL
        AND day = ? AND service_id = ? AND (cls, place, n) < (?, ?, ?)
"""
_AHEAD_RESERVED = """
    SELECT count(*) FROM ticket WHERE state = 'waiting' AND reserved_for IS NOT NULL
        AND day = ? AND reserved_for = ? AND (cls, place, n) < (?, ?, ?)
"""
_WAITING = """
    SELECT service_id, count(*) FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL AND day = ?
    GROUP BY service_id
"""
_RESERVED = """
    SELECT reserved_for, count(*) FROM ticket
    WHERE state = 'waiting' AND reserved_for IS NOT NULL AND day = ? GROUP BY reserved_for
"""
_SERVED = "SELECT window, count(*) FROM ticket WHERE state = 'done' AND day = ? GROUP BY window"
_DESKS = f"SELECT {', '.join(DESK_COLUMNS)} FROM desk"
_EVENTS = f"SELECT {', '.join(EVENT_COLUMNS)} FROM event WHERE seq > ? ORDER BY seq LIMIT ?"


class SqliteView(
    SqliteIssueRulesView,
    SqliteAppointmentView,
    SqliteChainView,
    SqliteHistoryView,
    SqliteWebhookView,
    SqliteEstimates,
    SqliteLeaseView,
    RightsView,
):
    """One snapshot.  `connection` must be inside a transaction for as long as the view is used."""

    def __init__(
        self, connection: sqlite3.Connection, hall: Hall, forecasts: Forecasts | None = None
    ) -> None:
        self._db = connection
        self._hall = hall
        self.forecasts = forecasts or Forecasts()

    @property
    def seq(self) -> int:
        """The newest event of this snapshot."""
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket.  Raises NotFound."""
        return self._one(_TICKET, ticket_id, "ticket")

    def ticket_by_token(self, token: str) -> Ticket:
        """Return a ticket by its secret.  Raises NotFound."""
        return self._one(_TOKEN, token, "ticket token")

    def _one(self, sql: str, value: str, what: str) -> Ticket:
        row = self._db.execute(sql, (value,)).fetchone()
        if row is None:
            raise NotFound(what=what)
        return ticket_of(row)

    def tickets(self, wanted: TicketFilter) -> list[tuple[int, Ticket]]:
        """Return (cursor, ticket), newest first."""
        terms, values = ["1"], []
        asked = {
            "state = ?": wanted.state and wanted.state.value,
            "service_id = ?": wanted.service_id,
            "window = ?": wanted.window,
            "day = ?": wanted.day,
            "key < ?": wanted.before,
        }
        for term, value in asked.items():
            if value is not None:
                terms.append(term)
                values.append(value)
        sql = f"SELECT key, {_T} FROM ticket WHERE {' AND '.join(terms)} ORDER BY key DESC LIMIT ?"
        rows = self._db.execute(sql, (*values, wanted.limit))
        return [(row[0], ticket_of(row[1:])) for row in rows]

    def active(self, day: str) -> list[Ticket]:
        """Return the tickets called or served, the newest call first."""
        return [ticket_of(row) for row in self._db.execute(_ACTIVE, (day,))]

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket`."""
        sql = _AHEAD if ticket.reserved_for is None else _AHEAD_RESERVED
        line = ticket.reserved_for or ticket.service_id
        return int(self._db.execute(sql, (ticket.day, line, *ticket.ahead_key)).fetchone()[0])

    def waiting_counts(self, day: str) -> dict[str, int]:
        """Service id -> how many wait."""
        return dict(self._db.execute(_WAITING, (day,)).fetchall())

    def reserved_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for that window alone."""
        return dict(self._db.execute(_RESERVED, (day,)).fetchall())

    def served_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many it served."""
        done = dict(self._db.execute(_SERVED, (day,)).fetchall())
        return dict(self.stops_served(day) + Counter(done))

    def desks(self) -> dict[str, Desk]:
        """Return every window's desk, in the hall's order."""
        kept = {row[0]: desk_of(row) for row in self._db.execute(_DESKS)}
        return {window: kept.get(window) or Desk(window) for window in self._hall.windows}

    def events(self, after: int, limit: int) -> Sequence[Event]:
        """Return events with a greater seq, in order."""
        return [event_of(row) for row in self._db.execute(_EVENTS, (after, limit))]

    def cursor(self, name: str) -> int:
        """Return how far a consumer has come."""
        row = self._db.execute("SELECT seq FROM consumer WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def token(self, digest: str) -> Token | None:
        """Return a machine's token."""
        row = self._db.execute("SELECT * FROM token WHERE digest = ?", (digest,)).fetchone()
        return Token(*row) if row else None

    def session(self, digest: str) -> Session | None:
        """Return a login."""
        sql = "SELECT digest, username, expires_at FROM session WHERE digest = ?"
        row = self._db.execute(sql, (digest,)).fetchone()
        expires_at = to_time(row[2]) if row else None
        return Session(row[0], row[1], expires_at) if row and expires_at else None
