"""One job's transaction on the writer's connection; hand-written SQL, because this is the hot path."""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from queue_server.adapters.appointment_sqlite import SqliteAppointmentTx
from queue_server.adapters.chain_tables import SqliteChainTx
from queue_server.adapters.estimate_sqlite import SqliteEstimates
from queue_server.adapters.held_tickets import hold, line_held, move
from queue_server.adapters.identity import Identity
from queue_server.adapters.issue_tables import SqliteIssueRulesTx
from queue_server.adapters.lease_sqlite import SqliteLeases
from queue_server.adapters.made_event import made_event
from queue_server.adapters.rights_sqlite import RightsTx
from queue_server.adapters.sqlite_heads import line_heads
from queue_server.adapters.sqlite_rows import (
    DESK_COLUMNS,
    EVENT_COLUMNS,
    TICKET_COLUMNS,
    changes,
    row_of,
    ticket_of,
    to_text,
)
from queue_server.adapters.sqlite_view import SqliteView
from queue_server.adapters.statistics_sqlite import edge_of
from queue_server.adapters.webhook_sqlite import SqliteWebhookTx
from queue_server.application.audit import Head
from queue_server.application.estimate import Forecasts
from queue_server.application.ports import Event, Session, Token, User
from queue_server.contracts.events import EventName
from queue_server.domain.desk import Desk
from queue_server.domain.errors import Refused
from queue_server.domain.evaluation import Evaluation
from queue_server.domain.hall import Hall, Window
from queue_server.domain.limits import already_waiting
from queue_server.domain.ticket import Ticket


def _insert(table: str, columns: tuple[str, ...], verb: str = "INSERT") -> str:
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_T = ", ".join(TICKET_COLUMNS)
_ADD_TICKET = _insert("ticket", (*TICKET_COLUMNS, "numbered_by", "cls"))
_ADD_EVENT = _insert("event", EVENT_COLUMNS)
_SAVE_DESK = _insert("desk", DESK_COLUMNS, "INSERT OR REPLACE")
_NUMBER = """
    INSERT INTO counter (service_id, day, last) VALUES (?, ?, ?)
    ON CONFLICT (service_id, day) DO UPDATE SET last = last + 1 RETURNING last
"""
_AT_WINDOW = f"SELECT {_T} FROM ticket WHERE window = ? AND state IN ('called', 'serving')"
_HELD = f"SELECT {_T} FROM ticket WHERE window = ? AND state = 'held' AND +day = ? ORDER BY called_at, key"
_LINE = f"""
    SELECT {_T} FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL AND day = ? AND service_id = ?
    ORDER BY cls, place, n LIMIT ?
"""
_RESERVED = f"""
    SELECT {_T} FROM ticket WHERE state = 'waiting' AND reserved_for IS NOT NULL
        AND day = ? AND reserved_for = ? ORDER BY cls, place, n LIMIT 1
"""
_WAITING = """
    SELECT count(*) FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL
        AND day = ? AND service_id = ?
"""
_PERSON = f"SELECT {_T} FROM ticket WHERE person = ? AND day = ? ORDER BY key"
_LATE = f"""
    SELECT {_T} FROM ticket INDEXED BY ticket_open
    WHERE state IN ('waiting', 'called', 'serving', 'held', 'passed') AND day < ? ORDER BY +key
"""


@dataclass
class Shared:
    """What outlives one transaction; only the writer thread touches it."""

    hall: Hall
    identity: Identity
    seq: int = 0
    desks: dict[str, Desk] | None = None
    events: list[Event] = field(default_factory=list)
    audit: Head = field(default_factory=Head)
    forecasts: Forecasts = field(default_factory=Forecasts)


