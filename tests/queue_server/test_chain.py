"""多窗联办: one number for several stops, fair to those who wait there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.runtime.toml_settings import SettingsError
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.hall_file import load_hall
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.call_next import call_next
from queue_server.application.cancel import cancel
from queue_server.application.evaluate import Rating, evaluate, evaluate_at_window
from queue_server.application.finish_service import finish_by_pad, finish_service
from queue_server.application.history import history
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.queries import ticket_out, track
from queue_server.application.sign import sign_in
from queue_server.application.slip import issued_answer, make_slip
from queue_server.application.start_service import start_service
from queue_server.application.statistics import figures_by
from queue_server.application.transfer import transfer
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.caps import Caps
from queue_server.domain.chain import Package, kept_stops, place_at_next_stop, stops_of
from queue_server.domain.errors import QueueError
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.ticket import State, Ticket
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall
from tests.queue_server.serving import ROOT

AnyStore = MemoryStore | SqliteStore
MINUTE_US = 60_000_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def hall() -> Hall:
    made = small_hall(calling=CallRules(debounce_s=0))
    made.packages["start"] = Package("start", "开办一件事", "Start-up in one", ("A", "C", "A"))
    return made


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


async def take(store: AnyStore, service: str = "", **more: object) -> Ticket:
    asked = {"service_id": service} if service else {}
    wanted = TicketIn.model_validate({"channel": Channel.KIOSK, **asked, **more})
    return await store.change(lambda tx: issue_ticket(tx, wanted))


async def serve(store: AnyStore, clock: FixedClock, window: str, minutes: int = 5) -> Ticket:
    """Let a window call the next one and serve it."""
    await store.change(lambda tx: call_next(tx, window))
    await store.change(lambda tx: start_service(tx, window))
    clock.advance(60 * minutes)
    return await store.change(lambda tx: finish_service(tx, window))


async def refusal(store: AnyStore, service: str = "", **more: object) -> str:
    with pytest.raises(QueueError) as caught:
        await take(store, service, **more)
    return caught.value.error_code


async def test_one_number_goes_from_stop_to_stop_and_is_done_after_the_last(
    store: AnyStore, clock: FixedClock
) -> None:
    taken = await take(store, "A", stops=["C", "B"], citizen=CitizenIn(id_number=RESIDENT))
    seen = []
    for window in ("1", "2", "3"):
        moved = await serve(store, clock, window)
        seen.append((moved.number, moved.state.value, moved.service_id, moved.stops, moved.window))

    assert seen == [
        (taken.number, "waiting", "C", "B", None),
        (taken.number, "waiting", "B", "", None),
        (taken.number, "done", "B", "", "3"),
    ]


async def test_the_call_key_and_the_pads_finish_send_a_chain_on_as_well(store: AnyStore) -> None:
    await take(store, "A", stops=["B"], citizen=CitizenIn(id_number=RESIDENT))
    await take(store, "A", stops=["C"])
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    second = await store.change(lambda tx: call_next(tx, "1"))
    moved = await store.change(lambda tx: finish_by_pad(tx, "1"))
    lines = await store.read(lambda view: view.waiting_counts("2026-11-23"))

    assert second is not None
    assert (second.number, moved.service_id, lines) == ("A002", "C", {"B": 1, "C": 1})


async def test_a_clerk_may_end_the_whole_number_at_a_stop(
    store: AnyStore, hall: Hall, clock: FixedClock
) -> None:
    taken = await take(store, "A", stops=["C", "A"])
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    done = await store.change(lambda tx: finish_service(tx, "1", "done", drop_rest=True))
    lines, served, told = await store.read(
        lambda view: (
            view.waiting_counts("2026-11-23"),
            view.served_counts("2026-11-23"),
            history(view, hall, taken.id, clock.now()).periods[-1],
        )
    )

    assert (done.state, done.stops, done.window, done.outcome) == (State.DONE, "", "1", "done")
    assert (lines, served) == ({}, {"1": 1})
    assert (told.why, told.why_en) == ("不再办理后续环节 C A", "dropped: C A")


async def test_the_places_of_dropped_stops_go_back_and_that_of_the_served_one_stays(
    store: AnyStore, hall: Hall
) -> None:
    for service in ("A", "C"):
        hall.services[service] = replace(hall.services[service], caps=Caps(morning=1))
    await take(store, "A", stops=["C"])
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    before = await refusal(store, "C")
    await store.change(lambda tx: finish_service(tx, "1", drop_rest=True))

    assert (before, await refusal(store, "A")) == ("quota-exhausted", "quota-exhausted")
    assert (await take(store, "C")).number == "C501"


async def test_without_stops_there_is_nothing_to_drop(store: AnyStore, clock: FixedClock) -> None:
    await take(store, "A")
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: start_service(tx, "1"))
    await store.change(lambda tx: finish_service(tx, "1", drop_rest=True))
    last = (await store.read(lambda view: view.events(0, 99)))[-1]

    assert (last.name, last.reason) == (EventName.TICKET_FINISHED, None)


async def test_a_package_is_the_chain_it_names(store: AnyStore) -> None:
    taken = await take(store, package="start")

    assert (taken.service_id, stops_of(taken.stops)) == ("A", ("C", "A"))
    assert await refusal(store, package="none") == "not-found"


@pytest.mark.parametrize(
    ("stops", "code"),
    [
        (["X"], "service-unknown"),
        (["A"], "validation"),
        (["C", "C"], "validation"),
        (["C", "A", "C", "A", "C", "A", "C"], "validation"),
        (["B"], "id-required"),
    ],
)
async def test_a_chain_that_cannot_be_walked_is_refused(store: AnyStore, stops: list[str], code: str) -> None:
    assert await refusal(store, "A", stops=stops) == code
    assert (await take(store, "A")).number == "A001"


async def test_nobody_gets_a_chain_over_a_service_whose_ticket_is_held(store: AnyStore) -> None:
    await take(store, "C", citizen=CitizenIn(id_number=RESIDENT))

    told = await refusal(store, "A", stops=["C"], citizen=CitizenIn(id_number=RESIDENT))

    assert told == "ticket-already-waiting"


async def test_each_stop_is_a_service_and_a_wait_of_its_own_in_the_figures(
    store: AnyStore, clock: FixedClock
) -> None:
    await take(store, "A", stops=["C"])
    await serve(store, clock, "1", minutes=5)
    clock.advance(60)
    await serve(store, clock, "2", minutes=7)
    end = clock.now() + timedelta(seconds=1)
    facts = await store.read(lambda view: view.facts(MONDAY, end))
    served = await store.read(lambda view: view.served_counts("2026-11-23"))
    found = figures_by(facts, lambda at, service, window: service)

    assert {key: one.services_s for key, one in found.items()} == {"A": [300.0], "C": [420.0]}
    assert {key: one.waits_s for key, one in found.items()} == {"A": [0.0], "C": [60.0]}
    assert {key: one.counts["served"] for key, one in found.items()} == {"A": 1, "C": 1}
    assert sum(one.counts["issued"] for one in found.values()) == 1
    assert served == {"1": 1, "2": 1}


async def test_the_hall_is_told_that_a_stop_ended_and_where_the_ticket_waits_now(
    store: AnyStore, clock: FixedClock
) -> None:
    await take(store, "A", stops=["C"])
    await serve(store, clock, "1")
    events = await store.read(lambda view: view.events(0, 100))
    told = [(one.name, one.service_id, one.window, one.state) for one in events[-2:]]

    assert told == [
        (EventName.TICKET_FINISHED, "A", "1", "waiting"),
        (EventName.TICKET_MOVED, "C", None, "waiting"),
    ]


async def test_the_window_just_left_may_be_rated_while_the_ticket_waits_elsewhere(
    store: AnyStore, clock: FixedClock
) -> None:
    taken = await take(store, "A", stops=["C"])
    await serve(store, clock, "1")
    given = await store.change(lambda tx: evaluate_at_window(tx, "1", Rating(5)))
    again = await store.change(lambda tx: evaluate_at_window(tx, "1", Rating(1)))
    await serve(store, clock, "2")
    desks = await store.read(lambda view: view.desks())

    assert given is not None
    assert (given.window, given.ticket_id, again) == ("1", taken.id, None)
    assert desks["2"].rate_ticket is None  # one rating for a number, wherever it was given


async def test_a_window_that_did_not_serve_it_cannot_be_rated(store: AnyStore, clock: FixedClock) -> None:
    taken = await take(store, "A", stops=["C"])
    await serve(store, clock, "1")

    with pytest.raises(QueueError) as caught:
        await store.change(lambda tx: evaluate(tx, tx.ticket(taken.id), Rating(5), "2"))
    assert caught.value.error_code == "not-allowed"


async def test_sent_to_its_next_stop_before_time_a_ticket_has_that_stop_behind_it(store: AnyStore) -> None:
    await take(store, "A", stops=["C", "A"])
    await store.change(lambda tx: call_next(tx, "1"))
    sent = await store.change(lambda tx: transfer(tx, "1", "C", None))

    assert (sent.service_id, sent.stops) == ("C", "A")


async def test_a_stop_that_the_hall_no_longer_has_is_left_out(store: AnyStore, hall: Hall) -> None:
    await take(store, "A", stops=["C", "B"], citizen=CitizenIn(id_number=RESIDENT))
    del hall.services["C"]
    await store.change(lambda tx: call_next(tx, "1"))
    moved = await store.change(lambda tx: finish_by_pad(tx, "1"))

    assert (moved.service_id, moved.stops, moved.state) == ("B", "", State.WAITING)


async def test_a_cancelled_chain_is_over_at_all_its_stops(store: AnyStore, clock: FixedClock) -> None:
    taken = await take(store, "A", stops=["C"])
    await serve(store, clock, "1")
    await store.change(lambda tx: cancel(tx, taken.id))

    assert await store.change(lambda tx: call_next(tx, "2")) is None


async def test_paper_staff_and_phone_name_the_stops_to_come(store: AnyStore, hall: Hall) -> None:
    taken = await take(store, "A", stops=["C", "A"])
    answer = await store.change(lambda tx: issued_answer(tx, taken))
    seen = await store.read(lambda view: track(view, hall, MONDAY, taken.token))

    assert answer.slip.notice.startswith("本号接着办:咨询→企业开办。请在")
    assert [one.service_id for one in seen.stops] == ["C", "A"]
    assert [one.name for one in ticket_out(hall, taken).stops] == ["咨询", "企业开办"]


async def test_a_long_chain_leaves_room_for_the_notice(store: AnyStore, hall: Hall) -> None:
    taken = await take(store, "A", stops=["C", "A", "C", "A", "C", "A"])
    answer = await store.change(lambda tx: issued_answer(tx, taken))
    english = make_slip(hall, replace(taken, language="en"), 0, Estimate()).notice

    assert answer.slip.notice.startswith("本号接着办:咨询→企业开办→咨询→企业开办→咨询→企业开办。")
    assert english.startswith(
        "Then, on this number: Information > Start-up > Information > Start-up > Information and 1 more. "
    )


@given(
    arrivals=st.lists(st.integers(0, 120), min_size=1, max_size=12),
    finishes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120)), max_size=12),
    credit=st.integers(0, 30),
)
@settings(max_examples=150, deadline=None)
def test_whoever_waited_longer_than_the_credit_is_passed_by_no_chain(
    arrivals: list[int], finishes: list[tuple[int, int]], credit: int
) -> None:
    """Minutes of the day: who joins the line directly, and (issued, finished an earlier stop)."""
    for came in arrivals:
        joined = place_at_next_stop(
            MONDAY + timedelta(minutes=came), MONDAY + timedelta(minutes=came), credit
        )
        for first, second in finishes:
            issued, finished = sorted((first, second))
            place = place_at_next_stop(
                MONDAY + timedelta(minutes=issued), MONDAY + timedelta(minutes=finished), credit
            )
            assert not (place < joined and finished - came > credit)
            taken = MONDAY + timedelta(minutes=issued)
            assert place >= place_at_next_stop(taken, taken, 0)


async def test_a_full_line_of_chains_starves_nobody_at_the_next_stop(clock: FixedClock, hall: Hall) -> None:
    store = MemoryStore(hall, clock, Identity(b"k" * 32))
    for window in hall.windows:
        await store.change(lambda tx, window=window: sign_in(tx, window, window))  # type: ignore[misc]
    for _ in range(30):
        await take(store, "A", stops=["C"])
    late = await take(store, "C")
    waited = 0
    while (await store.read(lambda view: view.ticket(late.id))).state is State.WAITING:
        await serve(store, clock, "1", minutes=2)  # a chain comes to C every two minutes
        called = await store.change(lambda tx: call_next(tx, "2"))
        waited += 2
        if called is not None and called.id != late.id:
            await store.change(lambda tx: start_service(tx, "2"))
            await store.change(lambda tx: finish_service(tx, "2"))
        assert waited <= hall.limits.stop_credit_minutes + 2


@given(st.lists(st.sampled_from(["A", "B", "C", "D1"]), max_size=6))
def test_stops_are_kept_and_read_back(stops: list[str]) -> None:
    assert stops_of(kept_stops(stops)) == tuple(stops)


@pytest.mark.parametrize("services", ['["A", "A"]', '["A", "NONE"]', "[]"])
def test_a_hall_file_with_a_package_nobody_can_walk_is_refused(tmp_path: Path, services: str) -> None:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(f'{text}\n[[package]]\nid = "P"\nname = "一"\nservices = {services}\n', encoding="utf-8")

    with pytest.raises(SettingsError, match="package"):
        load_hall(path)
