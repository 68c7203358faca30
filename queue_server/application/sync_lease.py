"""Tickets that a terminal gave out by itself come into the line, at the moment at which they were issued.

Somebody holds each of them on paper, so none is lost: what would have been refused online is taken in with a
mark for staff, what comes after the day's end is recorded as expired.  Refused are only numbers that are not
the lease's, a number for another `key`, and a form that cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from devices.contracts.persons import masked_name
from queue_server.application.issue_checks import person_of, require_not_blacklisted
from queue_server.application.lease import close_lease
from queue_server.application.ports import Tx
from queue_server.application.window_access import place_at
from queue_server.contracts.events import EventName
from queue_server.contracts.leases import LeaseSyncIn, OfflineTicketIn, SyncedOut, SyncOut
from queue_server.contracts.tickets import OfflineIn, TicketIn
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.hall import Service
from queue_server.domain.lease import Handed, Lease
from queue_server.domain.limits import require_may_take
from queue_server.domain.numbering import number_of
from queue_server.domain.privilege import granted_class
from queue_server.domain.ticket import Action, Ticket

OFFLINE = "offline"
"""The reason in the event of a ticket that came in so; with a mark: `offline: blacklisted`."""


def sync_lease(tx: Tx, lease_id: str, wanted: LeaseSyncIn, holder: str, language: str = "zh") -> SyncOut:
    """Take in the items, each on its own, in order.  Raises Refused `lease-unknown`."""
    lease = lease_of(tx, lease_id, holder)
    told: list[SyncedOut] = []
    for item in wanted.items:
        try:
            lease, handed = hand_in(tx, lease, item)
            told.append(_accepted(tx, item, handed))
        except QueueError as error:
            told.append(_refused(item, error, language))
    if wanted.close:
        lease = close_lease(tx, lease)
    tx.note(f"lease {lease_id}: {_counted(told)}")
    return SyncOut(lease_id=lease_id, closed=lease.closed_at is not None, items=told)


def lease_of(tx: Tx, lease_id: str, holder: str) -> Lease:
    """Return a lease of `holder`, closed or not.  Raises Refused `lease-unknown`."""
    lease = tx.lease(lease_id)
    if lease is None or lease.holder != holder:
        raise Refused("lease-unknown", lease=lease_id[:64])
    return lease


def hand_in(tx: Tx, lease: Lease, item: OfflineTicketIn) -> tuple[Lease, Handed]:
    """Make the ticket of an item, or find the one that was made for it before.

    Return the lease after it and what is remembered.  Raises QueueError `validation`, Refused
    `service-unknown`.
    """
    service = tx.hall.service(item.service_id)
    n = number_in(service, item.number)
    if n is None or not lease.holds(service.id, n):
        raise QueueError("validation", reason=f"number {item.number} is not one of lease {lease.id}")
    before = tx.handed(lease.id, service.id, n)
    if before is not None:
        if before.key != item.key:
            raise QueueError("validation", reason=f"number {item.number} was handed in under another key")
        return lease, before
    issued_at = lease.bounded(item.issued_at, tx.now)
    lease = _count(tx, lease, service, issued_at)
    found = _looked_at(tx, lease, service, item)
    ticket = _ticket(tx, lease, item, n, found, issued_at)
    tx.add(ticket)
    reason = ": ".join(one for one in (OFFLINE, found.mark) if one)
    tx.emit(EventName.TICKET_ISSUED, ticket, reason=reason)
    if lease.day < tx.hall.expires_before(tx.now):
        late = ticket.after(Action.EXPIRE, finished_at=tx.now)
        tx.save(late)
        tx.emit(EventName.TICKET_EXPIRED, late, reason=OFFLINE)
    handed = Handed(lease.id, service.id, n, item.key, ticket.id, found.mark)
    tx.add_handed(handed)
    return lease, handed


def hand_in_one(tx: Tx, wanted: TicketIn, taken: OfflineIn, holder: str) -> Ticket:
    """Hand in the one ticket of a `POST /tickets` with `offline`; the same number is the same ticket.

    Raises Refused `lease-unknown`, `service-unknown`, QueueError `validation`.
    """
    item = OfflineTicketIn(
        key=f"ticket:{taken.number}",
        service_id=wanted.service_id or "-",
        number=taken.number,
        issued_at=wanted.issued_at or tx.now,
        citizen=wanted.citizen,
        priority=wanted.priority,
        language=wanted.language,
    )
    _, handed = hand_in(tx, lease_of(tx, taken.lease_id, holder), item)
    return tx.ticket(handed.ticket_id)


def number_in(service: Service, number: str) -> int | None:
    """Return the n of a number as the service writes it, None for any other text."""
    digits = number.removeprefix(service.prefix)
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        return None
    return int(digits) if number_of(service, int(digits)) == number else None


def _count(tx: Tx, lease: Lease, service: Service, issued_at: datetime) -> Lease:
    """Take the ticket's places from the lease; what the lease does not have counts on top of the cap."""
    for slot in service.caps.slots(issued_at.astimezone(tx.hall.timezone)):
        lease, had = lease.spend(service.id, slot.name)
        if not had:
            tx.add_to_slot(lease.day, service.id, slot.name, 1)
    tx.save_lease(lease)
    return lease


