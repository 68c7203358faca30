"""What every Store must do; each store is a parameter."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.call_next import call_next
from queue_server.application.cancel import cancel
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.hold import hold
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import (
    Event,
    Outcome,
    RequestKey,
    Session,
    TicketFilter,
    Token,
    Tx,
    User,
)
from queue_server.application.requeue import requeue
from queue_server.application.resume_held import resume_held
from queue_server.application.sign import sign_in
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.errors import NotFound, QueueError, Refused
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.ticket import State, Ticket
from tests.queue_server.halls import MONDAY, OTHER_RESIDENT, RESIDENT, small_hall

AnyStore = MemoryStore | SqliteStore
KEY = b"k" * 32


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def hall() -> Hall:
    return small_hall(calling=CallRules(debounce_s=2))


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, hall: Hall, clock: FixedClock
) -> AsyncIterator[AnyStore]:
    made: AnyStore
    if request.param == "memory":
        made = MemoryStore(hall, clock, Identity(KEY))
    else:
        made = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(KEY))
    yield made
    await made.close()


def want(service: str = "A", number: str | None = None, **more: object) -> TicketIn:
    citizen = CitizenIn(name="张三", id_number=number) if number else None
    return TicketIn(service_id=service, channel=Channel.KIOSK, citizen=citizen, **more)


async def issue(store: AnyStore, service: str = "A", number: str | None = None, **more: object) -> Ticket:
    return await store.change(lambda tx: issue_ticket(tx, want(service, number, **more)))


async def open_windows(store: AnyStore) -> None:
    for window in ("1", "2", "3"):
        await store.change(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))  # type: ignore[misc]


async def test_numbers_count_up_from_the_services_first_one(store: AnyStore) -> None:
    numbers = [(await issue(store, service)).number for service in ("A", "A", "C", "C")]

    assert numbers == ["A001", "A002", "C501", "C502"]


async def test_numbers_begin_again_on_the_next_business_day(store: AnyStore, clock: FixedClock) -> None:
    await issue(store)
    clock.advance(86400)

    assert (await issue(store)).number == "A001"


async def test_thirty_clients_at_once_get_thirty_numbers(store: AnyStore) -> None:
    tickets = await asyncio.gather(*(issue(store) for _ in range(30)))

    assert sorted(one.n for one in tickets) == list(range(1, 31))


async def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(store: AnyStore) -> None:
    request = RequestKey("k1", "kiosk:q", "digest")

    def job(tx: Tx) -> Outcome:
        return Outcome(201, issue_ticket(tx, want()).number)

    first = await store.run(request, job)
    second = await store.run(request, job)

    assert (first.body, first.replayed) == ("A001", False)
    assert (second.body, second.replayed, second.status) == ("A001", True, 201)
    assert (await issue(store)).number == "A002"


async def test_a_key_of_another_actor_is_another_key(store: AnyStore) -> None:
    def job(tx: Tx) -> Outcome:
        return Outcome(201, issue_ticket(tx, want()).number)

    bodies = [(await store.run(RequestKey("k1", actor, "d"), job)).body for actor in ("a", "b")]

    assert bodies == ["A001", "A002"]


async def test_the_same_key_with_another_body_is_refused(store: AnyStore) -> None:
    await store.run(RequestKey("k1", "a", "one"), lambda tx: Outcome(200))

    with pytest.raises(Refused) as caught:
        await store.run(RequestKey("k1", "a", "two"), lambda tx: Outcome(200))
    assert caught.value.error_code == "idempotency-mismatch"


async def test_a_refused_job_leaves_no_trace_and_its_key_may_be_used_again(store: AnyStore) -> None:
    told: list[Event] = []
    store.on_commit(told.extend)

    def refused(tx: Tx) -> Outcome:
        issue_ticket(tx, want())
        raise Refused("nobody-waiting")

    request = RequestKey("k1", "a", "d")
    with pytest.raises(Refused):
        await store.run(request, refused)
    outcome = await store.run(request, lambda tx: Outcome(201, issue_ticket(tx, want()).number))

    assert (outcome.body, outcome.replayed) == ("A001", False)
    assert [event.seq for event in told] == [1]


async def test_jobs_beside_a_failing_one_are_kept(store: AnyStore) -> None:
    def broken(tx: Tx) -> Ticket:
        issue_ticket(tx, want())
        raise RuntimeError("a bug")

    results = await asyncio.gather(issue(store), store.change(broken), issue(store), return_exceptions=True)

    numbers = [one.number for one in results if isinstance(one, Ticket)]
    assert numbers == ["A001", "A002"]


async def test_events_are_numbered_without_a_gap_and_told_after_the_commit(store: AnyStore) -> None:
    told: list[Event] = []
    store.on_commit(told.extend)
    for _ in range(5):
        await issue(store)

    kept = await store.read(lambda view: list(view.events(0, 100)))

    assert [event.seq for event in told] == [1, 2, 3, 4, 5] == [event.seq for event in kept]
    assert kept == told
    assert await store.read(lambda view: (view.seq, [e.seq for e in view.events(3, 1)])) == (5, [4])


async def test_a_window_calls_the_longest_waiting_of_its_first_service(
    store: AnyStore, clock: FixedClock
) -> None:
    await open_windows(store)
    await issue(store, "C")
    clock.advance(1)
    await issue(store, "A")
    clock.advance(1)
    await issue(store, "A", priority="ELDER")

    called = [await store.change(partial(call_next, window_id=window)) for window in ("1", "2", "3")]

    assert [one.number if one else None for one in called] == ["A002", "C501", None]


async def test_nobody_is_called_twice_by_windows_that_press_together(store: AnyStore) -> None:
    await open_windows(store)
    for _ in range(2):
        await issue(store, "A")

    called = await asyncio.gather(
        *(store.change(partial(call_next, window_id=window)) for window in ("1", "2"))
    )

    assert {one.number for one in called if one} == {"A001", "A002"}


async def test_a_second_press_within_the_debounce_time_answers_the_same_ticket(
    store: AnyStore, clock: FixedClock
) -> None:
    await open_windows(store)
    await issue(store)
    await issue(store)
    first = await store.change(lambda tx: call_next(tx, "1"))
    clock.advance(1.9)
    again = await store.change(lambda tx: call_next(tx, "1"))
    clock.advance(0.2)

    assert first == again
    with pytest.raises(Refused) as caught:
        await store.change(lambda tx: call_next(tx, "1"))
    assert caught.value.error_code == "window-busy"


async def test_next_while_serving_finishes_and_calls(store: AnyStore, clock: FixedClock) -> None:
    await open_windows(store)
    first = await issue(store)
    await issue(store)
    await store.change(lambda tx: call_next(tx, "1"))
    clock.advance(60)
    await store.change(lambda tx: start_service(tx, "1"))
    called = await store.change(lambda tx: call_next(tx, "1"))

    assert called is not None
    assert called.number == "A002"
    assert (await store.read(lambda view: view.ticket(first.id))).state is State.DONE


async def test_a_ticket_is_not_given_twice_to_one_person_for_one_service(store: AnyStore) -> None:
    first = await issue(store, "B", RESIDENT)

    with pytest.raises(Refused) as caught:
        await issue(store, "B", RESIDENT.lower())
    assert caught.value.error_code == "ticket-already-waiting"
    assert caught.value.values["number"] == first.number
    assert (await issue(store, "B", OTHER_RESIDENT)).number == "B002"


async def test_a_cancelled_ticket_does_not_count_against_its_person(store: AnyStore) -> None:
    first = await issue(store, "B", RESIDENT)
    await store.change(lambda tx: cancel(tx, first.id))

    assert (await issue(store, "B", RESIDENT)).number == "B002"


async def test_a_transfer_keeps_the_number_and_the_place(store: AnyStore, clock: FixedClock) -> None:
    await open_windows(store)
    moved = await issue(store, "A")
    clock.advance(5)
    await issue(store, "C")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: transfer(tx, "1", "C", None, "keep"))

    called = await store.change(lambda tx: call_next(tx, "2"))

    assert called is not None
    assert (called.number, called.service_id, called.id) == ("A001", "C", moved.id)


@pytest.mark.parametrize("position, first", [("front", "A001"), ("back", "C501")])
async def test_a_transfer_may_go_to_the_front_or_the_back(
    store: AnyStore, clock: FixedClock, position: str, first: str
) -> None:
    await open_windows(store)
    await issue(store, "C")
    clock.advance(5)
    await issue(store, "A")
    await store.change(lambda tx: call_next(tx, "1"))
    clock.advance(5)
    await store.change(lambda tx: transfer(tx, "1", "C", None, position))

    called = await store.change(lambda tx: call_next(tx, "2"))
    assert called is not None
    assert called.number == first


async def test_a_ticket_sent_to_a_window_waits_for_that_window_alone(store: AnyStore) -> None:
    await open_windows(store)
    await issue(store, "A")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: transfer(tx, "1", None, "3", "keep"))

    assert await store.change(lambda tx: call_next(tx, "2")) is None
    assert await store.read(lambda view: view.reserved_counts("2026-11-23")) == {"3": 1}
    called = await store.change(lambda tx: call_next(tx, "3"))
    assert called is not None
    assert called.number == "A001"


async def test_a_held_ticket_is_called_back_by_its_window(store: AnyStore) -> None:
    await open_windows(store)
    await issue(store, "A")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: hold(tx, "1"))

    back = await store.change(lambda tx: resume_held(tx, "1"))

    assert (back.number, back.state, back.calls) == ("A001", State.CALLED, 2)


async def test_one_who_missed_the_call_comes_back_behind_three_others(
    store: AnyStore, clock: FixedClock
) -> None:
    await open_windows(store)
    late = await issue(store, "A")
    for _ in range(4):
        clock.advance(1)
        await issue(store, "A")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: no_show(tx, "1"))
    back = await store.change(lambda tx: requeue(tx, late.id))

    assert await store.read(lambda view: view.ahead_of(back)) == 3


async def test_yesterdays_tickets_expire_and_todays_do_not(store: AnyStore, clock: FixedClock) -> None:
    await open_windows(store)
    old = await issue(store)
    await issue(store)
    await store.change(lambda tx: call_next(tx, "1"))
    clock.advance(86400)
    new = await issue(store)

    assert await store.change(expire_day) == 2
    assert (await store.read(lambda view: view.ticket(old.id))).state is State.EXPIRED
    assert (await store.read(lambda view: view.ticket(new.id))).state is State.WAITING


async def test_counts_and_filters_tell_the_same_story(store: AnyStore) -> None:
    await open_windows(store)
    for service in ("A", "A", "C"):
        await issue(store, service)
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    await store.change(lambda tx: finish_service(tx, "1"))

    day = "2026-11-23"
    counts = await store.read(lambda view: (view.waiting_counts(day), view.served_counts(day)))
    page = await store.read(lambda view: view.tickets(TicketFilter(limit=2)))
    rest = await store.read(lambda view: view.tickets(TicketFilter(limit=2, before=page[-1][0])))
    waiting = await store.read(lambda view: view.tickets(TicketFilter(state=State.WAITING, service_id="A")))

    assert counts == ({"A": 1, "C": 1}, {"1": 1})
    assert [one.number for _, one in page + rest] == ["C501", "A002", "A001"]
    assert [one.number for _, one in waiting] == ["A002"]


async def test_what_does_not_exist_is_not_found(store: AnyStore) -> None:
    for look in (
        lambda tx: tx.ticket("none"),
        lambda tx: tx.ticket_by_token("none"),
        lambda tx: tx.desk("99"),
    ):
        with pytest.raises(NotFound):
            await store.change(look)


async def test_a_ticket_read_back_is_the_ticket_that_was_saved(store: AnyStore) -> None:
    kept = await issue(store, "B", RESIDENT, language="en", priority="ELDER", terminal="QK01")

    assert await store.read(lambda view: view.ticket(kept.id)) == kept
    assert await store.read(lambda view: view.ticket_by_token(kept.token)) == kept


async def test_an_unknown_priority_is_refused(store: AnyStore) -> None:
    with pytest.raises(QueueError) as caught:
        await issue(store, priority="FRIEND")
    assert caught.value.error_code == "validation"


async def test_cursors_and_accounts_are_kept(store: AnyStore) -> None:
    user, token = (
        User("wang", "operator", "hash", failures=2, locked_until=MONDAY),
        Token("d", "kiosk", "QK01"),
    )
    session = Session("s", "wang", MONDAY)

    def keep(tx: Tx) -> None:
        tx.set_cursor("mqtt", 7)
        tx.save_user(user)
        tx.save_token(token)
        tx.save_session(session)

    await store.change(keep)

    assert await store.read(lambda view: (view.cursor("mqtt"), view.cursor("none"))) == (7, 0)
    assert await store.read(lambda view: (view.user("wang"), view.user("li"))) == (user, None)
    assert await store.read(lambda view: (view.token("d"), view.token("x"))) == (token, None)
    assert await store.read(lambda view: view.session("s")) == session
    await store.change(lambda tx: tx.drop_session("s"))
    assert await store.read(lambda view: view.session("s")) is None


async def test_a_new_token_of_the_same_name_replaces_the_old(store: AnyStore) -> None:
    await store.change(lambda tx: tx.save_token(Token("old", "kiosk", "QK01")))
    await store.change(lambda tx: tx.save_token(Token("new", "kiosk", "QK01")))

    assert await store.read(lambda view: view.token("old")) is None


async def test_a_closed_store_takes_nothing(store: AnyStore) -> None:
    await store.close()

    with pytest.raises(QueueError) as caught:
        await issue(store)
    assert caught.value.error_code == "server-busy"


async def test_the_database_itself_refuses_two_tickets_at_one_window(
    tmp_path: Path, hall: Hall, clock: FixedClock
) -> None:
    store = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(KEY))
    await open_windows(store)
    one, two = await issue(store), await issue(store)

    def careless(tx: Tx) -> None:
        from queue_server.domain.ticket import Action

        for ticket in (one, two):
            tx.save(ticket.after(Action.CALL, window="1"))

    with pytest.raises(sqlite3.IntegrityError):
        await store.change(careless)
    await store.close()


async def test_what_was_answered_is_there_after_opening_again(
    tmp_path: Path, hall: Hall, clock: FixedClock
) -> None:
    path = tmp_path / "hall.db"
    store = SqliteStore(path, hall, clock, Identity(KEY))
    await open_windows(store)
    await issue(store)
    called = await store.change(lambda tx: call_next(tx, "1"))
    await store.close()

    again = SqliteStore(path, hall, clock, Identity(KEY))
    assert await again.change(lambda tx: tx.at_window("1")) == called
    assert await again.change(lambda tx: tx.desk("1").operator) == "clerk1"
    assert (await again.change(lambda tx: issue_ticket(tx, want()))).number == "A002"
    events = await again.read(lambda view: [event.name for event in view.events(3, 9)])
    assert events == [EventName.TICKET_ISSUED, EventName.TICKET_CALLED, EventName.TICKET_ISSUED]
    await again.close()


async def test_neither_name_nor_id_number_is_anywhere_in_the_file(
    tmp_path: Path, hall: Hall, clock: FixedClock
) -> None:
    store = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(KEY))
    await issue(store, "B", RESIDENT)
    await store.close()

    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert RESIDENT.encode() not in raw
    assert "张三".encode() not in raw