class SqliteTx(
    SqliteIssueRulesTx,
    SqliteAppointmentTx,
    SqliteChainTx,
    SqliteWebhookTx,
    SqliteLeases,
    SqliteEstimates,
    RightsTx,
):
    """The Tx of one job, between its savepoint and the release."""

    def __init__(self, db: sqlite3.Connection, shared: Shared, now: datetime, actor: str) -> None:
        self._db, self._shared, self._actor = db, shared, actor
        self._identity = shared.identity
        self._view = SqliteView(db, shared.hall)
        self.forecasts = shared.forecasts
        self._read: dict[str, Ticket] = {}
        self._ahead: dict[tuple[object, ...], int] = {}
        self.hall = shared.hall
        self.now = now
        self.day = shared.hall.business_day(now)
        self.new_id = shared.identity.new_id
        self.new_token = shared.identity.new_token
        self.person_of = shared.identity.person_of

    def next_number(self, service_id: str, start: int) -> int:
        """Take the next number of the day."""
        return int(self._db.execute(_NUMBER, (service_id, self.day, start)).fetchone()[0])

    def add(self, ticket: Ticket, *, most_open: int = 0) -> None:
        """Keep a new ticket.  Raises Refused `ticket-already-waiting`."""
        line = line_held(ticket)
        if line is not None and not hold(self._db, line, most_open):
            raise already_waiting(self.tickets_of(line[1]), ticket.service_id)
        self._ahead = {line: n for line, n in self._ahead.items() if line[0] == ticket.id}
        self._db.execute(_ADD_TICKET, (*row_of(ticket), ticket.service_id, ticket.ahead_key[0]))
        self._read[ticket.id] = ticket

    def save(self, ticket: Ticket) -> None:
        """Write the columns that changed: naming an indexed column rewrites its index."""
        before = self._read.get(ticket.id) or self._view.ticket(ticket.id)
        changed = changes(before, ticket)
        self._ahead.clear()
        if "state" in changed or "service_id" in changed:
            move(self._db, before, ticket)
        if changed:
            columns = ", ".join(f"{name} = ?" for name in changed)
            self._db.execute(f"UPDATE ticket SET {columns} WHERE id = ?", (*changed.values(), ticket.id))
        self._read[ticket.id] = ticket

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket.  Raises NotFound."""
        return self._seen(self._view.ticket(ticket_id))

    def ticket_by_token(self, token: str) -> Ticket:
        """Return a ticket by its secret.  Raises NotFound."""
        return self._seen(self._view.ticket_by_token(token))

    def at_window(self, window_id: str) -> Ticket | None:
        """Return the ticket at a window."""
        found = self._many(_AT_WINDOW, (window_id,))
        return found[0] if found else None

    def held_at(self, window_id: str) -> list[Ticket]:
        """Return what a window holds."""
        return self._many(_HELD, (window_id, self.day))

    def heads(self, window: Window) -> list[Ticket]:
        """Return what was sent to the window, else the first of each (service, class) line it may call."""
        found = self._many(_RESERVED, (self.day, window.id))
        if not found:
            classes = self.hall.priorities
            rows = line_heads(self._db, self.day, self.now, window.skills, classes)
            found = [self._seen(ticket_of(row)) for row in rows]
        return found

    def line(self, service_id: str, limit: int) -> list[Ticket]:
        """Return the first `limit` of a line."""
        return self._many(_LINE, (self.day, service_id, limit))

    def waiting(self, service_id: str) -> int:
        """Count a line."""
        return int(self._db.execute(_WAITING, (self.day, service_id)).fetchone()[0])

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket`, once while nothing else changes: told on paper and kept."""
        line = (ticket.id, ticket.service_id, ticket.reserved_for, ticket.ahead_key)
        if line not in self._ahead:
            self._ahead[line] = self._view.ahead_of(ticket)
        return self._ahead[line]

    def tickets_of(self, person: str) -> list[Ticket]:
        """Return what a person took today."""
        return self._many(_PERSON, (person, self.day))

    def unfinished_before(self, day: str) -> list[Ticket]:
        """Return open tickets of earlier days."""
        return self._many(_LATE, (day,))

    def _many(self, sql: str, values: tuple[object, ...]) -> list[Ticket]:
        return [self._seen(ticket_of(row)) for row in self._db.execute(sql, values)]

    def _seen(self, ticket: Ticket) -> Ticket:
        self._read[ticket.id] = ticket
        return ticket

    def desk(self, window_id: str) -> Desk:
        """Return a desk.  Raises NotFound."""
        self.hall.window(window_id)
        return self.desks()[window_id]

    def desks(self) -> dict[str, Desk]:
        """Return every desk; kept in memory, since only this thread writes them."""
        if self._shared.desks is None:
            self._shared.desks = self._view.desks()
        return self._shared.desks

    def save_desk(self, desk: Desk) -> None:
        """Keep a changed desk, and when it opened, closed, paused or went on (for the figures)."""
        before = self.desks().get(desk.window)
        if before is None or edge_of(before) != edge_of(desk):
            edge = (to_text(self.now), desk.window, *edge_of(desk))
            self._db.execute("INSERT INTO desk_edge VALUES (NULL, ?, ?, ?, ?, ?)", edge)
        self._db.execute(_SAVE_DESK, row_of(desk))
        self._shared.desks = {**self.desks(), desk.window: desk}

    def add_evaluation(self, evaluation: Evaluation) -> None:
        """Keep an evaluation.  Raises Refused `already-rated`."""
        given = evaluation
        values = (given.id, given.ticket_id, given.window, given.level, ",".join(given.options))
        try:
            self._db.execute(
                "INSERT INTO evaluation VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, given.text, given.channel, to_text(given.at)),
            )
        except sqlite3.IntegrityError as error:
            raise Refused("already-rated") from error

    def emit(
        self,
        name: EventName,
        ticket: Ticket | None = None,
        *,
        window: str | None = None,
        state: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Write an event into this transaction."""
        event = made_event(
            self.hall, self._shared.seq + 1, name, self.now, ticket, window, state, reason, self._actor
        )
        self._db.execute(_ADD_EVENT, row_of(event))
        self._shared.seq = event.seq
        self._shared.events.append(event)

    def set_cursor(self, name: str, seq: int) -> None:
        """Remember how far a consumer has come."""
        self._db.execute("INSERT OR REPLACE INTO consumer VALUES (?, ?)", (name, seq))

    def save_user(self, user: User) -> None:
        """Add or change a person."""
        values = (user.username, user.role, user.password_hash, user.display_name, user.window)
        self._db.execute(
            "INSERT OR REPLACE INTO user VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*values, user.failures, to_text(user.locked_until)),
        )

    def save_token(self, token: Token) -> None:
        """Add a machine's token."""
        values = (token.digest, token.role, token.name, token.window)
        self._db.execute("INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?)", values)

    def save_session(self, session: Session) -> None:
        """Remember a login, forget the expired."""
        self._db.execute("DELETE FROM session WHERE expires_at < ?", (to_text(session.made_at or self.now),))
        values = (session.digest, session.username, to_text(session.expires_at))
        self._db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", values)

    def drop_session(self, digest: str) -> None:
        """Forget a login."""
        self._db.execute("DELETE FROM session WHERE digest = ?", (digest,))
