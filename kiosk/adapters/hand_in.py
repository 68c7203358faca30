"""Hands in what a terminal gave out by itself, settles orders that were never answered, keeps a fresh lease.

Every step is written down before and after it, so it may end anywhere and be begun again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from kiosk.adapters.journal import Journal
from kiosk.adapters.journal_rows import Kept
from kiosk.adapters.lease_use import is_of_today
from kiosk.flows.intake_words import Citizen, Paper
from kiosk.ports import Printed, Refused
from queue_server.contracts.leases import (
    LeaseIn,
    LeaseOut,
    LeaseSyncIn,
    OfflineTicketIn,
    SettledOut,
    SettleIn,
    SyncedOut,
    SyncOut,
)
from queue_server.contracts.tickets import CitizenIn

BATCH = 40
WISH = "lease-wish"
"""The note under which the Idempotency-Key of a lease that was asked for is kept."""
NOBODY_WAITS = timedelta(minutes=2)
"""An order that is so old has no visitor any more (kiosk.runner.KEEP_S is a minute)."""
KEPT_FOR = timedelta(days=1)
"""So long a ticket that was handed in is remembered, to tell of its paper."""
log = logging.getLogger(__name__)


class LeaseServer(Protocol):
    """The part of the queue server that leases need.  Each raises Unreachable, Refused; one try each."""

    async def take_lease(self, key: str, wanted: LeaseIn) -> LeaseOut:
        """Ask for a lease; the same key gets the same one."""
        ...

    async def sync(self, lease_id: str, wanted: LeaseSyncIn) -> SyncOut:
        """Hand tickets in."""
        ...

    async def settle(self, wanted: SettleIn) -> SettledOut:
        """Settle an order that was never answered."""
        ...

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        """Tell what became of the paper."""
        ...


class HandIn:
    """One terminal's dealings about leases.  `now` is the hall's time."""

    def __init__(
        self, journal: Journal, server: LeaseServer, terminal: str, now: Callable[[], datetime]
    ) -> None:
        self._journal, self._server = journal, server
        self._terminal, self._now = terminal, now
        self.in_flight: set[str] = set()
        """Orders that are being asked for at this moment: never settled."""

    @property
    def is_due(self) -> bool:
        """Say whether something must reach the server before a number is asked for online."""
        return bool(self._journal.to_hand_in()) or any(one.abandoned for one in self._journal.orders())

    async def catch_up(self) -> None:
        """Do all that is due: settle, hand in, tell of papers, renew.  Raises Unreachable, Refused."""
        await self._settle()
        await self._hand_in()
        await self.tell_prints()
        await self._renew()

    async def _settle(self) -> None:
        now = self._now()
        for order in self._journal.orders():
            somebody_waits = order.key in self.in_flight or now - order.at < NOBODY_WAITS
            if not order.abandoned and somebody_waits:
                continue
            self._journal.abandon_order(order.key)
            try:
                done = await self._server.settle(SettleIn(key=order.key))
                log.info("order settled", extra={"request": order.key, "outcome": done.outcome})
            except Refused as no:
                if no.code not in ("not-found", "validation", "method-not-allowed"):
                    raise
                log.error("an order cannot be settled", extra={"request": order.key, "code": no.code})
            self._journal.end_order(order.key)

    async def _hand_in(self) -> None:
        waiting = self._journal.to_hand_in()
        for lease_id in dict.fromkeys(one.lease_id for one in waiting):
            mine = [one for one in waiting if one.lease_id == lease_id]
            for start in range(0, len(mine), BATCH):
                await self._send(lease_id, mine[start : start + BATCH])

    async def _send(self, lease_id: str, batch: list[Kept]) -> None:
        try:
            said = await self._server.sync(lease_id, LeaseSyncIn(items=[_item(one) for one in batch]))
        except Refused as no:
            if no.code not in ("lease-unknown", "validation"):
                raise
            if len(batch) > 1 and no.code == "validation":
                for one in batch:  # one of them is what the server does not take
                    await self._send(lease_id, [one])
                return
            for one in batch:
                log.error("a ticket cannot be handed in", extra={"ticket": one.number, "code": no.code})
                self._journal.refused(one.key)
            return
        for one, told in zip(batch, said.items, strict=True):
            self._heard(one, told)

    def _heard(self, one: Kept, told: SyncedOut) -> None:
        if told.accepted and told.ticket_id is not None:
            self._journal.handed_in(one.key, told.ticket_id, one.print)
            log.info("ticket handed in", extra={"ticket": one.number, "mark": told.mark})
        else:
            log.error("a ticket was not taken", extra={"ticket": one.number, "code": told.code})
            self._journal.refused(one.key)

    async def tell_prints(self) -> None:
        """Tell what became of papers that were still in the printer when their ticket was handed in."""
        for one in self._journal.untold_prints():
            printed = Printed(Paper(one.print), reason=one.print_reason)
            try:
                await self._server.report_print(one.key, one.ticket_id or "", one.print_job, printed)
            except Refused as no:
                log.warning("refused", extra={"what": "print-result", "code": no.code})
            self._journal.print_told(one.key, one.print)

    async def _renew(self) -> None:
        now = self._now()
        kept = self._journal.leases()
        usable = [one for one in kept if not one.closing and is_of_today(one.lease, now)]
        fresh = bool(usable) and not self._is_low(usable[0].lease)
        for one in kept:
            if fresh and one is usable[0]:
                continue
            await self._close(one.lease)
        if fresh:
            return
        key = self._journal.note(WISH) or f"lease-{uuid4().hex}"
        self._journal.keep(WISH, key)
        try:
            lease = await self._server.take_lease(key, LeaseIn(terminal=self._terminal))
        except Refused:
            self._journal.forget(WISH)
            raise
        self._journal.save_lease(lease, WISH)
        log.info("lease taken", extra={"lease": lease.id, "services": len(lease.services)})

    def _is_low(self, lease: LeaseOut) -> bool:
        """Say whether a block was begun and has few numbers left."""
        for service in lease.services:
            last = self._journal.last_of(lease.id, service.service_id)
            if last is not None and service.last - last < max(1, lease.renew_below):
                return True
        return False

    async def _close(self, lease: LeaseOut) -> None:
        self._journal.begin_closing(lease.id)
        try:
            await self._server.sync(lease.id, LeaseSyncIn(items=[], close=True))
        except Refused as no:
            if no.code != "lease-unknown":
                raise
        self._journal.drop_lease(lease.id, self._now() - KEPT_FOR)


def _item(one: Kept) -> OfflineTicketIn:
    return OfflineTicketIn.model_validate(
        {
            "key": one.key,
            "service_id": one.service_id,
            "number": one.number,
            "issued_at": one.issued_at,
            "citizen": _citizen(one.citizen) if one.citizen else None,
            "priority": one.priority,
            "language": one.language,
            "print": one.print,
            "print_reason": one.print_reason[:40],
        }
    )


def _citizen(citizen: Citizen) -> CitizenIn:
    return CitizenIn.model_validate(
        {
            "name": citizen.name,
            "id_type": citizen.id_type,
            "id_number": citizen.id_number,
            "birth": citizen.birth,
        }
    )
