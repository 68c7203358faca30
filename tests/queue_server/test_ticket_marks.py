"""What marks a ticket for staff: booked, given out offline, and why it would have been refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.application.call_next import call_next
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.lease import take_lease
from queue_server.application.ports import TicketFilter, Tx
from queue_server.application.queries import tickets, windows
from queue_server.application.sign import sign_in
from queue_server.application.sync_lease import sync_lease
from queue_server.application.ticket_shown import ticket_shown
from queue_server.contracts.leases import LeaseIn, LeaseSyncIn, OfflineTicketIn
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.limits import Blacklisted
from tests.queue_server.booking import AnyStore, Desk, booking_hall, local, open_store, resident, walk_in
from tests.queue_server.halls import MONDAY


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> AsyncIterator[AnyStore]:
    made = open_store(request.param, tmp_path, booking_hall(), clock)
    await made.change(lambda tx: sign_in(tx, "1", "wang"))
    yield made
    await made.close()


def blacklist(tx: Tx, who: int) -> None:
    person = tx.person_of("resident", resident(who))
    tx.save_blacklisted(Blacklisted(person, date(2026, 12, 1), "no-show", tx.now, "boss"))


async def offline(store: AnyStore, *people: int | None) -> list[str]:
    """Let a kiosk hand in one ticket for each; return their numbers."""
    lease = await store.change(
        lambda tx: take_lease(tx, LeaseIn(services=["A"], size=len(people)), "kiosk:k1"), "kiosk:k1"
    )
    first = lease.services[0].first
    items = [
        OfflineTicketIn(
            key=f"k{n}",
            service_id="A",
            number=f"A{first + n:03d}",
            issued_at=MONDAY,
            citizen=CitizenIn(id_number=resident(who)) if who is not None else None,
        )
        for n, who in enumerate(people)
    ]
    told = await store.change(
        lambda tx: sync_lease(tx, lease.id, LeaseSyncIn(items=items), "kiosk:k1"), "kiosk:k1"
    )
    return [one.number for one in told.items if one.accepted]


async def test_staff_see_which_ticket_came_offline_and_what_it_would_have_been_refused_for(
    store: AnyStore,
) -> None:
    await store.change(lambda tx: blacklist(tx, 1))
    plain, marked = await offline(store, None, 1)
    online = await store.change(lambda tx: issue_ticket(tx, walk_in()))
    listed = await store.read(lambda view: tickets(view, booking_hall(), TicketFilter(limit=9)))

    assert {one.number: (one.offline, one.mark) for one in listed.items} == {
        plain: (True, ""),
        marked: (True, "blacklisted"),
        online.number: (False, ""),
    }


async def test_the_window_and_the_answer_to_its_keys_show_the_mark_as_the_list_does(store: AnyStore) -> None:
    await store.change(lambda tx: blacklist(tx, 1))
    await offline(store, 1)
    called = await store.change(lambda tx: ticket_shown(tx, tx.hall, call_next(tx, "1")))  # type: ignore[arg-type]
    found = (await store.read(lambda view: windows(view, booking_hall(), MONDAY, "1")))[0].ticket

    assert found is not None
    assert {(one.number, one.offline, one.mark) for one in (called, found)} == {
        (called.number, True, "blacklisted")
    }


async def test_a_booked_ticket_is_marked_with_the_time_it_was_booked_for(
    store: AnyStore, clock: FixedClock
) -> None:
    desk = Desk(store, clock)
    booked = await desk.book(1, "2026-11-24 10:00")
    desk.at("2026-11-24 09:50")
    ticket = await desk.check_in(booked.code)
    shown = await store.read(lambda view: ticket_shown(view, booking_hall(), view.ticket(ticket.id)))
    walked_in = await store.change(lambda tx: issue_ticket(tx, walk_in()))
    other = await store.read(lambda view: ticket_shown(view, booking_hall(), walked_in))

    assert (shown.appointment, shown.due_at) == (True, local("2026-11-24 10:00"))
    assert (other.appointment, other.due_at, shown.offline) == (False, None, False)
