"""What passes through the ports beside the domain's own values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from queue_server.contracts.events import EventName
from queue_server.domain.ticket import State


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Names one write for ever: `key` (Idempotency-Key) of `actor`; `digest` covers method, path and body."""

    key: str
    actor: str
    digest: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a write as it is kept and repeated; `body` is JSON or empty."""

    status: int
    body: str = ""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in.  `password_hash` is argon2; `failures` counts wrong passwords in a row."""

    username: str
    role: str
    password_hash: str
    display_name: str = ""
    window: str | None = None
    failures: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's secret, kept as its SHA-256."""

    digest: str
    role: str
    name: str
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A person's login, kept as the SHA-256 of its cookie.

    `made_at`, not kept, is now on the clock that `expires_at` was taken from: what is older is forgotten.
    """

    digest: str
    username: str
    expires_at: datetime
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Totp:
    """A person's second factor: what its secret is derived from, and the last 30 s step that was used."""

    username: str
    salt: str
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the event table.  `actor` is who did it; it stays in the database."""

    seq: int
    name: EventName
    at: datetime
    ticket_id: str | None = None
    number: str | None = None
    service_id: str | None = None
    zone: str | None = None
    window: str | None = None
    state: str | None = None
    calls: int | None = None
    print_state: str | None = None
    reason: str | None = None
    actor: str = ""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What `GET /tickets` may ask for; `before` is a cursor: tickets issued before that one."""

    state: State | None = None
    service_id: str | None = None
    window: str | None = None
    day: str | None = None
    before: int | None = None
    limit: int = 50
