"""A QueueApi that goes on giving out numbers while the server is away (docs/offline.md).

It asks the server first.  Without an answer it gives out a number of its lease; a clear refusal is shown and
never worked around.  Before the next number is asked for online, everything given out here is handed in, so
that the line is in the order of issue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from kiosk.adapters.hand_in import HandIn, LeaseServer
from kiosk.adapters.journal import Journal
from kiosk.adapters.journal_rows import Kept
from kiosk.adapters.lease_use import (
    OFFLINE_ID,
    UNKNOWN,
    class_of,
    is_of_today,
    is_open,
    next_number,
    number_text,
    service_of,
    ticket_of,
)
from kiosk.flows.hall import Hall, Service
from kiosk.flows.intake_words import Citizen, Ticket
from kiosk.ports import Printed, QueueApi, Refused, Unreachable
from queue_server.contracts.leases import LeasedServiceOut, LeaseOut

HALL, OFFSET = "hall", "clock-offset-s"
CLOSED = ("当前时间段不能取号，请到咨询台。", "No tickets now. Please ask at the desk.")
HELD = (
    "您已有号码 {number} 在等候，请办理完成后再次取号。",
    "You already hold {number} for this service.",
)
ID_NEEDED = ("此业务须刷身份证取号。", "This service needs an identity card.")
_HALL = TypeAdapter(Hall)
log = logging.getLogger(__name__)


class OnlineQueue(QueueApi, LeaseServer, Protocol):
    """The server as this adapter needs it: kiosk.adapters.queue_http.QueueHttp."""

    clock_offset: timedelta

    async def close(self) -> None:
        """Hang up."""
        ...


class QueueOffline:
    """A QueueApi over the server and the journal; `machine_now` is this machine's clock, for tests."""

    def __init__(
        self,
        online: OnlineQueue,
        journal: Journal,
        terminal: str,
        machine_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._online, self._journal, self._machine_now = online, journal, machine_now
        self._hand_in = HandIn(journal, online, terminal, self._now)
        self._lock = asyncio.Lock()
        self._away = False
        online.clock_offset = timedelta(seconds=float(journal.note(OFFSET) or 0))

    @property
    def clock_offset(self) -> timedelta:
        """The hall's clock minus this machine's, as last heard."""
        return self._online.clock_offset

    def _now(self) -> datetime:
        return self._machine_now() + self._online.clock_offset

    # -- what is on offer ------------------------------------------------------------------------------------

    async def hall(self) -> Hall:
        """Return what is on offer; without the server, what was last heard and can be had from the lease."""
        try:
            hall = await self._online.hall()
        except Unreachable:
            self._away = True
            known = self._known_hall()
            if known is None:
                raise
            return known
        self._away = False
        self._remember(hall)
        try:
            async with self._lock:
                await self._hand_in.catch_up()
        except Unreachable as error:
            self._away = True
            log.warning("handing in was cut short", extra={"cause": str(error)})
        except Refused as no:
            log.error("the server refuses what belongs to leases", extra={"code": no.code})
        return hall

    def _remember(self, hall: Hall) -> None:
        still = [replace(one, waiting=UNKNOWN, wait_low_s=None, wait_high_s=None) for one in hall.services]
        kept = replace(hall, services=tuple(still))
        self._journal.keep(HALL, _HALL.dump_json(kept).decode())
        self._journal.keep(OFFSET, str(round(self._online.clock_offset.total_seconds())))

    def _known_hall(self) -> Hall | None:
        lease, text = self._lease(), self._journal.note(HALL)
        if lease is None or text is None:
            return None
        try:
            hall = _HALL.validate_json(text)
        except ValidationError:
            return None
        services = tuple(self._offered(lease, one) for one in hall.services)
        can_go_on = any(one.open for one in services) or not any(
            is_open(one, self._now_of(lease)) for one in lease.services
        )
        return replace(hall, services=services, offline=True) if can_go_on else None

    def _offered(self, lease: LeaseOut, service: Service) -> Service:
        leased = service_of(lease, service.id)
        if leased is not None and self._next(lease, leased, self._now_of(lease)) is not None:
            return replace(service, open=True, closed_reason="", closed_reason_en="")
        return replace(service, open=False, closed_reason=CLOSED[0], closed_reason_en=CLOSED[1])

    # -- issuing -------------------------------------------------------------------------------------

    async def issue(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str, package: str = ""
    ) -> Ticket:
        """Issue a ticket, from the server or from the lease.  Raises Unreachable when neither can.

        A package comes from the server only: a lease has numbers for single services.
        """
        if package:
            await self._catch_up_first()
            return await self._online.issue(request_id, service_id, citizen, language, package)
        kept = self._journal.ticket(request_id)
        if kept is not None:
            return self._shown(kept)
        if not self._away:
            await self._catch_up_first()
        if self._away:
            return self._issue_here(request_id, service_id, citizen, language)
        return await self._issue_there(request_id, service_id, citizen, language)

    async def check_in(self, key: str, citizen: Citizen | None, code: str, language: str) -> Ticket:
        """Return the ticket of an appointment; only the server knows of appointments."""
        return await self._online.check_in(key, citizen, code, language)

    async def places(self, citizen: Citizen) -> tuple[Ticket, ...]:
        """Return the open tickets of a person; only the server knows them."""
        return await self._online.places(citizen)

    async def place_of(self, token: str) -> Ticket:
        """Return where a ticket stands; only the server knows."""
        return await self._online.place_of(token)

    async def _issue_there(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str
    ) -> Ticket:
        """Ask the server; without its answer give out a number of the lease, and settle the order later."""
        self._journal.begin_order(request_id, self._now())
        self._hand_in.in_flight.add(request_id)
        try:
            ticket = await self._online.issue(request_id, service_id, citizen, language)
        except Refused:
            self._journal.end_order(request_id)
            raise
        except Unreachable as lost:
            self._away = True
            try:
                return self._issue_here(request_id, service_id, citizen, language)
            except Refused:
                raise lost from None  # what the server did is not known, so this is no refusal
        finally:
            self._hand_in.in_flight.discard(request_id)
        self._journal.end_order(request_id)
        return ticket

    async def _catch_up_first(self) -> None:
        async with self._lock:
            if not self._hand_in.is_due:
                return
            try:
                await self._hand_in.catch_up()
            except Unreachable:
                self._away = True

    def _issue_here(self, request_id: str, service_id: str, citizen: Citizen | None, language: str) -> Ticket:
        """Give out a number of the lease.  Raises Refused, Unreachable when the lease has none."""
        lease = self._lease()
        leased = service_of(lease, service_id) if lease else None
        if lease is None or leased is None:
            raise Unreachable("no lease for this service")
        now = self._now_of(lease)
        if not is_open(leased, now):
            raise _refused("service-closed", CLOSED, language)
        if leased.id_required and citizen is None:
            raise _refused("id-required", ID_NEEDED, language)
        held = self._journal.is_held(citizen, service_id) if citizen and lease.one_per_person else None
        if held is not None:
            raise _refused("ticket-already-waiting", HELD, language, number=held)
        n = self._next(lease, leased, now)
        if n is None:
            raise Unreachable("the lease is spent")
        kept = Kept(
            key=request_id,
            lease_id=lease.id,
            service_id=service_id,
            n=n,
            number=number_text(leased, n),
            issued_at=now,
            language="en" if language == "en" else "zh",
            priority=class_of(lease, citizen),
        )
        self._journal.add(kept, citizen)
        log.warning("issued offline", extra={"ticket": kept.number, "request": request_id})
        return ticket_of(lease, kept)

    def _lease(self) -> LeaseOut | None:
        """Return the lease from which numbers may be given out now."""
        open_now = (one.lease for one in self._journal.leases() if not one.closing)
        return next((one for one in open_now if is_of_today(one, self._now_of(one))), None)

    def _now_of(self, lease: LeaseOut) -> datetime:
        """Return the hall's time, which cannot be before the lease was made.

        The server's clock is known as well as its slowest answer was quick: a second late is common.
        """
        return max(self._now(), lease.made_at)

    def _next(self, lease: LeaseOut, leased: LeasedServiceOut, at: datetime) -> int | None:
        last = self._journal.last_of(lease.id, leased.service_id)
        given = self._journal.times_of(lease.id, leased.service_id) if leased.places else []
        return next_number(lease, leased, at, last, given)

    def _shown(self, kept: Kept) -> Ticket:
        for one in self._journal.leases():
            if one.lease.id == kept.lease_id:
                return ticket_of(one.lease, kept)
        return Ticket(f"{OFFLINE_ID}{kept.key}", kept.number, ahead=UNKNOWN)

    # -- afterwards ------------------------------------------------------------------------------------------

    async def cancel(self, request_id: str, ticket_id: str) -> None:
        """Give a ticket back; one that only this terminal knows is dropped."""
        if not ticket_id.startswith(OFFLINE_ID):
            await self._online.cancel(request_id, ticket_id)
            return
        async with self._lock:  # not while it is being handed in
            kept = self._journal.ticket(ticket_id.removeprefix(OFFLINE_ID))
            if kept is None:
                return
            if kept.ticket_id is None:
                self._journal.void(kept.key)
                return
        await self._online.cancel(request_id, kept.ticket_id)

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        """Tell what became of the paper; of a ticket from the lease it is told when it is handed in."""
        if not ticket_id.startswith(OFFLINE_ID):
            await self._online.report_print(request_id, ticket_id, job, printed)
            return
        key = ticket_id.removeprefix(OFFLINE_ID)
        self._journal.printed(key, job, printed.outcome.value, printed.reason)
        async with self._lock:
            await self._hand_in.tell_prints()

    async def close(self) -> None:
        """Hang up and close the journal."""
        await self._online.close()
        self._journal.close()


def _refused(code: str, sentence: tuple[str, str], language: str, **values: str) -> Refused:
    text = sentence[language == "en"].format(**values)
    return Refused(code, code, text)
