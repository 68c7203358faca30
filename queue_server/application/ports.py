"""What the use cases need from the world, as Protocols; `queue_server.adapters` makes them real."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from queue_server.application.appointment_ports import AppointmentTx, AppointmentView
from queue_server.application.audit import AuditFilter, AuditRow
from queue_server.application.card_ports import CardTx, CardView
from queue_server.application.chain_ports import ChainTx, ChainView
from queue_server.application.estimate_ports import EstimateSource
from queue_server.application.history_ports import HistoryView
from queue_server.application.issue_ports import IssueRulesTx, IssueRulesView
from queue_server.application.lease_ports import LeaseTx, LeaseView
from queue_server.application.records import Event as Event
from queue_server.application.records import Outcome as Outcome
from queue_server.application.records import RequestKey as RequestKey
from queue_server.application.records import Session as Session
from queue_server.application.records import TicketFilter as TicketFilter
from queue_server.application.records import Token as Token
from queue_server.application.records import Totp as Totp
from queue_server.application.records import User as User
from queue_server.application.statistics import Facts, Told
from queue_server.application.webhook_ports import WebhookTx, WebhookView
from queue_server.contracts.events import EventName
from queue_server.domain.desk import Desk
from queue_server.domain.evaluation import Evaluation
from queue_server.domain.hall import Hall, Window
from queue_server.domain.ticket import Ticket

T = TypeVar("T")


class Clock(Protocol):
    """The hall's time.  A demonstration hall may move it."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        ...


