"""A ticket's history: every edge as a period, exact; and its paper given up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.announce import public_event
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.cancel import cancel
from queue_server.application.evaluate import Rating, evaluate
from queue_server.application.finish_service import finish_service
from queue_server.application.history import history
from queue_server.application.hold import hold
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Tx
from queue_server.application.print_result import ask_reprint, print_result, void_paper
from queue_server.application.recall import recall
from queue_server.application.requeue import requeue
from queue_server.application.resume_held import resume_held
from queue_server.application.sign import sign_in
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.history import HistoryOut
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, small_hall

AnyStore = MemoryStore | SqliteStore


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, hall: Hall, clock: FixedClock
) -> AsyncIterator[AnyStore]:
    made: AnyStore = MemoryStore(hall, clock, Identity(b"k" * 32))
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))
    for window in hall.windows:
        await made.change(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))  # type: ignore[misc]
    yield made
    await made.close()


async def take(store: AnyStore, *stops: str) -> Ticket:
    wanted = TicketIn(service_id="A", channel=Channel.KIOSK, stops=list(stops))
    return await store.change(lambda tx: issue_ticket(tx, wanted), "kiosk:k1")


async def told(store: AnyStore, hall: Hall, clock: FixedClock, ticket: Ticket) -> HistoryOut:
    now = clock.now()
    return await store.read(lambda view: history(view, hall, ticket.id, now))


async def test_every_edge_is_a_period_with_time_place_and_who(
    store: AnyStore, hall: Hall, clock: FixedClock
) -> None:
    ticket = await take(store)
    clock.advance(90)
    await store.change(lambda tx: call_next(tx, "1"), "operator:wang")
    clock.advance(10)
    await store.change(lambda tx: recall(tx, "1"), "operator:wang")
    clock.advance(5)
    await store.change(lambda tx: start_service(tx, "1"), "operator:wang")
    clock.advance(300)
    await store.change(lambda tx: finish_service(tx, "1"), "operator:li")
    found = (await told(store, hall, clock, ticket)).periods

    assert [(one.state, one.seconds, one.by, one.window) for one in found] == [
        ("waiting", 90, "kiosk:k1", None),
        ("called", 10, "operator:wang", "1"),
        ("called", 5, "operator:wang", "1"),
        ("serving", 300, "operator:wang", "1"),
        ("done", None, "operator:li", "1"),
    ]
    assert "wait" in found[1].why_en
    assert [one.why for one in found[2:]] == ["", "", ""]


async def test_every_call_keeps_its_own_reason_and_screens_are_not_told_it(
    store: AnyStore, hall: Hall, clock: FixedClock
) -> None:
    ticket = await take(store)
    clock.advance(180)
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: no_show(tx, "1"))
    clock.advance(120)
    await store.change(lambda tx: call_this(tx, "2", ticket.id))
    calls = [one.why_en for one in (await told(store, hall, clock, ticket)).periods if one.state == "called"]
    events = await store.read(lambda view: view.events_of(ticket))

    assert calls == [
        "The longest wait of all lines here: 3 min.",
        "Chosen by the clerk; waited 5 min.",
    ]
    assert {public_event(one).reason for one in events} == {None}


async def test_what_goes_on_counts_to_now(store: AnyStore, hall: Hall, clock: FixedClock) -> None:
    ticket = await take(store)
    clock.advance(42)
    only = (await told(store, hall, clock, ticket)).periods[0]

    assert (only.seconds, only.to_at, only.ended_by) == (42, None, None)


async def test_a_stop_ends_with_its_service_and_the_next_wait_begins_at_once(
    store: AnyStore, hall: Hall, clock: FixedClock
) -> None:
    ticket = await take(store, "C")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    clock.advance(60)
    await store.change(lambda tx: finish_service(tx, "1"))
    clock.advance(30)
    found = (await told(store, hall, clock, ticket)).periods

    assert [(one.state, one.service_id, one.seconds, one.ended_by) for one in found[-2:]] == [
        ("serving", "A", 60, "ticket-finished"),
        ("waiting", "C", 30, None),
    ]


async def test_paper_and_rating_are_marks_and_a_citizens_phone_stays_unnamed(
    store: AnyStore, hall: Hall, clock: FixedClock
) -> None:
    ticket = await take(store)
    await store.change(lambda tx: print_result(tx, ticket.id, "failed", "paper-out"), "kiosk:k1")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    done = await store.change(lambda tx: finish_service(tx, "1"))
    await store.change(lambda tx: evaluate(tx, done, Rating(5)), f"display:track:{ticket.token[:8]}")
    answer = await told(store, hall, clock, ticket)

    assert [(one.name, one.by, one.print_state, one.reason) for one in answer.marks] == [
        ("ticket-print", "kiosk:k1", "failed", "paper-out"),
        ("ticket-rated", "phone", "failed", ""),
    ]
    assert ticket.token[:8] not in answer.model_dump_json()


async def test_another_tickets_edges_are_not_in_it(store: AnyStore, hall: Hall, clock: FixedClock) -> None:
    ticket = await take(store)
    other = await take(store)
    await store.change(lambda tx: cancel(tx, other.id))

    assert len((await told(store, hall, clock, ticket)).periods) == 1


Act = Callable[[Tx, str], object]
ACTS: list[Act] = [
    lambda tx, ticket: call_next(tx, "1"),
    lambda tx, ticket: recall(tx, "1"),
    lambda tx, ticket: start_service(tx, "1"),
    lambda tx, ticket: finish_service(tx, "1"),
    lambda tx, ticket: no_show(tx, "1"),
    lambda tx, ticket: hold(tx, "1"),
    lambda tx, ticket: resume_held(tx, "1"),
    lambda tx, ticket: transfer(tx, "1", "A", None),
    lambda tx, ticket: requeue(tx, ticket),
]


@given(st.lists(st.tuples(st.integers(0, len(ACTS) - 1), st.integers(0, 600)), max_size=25))
@settings(max_examples=60, deadline=None)
def test_periods_have_no_gap_and_end_where_the_ticket_stands(steps: list[tuple[int, int]]) -> None:
    asyncio.run(_no_gap(steps))


async def _no_gap(steps: list[tuple[int, int]]) -> None:
    clock = FixedClock(MONDAY)
    hall = small_hall(calling=CallRules(debounce_s=0))
    store = MemoryStore(hall, clock, Identity(b"k" * 32))
    await store.change(lambda tx: sign_in(tx, "1", "wang"))
    ticket = await take(store, "C", "A")
    for act, seconds in steps:
        clock.advance(seconds)
        with contextlib.suppress(QueueError):
            await store.change(lambda tx, act=act: ACTS[act](tx, ticket.id))  # type: ignore[misc]
    now = await store.read(lambda view: view.ticket(ticket.id))
    found = (await told(store, hall, clock, ticket)).periods

    assert all(before.to_at == after.from_at for before, after in pairwise(found))
    assert (found[0].from_at, found[-1].state, found[-1].service_id) == (MONDAY, now.state, now.service_id)
    if found[-1].seconds is not None:
        assert sum(one.seconds or 0 for one in found) == (clock.now() - MONDAY).total_seconds()


async def test_paper_that_never_came_is_void_when_the_ticket_is_cancelled(store: AnyStore) -> None:
    states = {}
    for outcome in ("printed", "failed", "unknown", None):
        ticket = await take(store)
        if outcome is not None:
            await store.change(
                lambda tx, ticket=ticket, outcome=outcome: print_result(tx, ticket.id, outcome)
            )  # type: ignore[misc]
        gone = await store.change(lambda tx, ticket=ticket: cancel(tx, ticket.id))  # type: ignore[misc]
        states[outcome] = gone.print_state

    assert states == {"printed": "printed", "failed": "void", "unknown": "void", None: "void"}


async def test_staff_may_give_paper_up_and_print_anew_and_the_ticket_stays_in_the_line(
    store: AnyStore,
) -> None:
    ticket = await take(store)
    void = await store.change(lambda tx: void_paper(tx, ticket.id))
    late = await store.change(lambda tx: print_result(tx, ticket.id, "failed", "paper-out"))
    with pytest.raises(QueueError) as caught:
        await store.change(lambda tx: void_paper(tx, ticket.id))
    again = await store.change(lambda tx: ask_reprint(tx, ticket.id))
    printed = await store.change(lambda tx: print_result(tx, ticket.id, "printed"))

    assert (void.state, void.print_state, late.print_state) == ("waiting", "void", "void")
    assert caught.value.error_code == "not-allowed"
    assert (again.print_state, printed.print_state, printed.prints) == ("requested", "printed", 1)
