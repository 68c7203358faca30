"""One job on the reference store's tables; it is a View as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from queue_server.adapters.appointment_memory import MemoryAppointments
from queue_server.adapters.chain_tables import stops_served_in
from queue_server.adapters.estimate_memory import MemoryEstimates
from queue_server.adapters.held_tickets import recount
from queue_server.adapters.identity import Identity
from queue_server.adapters.issue_memory import MemoryIssueRules
from queue_server.adapters.lease_memory import MemoryLeases
from queue_server.adapters.made_event import made_event
from queue_server.adapters.memory_tables import Tables
from queue_server.adapters.rights_memory import MemoryRights
from queue_server.adapters.ticket_history import events_of
from queue_server.adapters.webhook_memory import MemoryWebhooks
from queue_server.application.chain_ports import StopDone
from queue_server.application.ports import Event, Session, TicketFilter, Token, User
from queue_server.application.statistics import DeskEdge
from queue_server.contracts.events import EventName
from queue_server.domain.desk import Desk
from queue_server.domain.errors import NotFound, Refused
from queue_server.domain.evaluation import Evaluation
from queue_server.domain.hall import Hall, Window
from queue_server.domain.limits import already_waiting
from queue_server.domain.ticket import AT_WINDOW, FINAL, State, Ticket


class MemoryTx(
    MemoryIssueRules, MemoryWebhooks, MemoryAppointments, MemoryLeases, MemoryEstimates, MemoryRights
):
    """Tx and View over `Tables`."""

    def __init__(self, tables: Tables, hall: Hall, now: datetime, identity: Identity, actor: str) -> None:
        self._tables, self._actor = tables, actor
        self._identity = identity
        self.hall, self.now, self.day = hall, now, hall.business_day(now)
        self.new_id, self.new_token, self.person_of = (
            identity.new_id,
            identity.new_token,
            identity.person_of,
        )

    @property
    def seq(self) -> int:
        """The newest event."""
        return self._tables.events[-1].seq if self._tables.events else 0

    def _where(self, wanted: Callable[[Ticket], bool]) -> list[Ticket]:
        return [ticket for ticket in self._tables.tickets.values() if wanted(ticket)]

    def next_number(self, service_id: str, start: int) -> int:
        """Take the next number of the day."""
        n = self._tables.numbers.get((service_id, self.day), start - 1) + 1
        self._tables.numbers[service_id, self.day] = n
        return n

    def add(self, ticket: Ticket, *, most_open: int = 0) -> None:
        """Keep a new ticket.  Raises Refused `ticket-already-waiting`."""
        if not recount(self._tables.issue.held, None, ticket, most_open):
            raise already_waiting(self.tickets_of(ticket.person or ""), ticket.service_id)
        self._tables.tickets[ticket.id] = ticket

    def save(self, ticket: Ticket) -> None:
        """Keep a changed ticket."""
        recount(self._tables.issue.held, self._tables.tickets.get(ticket.id), ticket)
        self._tables.tickets[ticket.id] = ticket

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket.  Raises NotFound."""
        try:
            return self._tables.tickets[ticket_id]
        except KeyError:
            raise NotFound(what="ticket") from None

    def ticket_by_token(self, token: str) -> Ticket:
        """Return a ticket by its secret.  Raises NotFound."""
        for ticket in self._where(lambda one: one.token == token):
            return ticket
        raise NotFound(what="ticket token")

    def at_window(self, window_id: str) -> Ticket | None:
        """Return the ticket at a window."""
        found = self._where(lambda one: one.window == window_id and one.state in AT_WINDOW)
        return found[0] if found else None

    def held_at(self, window_id: str) -> list[Ticket]:
        """Return what a window holds today."""
        found = self._where(
            lambda one: one.window == window_id and one.state is State.HELD and one.day == self.day
        )
        return sorted(found, key=lambda one: one.called_at or one.issued_at)

    def _waiting(self, day: str) -> list[Ticket]:
        found = self._where(lambda one: one.state is State.WAITING and one.day == day)
        return sorted(found, key=lambda one: one.ahead_key)

    def heads(self, window: Window) -> list[Ticket]:
        """Return everybody the window may call; the rule picks."""
        return [one for one in self._waiting(self.day) if one.reserved_for in (None, window.id)]

    def line(self, service_id: str, limit: int) -> list[Ticket]:
        """Return the first `limit` of a line."""
        mine = (one.service_id == service_id and one.reserved_for is None for one in self._waiting(self.day))
        return [one for one, is_mine in zip(self._waiting(self.day), mine, strict=True) if is_mine][:limit]

    def waiting(self, service_id: str) -> int:
        """Count a line."""
        return self.waiting_counts(self.day).get(service_id, 0)

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket`."""
        line = (ticket.reserved_for is None, ticket.reserved_for or ticket.service_id)
        return sum(
            (one.reserved_for is None, one.reserved_for or one.service_id) == line
            and one.ahead_key < ticket.ahead_key
            for one in self._waiting(ticket.day)
        )

    def tickets_of(self, person: str) -> list[Ticket]:
        """Return what a person took today."""
        return self._where(lambda one: one.person == person and one.day == self.day)

    def unfinished_before(self, day: str) -> list[Ticket]:
        """Return open tickets of earlier days."""
        return self._where(lambda one: one.day < day and one.state not in FINAL)

    def desk(self, window_id: str) -> Desk:
        """Return a desk.  Raises NotFound."""
        return self.desks()[self.hall.window(window_id).id]

    def desks(self) -> dict[str, Desk]:
        """Return every desk, in the hall's order."""
        return {window: self._tables.desks.get(window) or Desk(window) for window in self.hall.windows}

    def save_desk(self, desk: Desk) -> None:
        """Keep a changed desk, and when it opened, closed, paused or went on (for the figures)."""
        before = self._tables.desks.get(desk.window)
        edge = DeskEdge(
            self.now, desk.window, desk.operator is not None, desk.paused, desk.pause_reason, desk.operator
        )
        if before is None or (before.operator, before.paused, before.pause_reason) != (
            desk.operator,
            desk.paused,
            desk.pause_reason,
        ):
            self._tables.desk_edges.append(edge)
        self._tables.desks[desk.window] = desk

    def add_evaluation(self, evaluation: Evaluation) -> None:
        """Keep an evaluation.  Raises Refused `already-rated`."""
        if evaluation.ticket_id in self._tables.evaluations:
            raise Refused("already-rated")
        self._tables.evaluations[evaluation.ticket_id] = evaluation

    def emit(
        self,
        name: EventName,
        ticket: Ticket | None = None,
        *,
        window: str | None = None,
        state: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Write an event."""
        event = made_event(
            self.hall, self.seq + 1, name, self.now, ticket, window, state, reason, self._actor
        )
        self._tables.events.append(event)

    def tickets(self, wanted: TicketFilter) -> list[tuple[int, Ticket]]:
        """Return (cursor, ticket), newest first."""
        rows = [
            (key, one)
            for key, one in enumerate(self._tables.tickets.values(), 1)
            if wanted.state in (None, one.state)
            and wanted.service_id in (None, one.service_id)
            and wanted.window in (None, one.window)
            and wanted.day in (None, one.day)
            and (wanted.before is None or key < wanted.before)
        ]
        return rows[::-1][: wanted.limit]

    def active(self, day: str) -> list[Ticket]:
        """Return the tickets called or served, the newest call first."""
        found = self._where(lambda one: one.state in AT_WINDOW and one.day == day)
        return sorted(found, key=lambda one: one.called_at or one.issued_at, reverse=True)

    def waiting_counts(self, day: str) -> dict[str, int]:
        """Service id -> how many wait."""
        return dict(Counter(one.service_id for one in self._waiting(day) if one.reserved_for is None))

    def reserved_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for it alone."""
        return dict(Counter(one.reserved_for for one in self._waiting(day) if one.reserved_for is not None))

    def served_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many it served."""
        done = self._where(lambda one: one.state is State.DONE and one.day == day)
        served = Counter(one.window for one in done if one.window is not None)
        return dict(served + stops_served_in(self._tables.stops, day))

    def events_of(self, ticket: Ticket) -> list[Event]:
        """Return everything that was kept of a ticket."""
        return events_of(self._tables.events, ticket)

    def add_stop(self, stop: StopDone) -> None:
        """Keep a stop that was served."""
        self._tables.stops.append(stop)

    def stops_done(self, ticket_id: str) -> list[StopDone]:
        """Return the stops of a ticket that are over."""
        return [stop for stop in self._tables.stops if stop.ticket_id == ticket_id]

    def events(self, after: int, limit: int) -> Sequence[Event]:
        """Return events with a greater seq."""
        return [event for event in self._tables.events if event.seq > after][:limit]

    def cursor(self, name: str) -> int:
        """Return how far a consumer has come."""
        return self._tables.cursors.get(name, 0)

    def set_cursor(self, name: str, seq: int) -> None:
        """Remember how far a consumer has come."""
        self._tables.cursors[name] = seq

    def user(self, username: str) -> User | None:
        """Return a person."""
        return self._tables.users.get(username)

    def save_user(self, user: User) -> None:
        """Add or change a person."""
        self._tables.users[user.username] = user

    def token(self, digest: str) -> Token | None:
        """Return a machine's token."""
        return self._tables.tokens.get(digest)

    def save_token(self, token: Token) -> None:
        """Add a machine's token."""
        for old in [kept.digest for kept in self._tables.tokens.values() if kept.name == token.name]:
            del self._tables.tokens[old]
        self._tables.tokens[token.digest] = replace(token)

    def session(self, digest: str) -> Session | None:
        """Return a login."""
        return self._tables.sessions.get(digest)

    def save_session(self, session: Session) -> None:
        """Remember a login, forget the expired."""
        now = session.made_at or self.now
        for old in [one.digest for one in self._tables.sessions.values() if one.expires_at < now]:
            del self._tables.sessions[old]
        self._tables.sessions[session.digest] = replace(session, made_at=None)

    def drop_session(self, digest: str) -> None:
        """Forget a login."""
        self._tables.sessions.pop(digest, None)
