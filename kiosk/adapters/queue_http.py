"""The queue server by HTTP.

A write is repeated with the same Idempotency-Key until it is answered or the patience is over, so a lost
answer is not a second ticket.  Citizens' data go out in `issue` and are kept nowhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import httpx
from pydantic import BaseModel, ValidationError

from kiosk.flows.hall import Department, Hall, Service
from kiosk.flows.intake_words import Citizen, Ticket
from kiosk.ports import Printed, Refused, Unreachable
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.board import HallOut
from queue_server.contracts.leases import LeaseIn, LeaseOut, LeaseSyncIn, SettledOut, SettleIn, SyncOut
from queue_server.contracts.services import ServiceOut
from queue_server.contracts.tickets import Channel, CitizenIn, IssuedTicketOut, PrintResultIn, TicketIn

TRY_S = 4.0
ISSUE_TRIES = 4  # at most about 18 s with the pauses between
PAUSES_S = (0.3, 0.7, 1.5)
BUSY = frozenset({"server-busy", "rate-limited"})
log = logging.getLogger(__name__)
Told = TypeVar("Told", bound=BaseModel)


class QueueHttp:
    """A QueueApi.  `terminal` is this kiosk's id; `sleep` is there for tests.

    `issue_tries`: a terminal that can go on by itself need not let anybody wait for so many.
    """

    def __init__(
        self,
        url: str,
        token: str,
        terminal: str,
        *,
        issue_tries: int = ISSUE_TRIES,
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

    async def hall(self) -> Hall:
        """Return what is on offer now."""
        board = await self._ask("GET", "/board")
        services = await self._ask("GET", "/services")
        try:
            about = board.json()
            self.clock_offset = datetime.fromisoformat(about["at"]) - datetime.now(UTC)
            offered = Listing[ServiceOut].model_validate_json(services.content).items
            return _hall(HallOut.model_validate(about["hall"]), offered)
        except (ValidationError, ValueError, KeyError, TypeError) as error:
            raise Unreachable("the server's answer is not understood") from error

    async def issue(self, request_id: str, service_id: str, citizen: Citizen | None, language: str) -> Ticket:
        """Issue a ticket; the same request id gives the same ticket."""
        body = TicketIn(
            service_id=service_id,
            channel=Channel.KIOSK,
            citizen=_citizen(citizen) if citizen else None,
            language="en" if language == "en" else "zh",
            terminal=self._terminal,
        )
        order = body.model_dump_json(exclude_none=True)
        answer = await self._write("/tickets", request_id, order, language, self._issue_tries)
        try:
            issued = IssuedTicketOut.model_validate_json(answer.content)
        except ValidationError:
            # Without the chain: pydantic's text quotes what it was given.
            raise Unreachable("the server's answer is not understood") from None
        return Ticket(
            id=issued.id,
            number=issued.number,
            service=issued.service,
            zone=issued.zone,
            windows=tuple(issued.windows),
            floor=issued.slip.floor,
            ahead=issued.ahead,
            wait_low_s=issued.estimate.low_s,
            wait_high_s=issued.estimate.high_s,
            slip=issued.slip,
        )

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
                log.warning("queue server did not answer", extra={"path": path, "cause": str(error)})
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
        raise _problem(answer)


def _read(kind: type[Told], answer: httpx.Response) -> Told:
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        raise Unreachable("the server's answer is not understood") from None


def _problem(answer: httpx.Response) -> Refused | Unreachable:
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return Unreachable(f"HTTP {answer.status_code}")
    if answer.status_code >= 500 and problem.code not in BUSY:
        return Unreachable(problem.code)
    return Refused(problem.code, problem.title, problem.detail)


def _citizen(citizen: Citizen) -> CitizenIn:
    return CitizenIn.model_validate(
        {
            "name": citizen.name,
            "id_type": citizen.id_type,
            "id_number": citizen.id_number,
            "birth": citizen.birth,
        }
    )


def _hall(about: HallOut, offered: list[ServiceOut]) -> Hall:
    departments: dict[str, Department] = {}
    for service in offered:
        for d in service.departments:
            departments.setdefault(d.code, Department(d.code, d.name, d.short or d.name, d.en, d.icon))
    return Hall(
        name=about.name,
        en=about.en,
        slogan=about.slogan,
        demo=about.demo,
        notice=about.notice,
        departments=tuple(departments.values()),
        services=tuple(_service(s) for s in offered),
    )


def _service(s: ServiceOut) -> Service:
    return Service(
        id=s.id,
        name=s.name,
        en=s.en,
        departments=tuple(d.code for d in s.departments),
        zone=s.zone_name,
        zone_en=s.zone_en,
        floor=s.floor,
        windows=tuple(s.windows),
        open=s.open,
        closed_reason=s.closed_reason,
        closed_reason_en=s.closed_reason_en,
        id_required=s.id_required,
        waiting=s.waiting,
        wait_low_s=s.wait_low_s,
        wait_high_s=s.wait_high_s,
        matters=tuple(s.matters),
        matters_of={code: tuple(names) for code, names in s.matters_of.items()},
    )
