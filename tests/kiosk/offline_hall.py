"""A hall with the real use cases on the reference store, and terminals with their real journals, for tests.

The wire between them loses requests and answers as a test says; nothing waits for a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

from kiosk.adapters.journal import Journal
from kiosk.adapters.queue_offline import QueueOffline
from kiosk.flows.hall import Hall, Service
from kiosk.flows.intake_words import Citizen, Ticket
from kiosk.ports import Printed, Refused, Unreachable
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.application.cancel import cancel
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.lease import settle_request, take_lease
from queue_server.application.ports import Outcome, RequestKey, TicketFilter, Tx
from queue_server.application.print_result import print_result
from queue_server.application.sync_lease import sync_lease
from queue_server.contracts.leases import LeaseIn, LeaseOut, LeaseSyncIn, SettledOut, SettleIn, SyncOut
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall as BuiltHall
from queue_server.domain.ticket import Ticket as Made
from tests.queue_server.halls import MONDAY, small_hall

UP, DOWN, NO_ANSWER, BUSY = "up", "down", "no-answer", "busy"


class PowerCut(BaseException):
    """The terminal ends here."""


@dataclass
class Wire:
    """Between one terminal and the server.  `fates` of the next calls; when empty: `state`."""

    state: str = UP
    fates: list[str] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)
    """Requests that were lost on the way and may still arrive."""
    calls: int = 0
    cut_after: int | None = None
    """The power goes at this call, before or after the server has done it."""
    cut_done: bool = False

    def fate(self) -> str:
        """Return what becomes of the next call."""
        self.calls += 1
        return self.fates.pop(0) if self.fates else self.state


class Server:
    """The queue server's use cases; `kiosk` gives a terminal's way to it."""

    def __init__(self, built: BuiltHall | None = None) -> None:
        self.clock = FixedClock(MONDAY)
        self.built = built or small_hall()
        self.store = MemoryStore(self.built, self.clock, Identity(b"k" * 32))

    async def tickets(self) -> list[Made]:
        """Return every ticket, oldest issue first."""
        rows = await self.store.read(lambda view: view.tickets(TicketFilter(limit=10_000)))
        return sorted((one for _, one in rows), key=lambda one: one.ahead_key)


class Online:
    """An OnlineQueue over the use cases, for the terminal of `name`."""

    def __init__(self, server: Server, wire: Wire, name: str) -> None:
        self.clock_offset = timedelta()
        self._server, self._wire, self._name = server, wire, name
        self._actor = f"kiosk:{name}"

    async def _ask(self, path: str, key: str, body: str, job: Callable[[Tx], BaseModel]) -> str:
        digest = hashlib.sha256(f"{path}\n{body}".encode()).hexdigest()
        request = RequestKey(key, self._actor, digest)

        async def run() -> Outcome:
            return await self._server.store.run(
                request, lambda tx: Outcome(200, job(tx).model_dump_json()), self._actor
            )

        fate, wire = self._wire.fate(), self._wire
        cut = wire.cut_after is not None and wire.calls >= wire.cut_after
        if cut and not wire.cut_done:
            raise PowerCut
        if fate in (DOWN, BUSY):
            if fate == DOWN and path == "/tickets":
                wire.late.append(run)
            raise Unreachable(fate)
        try:
            body = (await run()).body
        except QueueError as error:
            raise Refused(error.error_code, error.error_code, error.detail("zh")) from None
        if cut:
            raise PowerCut
        if fate == NO_ANSWER:
            raise Unreachable(fate)
        return body

    async def hall(self) -> Hall:
        if self._wire.fate() != UP:
            raise Unreachable("away")
        built = self._server.built
        services = tuple(
            Service(one.id, one.name, one.en, one.departments) for one in built.services.values()
        )
        return Hall(built.name, built.en, services=services)

    async def check_in(self, key: str, citizen: Citizen | None, code: str, language: str) -> Ticket:
        raise Refused("appointment-not-found", "none")

    async def places(self, citizen: Citizen) -> tuple[Ticket, ...]:
        return ()

    async def place_of(self, token: str) -> Ticket:
        raise Refused("not-found", "none")

    async def issue(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str, package: str = ""
    ) -> Ticket:
        wanted = TicketIn(
            service_id=service_id,
            channel=Channel.KIOSK,
            citizen=_citizen(citizen) if citizen else None,
            terminal=self._name,
        )
        body = await self._ask(
            "/tickets", request_id, wanted.model_dump_json(), lambda tx: _Told.of(issue_ticket(tx, wanted))
        )
        told = _Told.model_validate_json(body)
        return Ticket(told.id, told.number)

    async def cancel(self, request_id: str, ticket_id: str) -> None:
        await self._ask("/cancel", f"{request_id}-cancel", "", lambda tx: _Told.of(cancel(tx, ticket_id)))

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        key, outcome = f"{request_id}-print-{job}-{printed.outcome.value}", printed.outcome.value
        await self._ask("/print", key, "", lambda tx: _Told.of(print_result(tx, ticket_id, outcome)))

    async def take_lease(self, key: str, wanted: LeaseIn) -> LeaseOut:
        body = await self._ask(
            "/leases", key, wanted.model_dump_json(), lambda tx: take_lease(tx, wanted, self._actor)
        )
        return LeaseOut.model_validate_json(body)

    async def sync(self, lease_id: str, wanted: LeaseSyncIn) -> SyncOut:
        key = f"sync-{self._name}-{self._wire.calls}"
        body = await self._ask("/sync", key, "", lambda tx: sync_lease(tx, lease_id, wanted, self._actor))
        return SyncOut.model_validate_json(body)

    async def settle(self, wanted: SettleIn) -> SettledOut:
        key = f"settle-{self._name}-{self._wire.calls}"
        body = await self._ask("/settle", key, "", lambda tx: settle_request(tx, self._actor, wanted.key))
        return SettledOut.model_validate_json(body)

    async def close(self) -> None:
        return None


class _Told(BaseModel):
    id: str
    number: str

    @classmethod
    def of(cls, ticket: Made) -> _Told:
        return cls(id=ticket.id, number=ticket.number)


@dataclass
class Terminal:
    """One kiosk: its wire and its journal's file."""

    server: Server
    name: str
    folder: Path
    wire: Wire = field(default_factory=Wire)

    def __post_init__(self) -> None:
        self.start()

    @property
    def path(self) -> Path:
        return self.folder / f"kiosk-{self.name}.db"

    def start(self) -> None:
        """Switch on."""
        self.journal = Journal(self.path)
        online = Online(self.server, self.wire, self.name)
        self.queue = QueueOffline(online, self.journal, self.name, lambda: self.server.clock.now())

    def restart(self) -> None:
        """Lose the power, and come back with what is on the disk."""
        self.journal.close()
        self.wire = replace(self.wire, calls=0, cut_after=None, cut_done=False)
        self.start()


def _citizen(citizen: Citizen) -> CitizenIn:
    return CitizenIn(name=citizen.name, id_type="resident", id_number=citizen.id_number, birth=citizen.birth)


def at(minutes: float) -> datetime:
    """Return a moment of the test's Monday."""
    return MONDAY + timedelta(minutes=minutes)
