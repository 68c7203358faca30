"""A terminal takes a lease, and gives it back; a request that was never answered is settled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from queue_server.application.cancel import cancel
from queue_server.application.lease_out import lease_out
from queue_server.application.numbers import take_leased
from queue_server.application.ports import Tx
from queue_server.contracts.leases import LeaseIn, LeaseOut, PlacesOut, SettledOut
from queue_server.domain.errors import NotFound
from queue_server.domain.hall import Service
from queue_server.domain.lease import Block, Lease, share_of, stretches
from queue_server.domain.ticket import Action

Moments = tuple[datetime, datetime]


def take_lease(tx: Tx, wanted: LeaseIn, holder: str) -> LeaseOut:
    """Give `holder` a lease for the rest of the business day; its oldest is closed when it has too many.

    Raises Refused `service-unknown`.
    """
    rules = tx.hall.leases
    asked = list(tx.hall.services) if wanted.services == "all" else list(dict.fromkeys(wanted.services))
    services = [tx.hall.service(service_id) for service_id in asked]
    open_now = tx.open_leases(holder)
    for old in open_now[: max(0, len(open_now) - rules.max_open + 1)]:
        close_lease(tx, old)
    size = min(wanted.size or rules.size, rules.size)
    midnight = _day_end(tx)
    spans = {service.id: _spans(tx, service, midnight) for service in services}
    blocks, places = {}, {}
    for service in services:
        if spans[service.id]:
            first = take_leased(tx, service, size)
            blocks[service.id] = Block(first, first + size - 1)
            places[service.id] = _places(tx, service, spans[service.id], size)
    lease = Lease(
        id=tx.new_id("l"),
        holder=holder,
        terminal=wanted.terminal,
        day=tx.day,
        made_at=tx.now,
        expires_at=midnight + timedelta(minutes=rules.grace_min),
        blocks=blocks,
        places={service_id: {one.slot: one.places for one in kept} for service_id, kept in places.items()},
    )
    tx.save_lease(lease)
    tx.note(f"lease {lease.id}: {len(blocks)} services, {size} numbers each")
    return lease_out(tx, lease, spans, places)


def _day_end(tx: Tx) -> datetime:
    """Return the end of the business day."""
    tomorrow = date.fromisoformat(tx.day) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tx.hall.timezone)


def _spans(tx: Tx, service: Service, midnight: datetime) -> list[Moments]:
    """Return when a service's tickets are still given out today."""
    if tx.hall.always_open:
        return [(tx.now, midnight)]
    spans = tx.hall.openings[service.id].issuing(date.fromisoformat(tx.day))
    return [(max(start, tx.now), end) for start, end in spans if end > tx.now]


def _places(tx: Tx, service: Service, spans: Sequence[Moments], size: int) -> list[PlacesOut]:
    """Take the lease's share of every cap that will count today."""
    found = []
    for slot in stretches(service.caps, spans, tx.now.astimezone(tx.hall.timezone)):
        left = slot.limit - tx.slot_count(tx.day, service.id, slot.slot)
        share = share_of(left, size, tx.hall.leases.cap_share_percent)
        if share:
            tx.add_to_slot(tx.day, service.id, slot.slot, share)
        found.append(PlacesOut(slot=slot.slot, places=share, from_at=slot.from_at, until_at=slot.until_at))
    return found


def close_lease(tx: Tx, lease: Lease) -> Lease:
    """Give back what a lease holds of the caps; tickets from it are still taken in afterwards."""
    if lease.closed_at is not None:
        return lease
    for service_id, slots in lease.places.items():
        for slot, left in slots.items():
            tx.add_to_slot(lease.day, service_id, slot, -left)
    closed = replace(lease, closed_at=tx.now, places={})
    tx.save_lease(closed)
    return closed


def close_ended_leases(tx: Tx) -> int:
    """Close the leases whose day and grace are over; return how many."""
    ended = tx.open_leases_before(tx.now)
    for lease in ended:
        close_lease(tx, lease)
    return len(ended)


def settle_request(tx: Tx, actor: str, key: str) -> SettledOut:
    """Make sure that a `POST /tickets` of `actor` that was never answered leaves no ticket behind."""
    body = tx.settled(actor, key)
    if body is None:
        tx.refuse_key(actor, key)
        return SettledOut(key=key, outcome="refused")
    ticket_id = _ticket_id(body)
    if ticket_id is None:
        return SettledOut(key=key, outcome="refused")
    try:
        ticket = tx.ticket(ticket_id)
    except NotFound:
        return SettledOut(key=key, outcome="refused")
    if not ticket.may(Action.CANCEL):
        return SettledOut(key=key, outcome="kept", ticket_id=ticket_id)
    cancel(tx, ticket_id)
    return SettledOut(key=key, outcome="cancelled", ticket_id=ticket_id)


def _ticket_id(body: str) -> str | None:
    """Return the id in a kept answer to `POST /tickets`; None for any other answer."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    found = told.get("id") if isinstance(told, dict) else None
    return found if isinstance(found, str) else None