class Tx(IssueRulesTx, AppointmentTx, ChainTx, LeaseTx, EstimateSource, WebhookTx, CardTx, Protocol):
    """One transaction.  What a job saves and emits is committed together or not at all."""

    @property
    def hall(self) -> Hall:
        """The hall as built."""
        ...

    @property
    def now(self) -> datetime:
        """The moment of this transaction."""
        ...

    @property
    def day(self) -> str:
        """The business day of `now`."""
        ...

    def new_id(self, prefix: str) -> str:
        """Return an opaque id that was never used."""
        ...

    def new_token(self) -> str:
        """Return a secret that nobody can guess, for one ticket's page."""
        ...

    def person_of(self, id_type: str, id_number: str) -> str:
        """Return the keyed hash under which a person is remembered; never reversible without the key."""
        ...

    def next_number(self, service_id: str, start: int) -> int:
        """Take the next number of the business day, from `start`."""
        ...

    def add(self, ticket: Ticket, *, most_open: int = 0) -> None:
        """Keep a new ticket.

        Raises Refused `ticket-already-waiting` when its person holds `most_open` open ones of its service
        already, by a count that is kept with the tickets; 0: no limit.
        """
        ...

    def save(self, ticket: Ticket) -> None:
        """Keep a changed ticket."""
        ...

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket.  Raises NotFound."""
        ...

    def ticket_by_token(self, token: str) -> Ticket:
        """Return a ticket by its secret.  Raises NotFound."""
        ...

    def at_window(self, window_id: str) -> Ticket | None:
        """Return the ticket called to or served at a window, or None."""
        ...

    def held_at(self, window_id: str) -> list[Ticket]:
        """Return today's tickets that this window put on hold, the longest held first."""
        ...

    def heads(self, window: Window) -> list[Ticket]:
        """Return the first waiting ticket of each (service, class) line this window may call, any order.

        What was sent to this very window may be all there is; more than the first does no harm.
        """
        ...

    def line(self, service_id: str, limit: int) -> list[Ticket]:
        """Return the first `limit` waiting tickets of a service, in order; reserved ones left out."""
        ...

    def waiting(self, service_id: str) -> int:
        """Count who waits for a service today."""
        ...

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket` for its service."""
        ...

    def tickets_of(self, person: str) -> list[Ticket]:
        """Return what a person took today, oldest first."""
        ...

    def unfinished_before(self, day: str) -> list[Ticket]:
        """Return tickets of earlier days that are not in a final state."""
        ...

    def desk(self, window_id: str) -> Desk:
        """Return what a window does now.  Raises NotFound for a window the hall does not have."""
        ...

    def desks(self) -> dict[str, Desk]:
        """Return every window's desk."""
        ...

    def save_desk(self, desk: Desk) -> None:
        """Keep a changed desk."""
        ...

    def add_evaluation(self, evaluation: Evaluation) -> None:
        """Keep an evaluation; a second one for the same ticket raises Refused `already-rated`."""
        ...

    def emit(
        self,
        name: EventName,
        ticket: Ticket | None = None,
        *,
        window: str | None = None,
        state: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Write an event into this transaction; `window` and `state` default to the ticket's."""
        ...

    def set_cursor(self, name: str, seq: int) -> None:
        """Remember how far a consumer of events has come."""
        ...

    def save_user(self, user: User) -> None:
        """Add or change a person."""
        ...

    def save_token(self, token: Token) -> None:
        """Add a machine's token; one of the same name is replaced."""
        ...

    def save_session(self, session: Session) -> None:
        """Remember a login; expired ones are forgotten."""
        ...

    def drop_session(self, digest: str) -> None:
        """Forget a login."""
        ...

    def forget_answers(self, before: datetime, most: int) -> int:
        """Forget up to `most` remembered answers older than `before`; return how many."""
        ...

    def forget_identities(self, before_day: str, most: int) -> tuple[int, int]:
        """Take hash and masked name from up to `most` tickets of days before; return (looked at, changed)."""
        ...

    def note(self, detail: str = "", *, action: str = "", result: str = "") -> None:
        """Say for the audit what this job does; its row is written even when nothing is emitted."""
        ...

    def user(self, username: str) -> User | None:
        """Return a person."""
        ...

    def drop_user(self, username: str) -> None:
        """Forget a person, the logins, the card and the second factor."""
        ...

    def drop_sessions_of(self, username: str) -> None:
        """Forget every login of a person."""
        ...

    def drop_token(self, name: str) -> bool:
        """Forget a machine; say whether it was known."""
        ...

    def totp(self, username: str) -> Totp | None:
        """Return a person's second factor."""
        ...

    def save_totp(self, totp: Totp) -> None:
        """Keep a person's second factor."""
        ...

    def drop_totp(self, username: str) -> None:
        """Forget a person's second factor."""
        ...


class Store(Protocol):
    """Runs jobs one after the other, each durable when it returns."""

    async def run(self, request: RequestKey | None, job: Callable[[Tx], Outcome], actor: str = "") -> Outcome:
        """Run `job` once for `request`; a repeat gets the first answer, marked replayed.

        Raises what the job raises (nothing is kept then), Refused `idempotency-mismatch`, Busy.
        """
        ...

    async def change(self, job: Callable[[Tx], T], actor: str = "") -> T:
        """Run `job` without replay protection and return what it returns."""
        ...

    async def read(self, query: Callable[[View], T]) -> T:
        """Run a query on a consistent state."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and close."""
        ...


class View(
    IssueRulesView,
    AppointmentView,
    ChainView,
    EstimateSource,
    HistoryView,
    WebhookView,
    CardView,
    LeaseView,
    Protocol,
):
    """A consistent reading."""

    @property
    def seq(self) -> int:
        """The newest event that this view contains, 0 when there is none."""
        ...

    def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket.  Raises NotFound."""
        ...

    def ticket_by_token(self, token: str) -> Ticket:
        """Return a ticket by its secret.  Raises NotFound."""
        ...

    def tickets(self, wanted: TicketFilter) -> list[tuple[int, Ticket]]:
        """Return (cursor, ticket), newest first."""
        ...

    def active(self, day: str) -> list[Ticket]:
        """Return the tickets called or served, the newest call first."""
        ...

    def ahead_of(self, ticket: Ticket) -> int:
        """Count who waits before `ticket`."""
        ...

    def waiting_counts(self, day: str) -> dict[str, int]:
        """Service id -> how many wait; services nobody waits for are left out."""
        ...

    def reserved_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for that window alone."""
        ...

    def served_counts(self, day: str) -> dict[str, int]:
        """Window id -> how many it served."""
        ...

    def desks(self) -> dict[str, Desk]:
        """Return every window's desk."""
        ...

    def events(self, after: int, limit: int) -> Sequence[Event]:
        """Return events with a greater seq, in order."""
        ...

    def cursor(self, name: str) -> int:
        """Return how far a consumer of events has come, 0 at first."""
        ...

    def user(self, username: str) -> User | None:
        """Return a person."""
        ...

    def token(self, digest: str) -> Token | None:
        """Return a machine's token."""
        ...

    def session(self, digest: str) -> Session | None:
        """Return a login, expired or not."""
        ...

    def users(self) -> list[User]:
        """Return everybody who may sign in, by name."""
        ...

    def tokens(self) -> list[Token]:
        """Return every machine, by name."""
        ...

    def totp(self, username: str) -> Totp | None:
        """Return a person's second factor."""
        ...

    def audit(self, wanted: AuditFilter) -> list[AuditRow]:
        """Return rows of the audit, newest first."""
        ...

    def facts(self, start: datetime, end: datetime) -> Facts:
        """Return everything that happened from `start` (included) to `end` (not), for the figures."""
        ...

    def lately_told(self, since: datetime, most: int) -> list[Told]:
        """Return the `most` newest first calls since then whose tickets told a wait, the newest first."""
        ...
