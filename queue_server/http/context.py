"""Everything the routes may use, handed over once by the bootstrap; there are no globals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import HTTPConnection

from devices.contracts.base import Message
from devices.contracts.health import DeviceHealth
from queue_server.application.ports import Clock, Store
from queue_server.application.webhook_ports import DeadLetter, Hook
from queue_server.application.webhooks import Delivery, LineState, WebhookRules
from queue_server.domain.hall import Hall
from queue_server.http.accounts import Accounts
from queue_server.http.hall_reader import HallReader
from queue_server.http.hub import Hub
from queue_server.http.public_rate import PublicRate
from queue_server.http.sights import Sights


class MovableClock(Clock, Protocol):
    """A demonstration's clock."""

    def move_to(self, at: datetime) -> None:
        """Make it `at` now."""
        ...

    def advance(self, by_s: float) -> None:
        """Move on by seconds."""
        ...


class Machines(Protocol):
    """The machines of the hall as the broker tells of them."""

    def all(self) -> list[DeviceHealth]:
        """Return what is known, by id."""
        ...

    def printer_of(self, terminal: str | None) -> str | None:
        """Return the device id of the printer that prints for a terminal, or None."""
        ...

    async def command(self, device_id: str, name: str, body: Message) -> None:
        """Send a command.  Raises QueueError not-possible when the broker is away."""
        ...


class Webhooks(Protocol):
    """The receivers of events as they are served."""

    @property
    def rules(self) -> WebhookRules:
        """How often and how long a receiver is tried."""
        ...

    def changed(self) -> None:
        """Receivers came or went."""
        ...

    def secret_of(self, hook: Hook) -> str:
        """Return what deliveries to a receiver are signed with."""
        ...

    def state(self, hook_id: str) -> LineState:
        """Return how a receiver does."""
        ...

    async def test(self, hook: Hook, token: str, by: str = "") -> Delivery:
        """Send a test now."""
        ...

    async def retry(self, hook: Hook, letter: DeadLetter, by: str = "") -> Delivery:
        """Send a dead letter once more, now.  Raises NotFound."""
        ...


@dataclass
class Lab:
    """What `/lab/api` needs; None in the context where machines are real."""

    sims_url: str
    kiosk_url: str
    credentials: dict[str, Any]
    on_clock: Callable[[], Awaitable[None]]
    extra_hosts: frozenset[str] = frozenset()


@dataclass
class Context:
    """The parts of one running server."""

    store: Store
    hall: Hall
    clock: Clock
    accounts: Accounts
    hub: Hub
    reader: HallReader
    machines: Machines | None = None
    lab: Lab | None = None
    webhooks: Webhooks | None = None
    sights: Sights | None = None
    """Records who saw personal data; made from the store when not given."""
    digest_key: bytes = b""
    """Under which the bodies of repeatable writes are told apart; beside the database, never in it."""
    public_rate: PublicRate = field(default_factory=PublicRate)
    """What strangers have asked lately."""
    metrics: Callable[[], dict[str, float]] = field(default=dict)
    problems: Callable[[], list[str]] = field(default=list)
    """What keeps the server from being ready, one sentence each."""

    def __post_init__(self) -> None:
        """Make what was not given."""
        if self.sights is None:
            self.sights = Sights(self.store)


def context_of(request: HTTPConnection) -> Context:
    """Return the context of the app that serves `request`."""
    context: Context = request.app.state.context
    return context
