"""The queue server by HTTP.

A write is repeated with the same Idempotency-Key until it is answered or the patience is over, so a lost
answer is not a second ticket.  Citizens' data go out in `issue` and are kept nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from kiosk.adapters.queue_answers import citizen_in, hall_of, ticket_of, ticket_of_track
from kiosk.flows.hall import Hall
from kiosk.flows.intake_words import Citizen, Ticket
from kiosk.ports import Printed, Refused, Unreachable
from queue_server.contracts.appointments import CardCheckInIn, CheckInIn
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.board import HallOut
from queue_server.contracts.leases import LeaseIn, LeaseOut, LeaseSyncIn, SettledOut, SettleIn, SyncOut
from queue_server.contracts.services import ServiceOut
from queue_server.contracts.tickets import (
    Channel,
    IssuedTicketOut,
    MyTicketOut,
    MyTicketsIn,
    PackageOut,
    PrintResultIn,
    TicketIn,
    TrackOut,
)

TRY_S = 4.0
ISSUE_TRIES = 4  # at most about 18 s with the pauses between
PAUSES_S = (0.3, 0.7, 1.5)
BUSY = frozenset({"server-busy", "rate-limited"})
log = logging.getLogger(__name__)
Told = TypeVar("Told", bound=BaseModel)


class QueueHttp:
    """A QueueApi.  `terminal` is this kiosk's id, `zone` the hall's; `sleep` is there for tests.

    `issue_tries`: a terminal that can go on by itself need not let anybody wait for so many.
    """

    def __init__(
        self,
        url: str,
        token: str,
        terminal: str,
        *,
        issue_tries: int = ISSUE_TRIES,
        zone: tzinfo = UTC,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(
            base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=TRY_S, transport=transport
        )
        self._terminal = terminal
        self._sleep = sleep
        self._issue_tries = issue_tries
        self.clock_offset = timedelta()
        """The hall's clock minus this machine's: a demonstration has its own time."""
        self._zone = zone

    async def hall(self) -> Hall:
        """Return what is on offer now."""
        board = await self._ask("GET", "/board")
        services = await self._ask("GET", "/services")
        chains = await self._ask("GET", "/packages")
        try:
            about = board.json()
            self.clock_offset = datetime.fromisoformat(about["at"]) - datetime.now(UTC)
            offered = Listing[ServiceOut].model_validate_json(services.content).items
            packages = Listing[PackageOut].model_validate_json(chains.content).items
            return hall_of(HallOut.model_validate(about["hall"]), offered, packages)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise Unreachable("the server's answer is not understood") from error

    async def issue(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str, package: str = ""
    ) -> Ticket:
        """Issue a ticket; the same request id gives the same ticket."""
        body = TicketIn(
            service_id=service_id,
            package=package or None,
            channel=Channel.KIOSK,
            citizen=citizen_in(citizen) if citizen else None,
            use_appointment=citizen is not None and not package,
            language="en" if language == "en" else "zh",
            terminal=self._terminal,
        )
        unasked = {"service_id"} if package else set()  # the package says which
        order = body.model_dump_json(exclude_none=True, exclude=unasked)
        answer = await self._write("/tickets", request_id, order, language, self._issue_tries)
        return ticket_of(_read(IssuedTicketOut, answer))

    async def check_in(self, key: str, citizen: Citizen | None, code: str, language: str) -> Ticket:
        """Return the ticket of an appointment."""
        told: CheckInIn = CheckInIn(language="en" if language == "en" else "zh", terminal=self._terminal)
        path = f"/appointments/{quote(code, safe='')}/check-in"
        if citizen is not None:
            told = CardCheckInIn(**told.model_dump(), citizen=citizen_in(citizen))
            path = "/appointments/check-in"
        body = told.model_dump_json(exclude_none=True)
        answer = await self._write(path, key, body, language, self._issue_tries)
        return ticket_of(_read(IssuedTicketOut, answer))

    async def places(self, citizen: Citizen) -> tuple[Ticket, ...]:
        """Return the open tickets of a person, the newest first."""
        body = MyTicketsIn(citizen=citizen_in(citizen)).model_dump_json(exclude_none=True)
        answer = await self._write("/tickets:mine", uuid4().hex, body, "zh", self._issue_tries)
        return tuple(ticket_of(one) for one in _read(Listing[MyTicketOut], answer).items)

    async def place_of(self, token: str) -> Ticket:
        """Return where the ticket with this secret stands."""
        answer = await self._ask("GET", f"/track/{quote(token, safe='')}")
        return ticket_of_track(_read(TrackOut, answer))

    async def cancel(self, request_id: str, ticket_id: str) -> None:
        """Give a ticket back."""
        await self._write(f"/tickets/{ticket_id}/cancel", f"{request_id}-cancel", None, "zh")

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        """Tell what became of the paper."""
        body = PrintResultIn.model_validate(
            {"outcome": printed.outcome.value, "proof": printed.proof, "reason": printed.reason[:40]}
        )
        key = f"{request_id}-print-{job}"
        await self._write(f"/tickets/{ticket_id}/print-result", key, body.model_dump_json(), "zh")

    async def take_lease(self, key: str, wanted: LeaseIn) -> LeaseOut:
        """Ask for a lease; the same key gets the same one."""
        return _read(LeaseOut, await self._write("/leases", key, wanted.model_dump_json(), "zh", tries=1))

    async def sync(self, lease_id: str, wanted: LeaseSyncIn) -> SyncOut:
        """Hand tickets in; each is known by its own key."""
        path, key = f"/leases/{lease_id}/sync", f"sync-{uuid4().hex}"
        body = wanted.model_dump_json(exclude_none=True)
        return _read(SyncOut, await self._write(path, key, body, "zh", tries=1))

    async def settle(self, wanted: SettleIn) -> SettledOut:
        """Settle an order that was never answered."""
        key = f"settle-{uuid4().hex}"
        answer = await self._write("/tickets:settle", key, wanted.model_dump_json(), "zh", tries=1)
        return _read(SettledOut, answer)

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def _write(
        self, path: str, key: str, body: str | None, language: str, tries: int = ISSUE_TRIES
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key, "Accept-Language": language}
        if body is not None:
            headers["Content-Type"] = "application/json"
        for attempt in range(tries):
            try:
                return await self._ask("POST", path, content=body, headers=headers)
            except Unreachable as error:
                what = path.split("/")[1]  # what follows may be the code of somebody's appointment
                log.warning("queue server did not answer", extra={"path": what, "cause": str(error)})
            except Refused as refused:
                if refused.code not in BUSY:
                    raise
            if attempt < tries - 1:
                await self._sleep(PAUSES_S[min(attempt, len(PAUSES_S) - 1)])
        raise Unreachable(f"no answer in {tries} tries")

    async def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        if answer.is_success:
            return answer
        raise self._problem(answer)

    def _problem(self, answer: httpx.Response) -> Refused | Unreachable:
        try:
            problem = Problem.model_validate_json(answer.content)
        except ValidationError:
            return Unreachable(f"HTTP {answer.status_code}")
        if answer.status_code >= 500 and problem.code not in BUSY:
            return Unreachable(problem.code)
        moment = self._clock_time((problem.model_extra or {}).get("opens_at"))
        return Refused(problem.code, problem.title, problem.detail, moment)

    def _clock_time(self, moment: object) -> str:
        """Return a moment of today as the hall's clock shows it, 09:30; empty for another day or nonsense."""
        try:
            at = datetime.fromisoformat(str(moment)).astimezone(self._zone)
        except ValueError:
            return ""
        now = (datetime.now(UTC) + self.clock_offset).astimezone(self._zone)
        return at.strftime("%H:%M") if at.date() == now.date() else ""


def _read(kind: type[Told], answer: httpx.Response) -> Told:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        raise Unreachable("the server's answer is not understood") from None