@dataclass(frozen=True, slots=True)
class _Looked:
    """Who holds the ticket, and why it would have been refused online."""

    person: str | None = None
    mark: str = ""


def _looked_at(tx: Tx, lease: Lease, service: Service, item: OfflineTicketIn) -> _Looked:
    """Ask the rules about a person that the terminal could not ask."""
    person = None
    try:
        person = person_of(tx, service, item.citizen)
        if person is not None and lease.day == tx.day:
            require_not_blacklisted(tx, person)
            require_may_take(tx.hall.limits, tx.tickets_of(person), service.id)
    except Refused as refused:
        return _Looked(person, refused.error_code)
    return _Looked(person)


def _ticket(
    tx: Tx, lease: Lease, item: OfflineTicketIn, n: int, found: _Looked, issued_at: datetime
) -> Ticket:
    hall = tx.hall
    asked = item.priority if item.priority in hall.priorities else None
    birth = item.citizen.birth if item.citizen else None
    priority, _ = granted_class(hall.policy, asked, "", birth, date.fromisoformat(lease.day))
    return Ticket(
        id=tx.new_id("t"),
        number=item.number,
        n=n,
        service_id=item.service_id,
        day=lease.day,
        place=place_at(issued_at),
        issued_at=issued_at,
        token=tx.new_token(),
        person=found.person,
        citizen=masked_name(item.citizen.name) if item.citizen else "",
        priority=priority,
        channel="kiosk",
        language=item.language,
        terminal=lease.terminal or None,
        print_state=item.print,
        print_reason="" if item.print == "printed" else item.print_reason,
        prints=int(item.print == "printed"),
        lease=lease.id,
    )


def _accepted(tx: Tx, item: OfflineTicketIn, handed: Handed) -> SyncedOut:
    ticket = tx.ticket(handed.ticket_id)
    url = tx.hall.public_url
    return SyncedOut(
        key=item.key,
        number=ticket.number,
        accepted=True,
        ticket_id=ticket.id,
        track_url=f"{url}/t/{ticket.token}" if url else "",
        mark=handed.mark,
    )


def _refused(item: OfflineTicketIn, error: QueueError, language: str) -> SyncedOut:
    detail = error.detail(language)
    return SyncedOut(key=item.key, number=item.number, accepted=False, code=error.error_code, detail=detail)


def _counted(told: Sequence[SyncedOut]) -> str:
    """Return what the audit keeps of a sync."""
    taken, marked = sum(one.accepted for one in told), sum(bool(one.mark) for one in told)
    return f"{taken} of {len(told)} taken in, {marked} marked"
