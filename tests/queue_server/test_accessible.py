"""Who needs an accessible counter is called to one while one is open, and is never left waiting without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.finish_service import finish_by_pad
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.sign import pause, resume, sign_in, sign_out
from queue_server.application.transfer import transfer
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.policy import Policy, PriorityClass
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.two_stores import TwoStores

AnyStore = MemoryStore | SqliteStore


def hall_with_counters() -> Hall:
    """Window 2 is accessible; 1 and 2 both do A and C."""
    made = small_hall(calling=CallRules(debounce_s=0, next_while_called="no-show"))
    classes = {
        "CHAIR": PriorityClass("CHAIR", "轮椅", "wheelchair", accessible=True),
        "ELDER": PriorityClass("ELDER", "老年人", "senior citizen"),
    }
    windows = {**made.windows, "2": replace(made.windows["2"], accessible=True)}
    return replace(made, windows=windows, policy=Policy(classes=classes), priorities=frozenset(classes))


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyStore]:
    hall, clock = hall_with_counters(), FixedClock(MONDAY)
    made: AnyStore = MemoryStore(hall, clock, Identity(b"k" * 32))
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))
    for window in hall.windows:
        await made.change(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))  # type: ignore[misc]
    yield made
    await made.close()


async def take(store: AnyStore, priority: str | None = None) -> Ticket:
    wanted = TicketIn(service_id="A", channel=Channel.KIOSK, priority=priority)
    return await store.change(lambda tx: issue_ticket(tx, wanted))


async def next_at(store: AnyStore, window: str) -> str | None:
    called = await store.change(lambda tx: call_next(tx, window))
    return called.number if called else None


async def test_another_window_passes_it_by_and_the_accessible_one_calls_it(store: AnyStore) -> None:
    chair, normal = await take(store, "CHAIR"), await take(store)

    assert await next_at(store, "1") == normal.number
    assert await next_at(store, "2") == chair.number


async def test_another_class_behind_it_is_found_all_the_same(store: AnyStore) -> None:
    await take(store, "CHAIR")
    elder = await take(store, "ELDER")

    assert await next_at(store, "1") == elder.number
    assert await next_at(store, "1") is None


@pytest.mark.parametrize("away", ["paused", "signed out"])
async def test_with_no_accessible_window_open_any_window_calls_it(store: AnyStore, away: str) -> None:
    chair = await take(store, "CHAIR")
    before = await next_at(store, "1")
    await store.change(lambda tx: pause(tx, "2", "午休") if away == "paused" else sign_out(tx, "2"))

    assert (before, await next_at(store, "1")) == (None, chair.number)


async def test_a_clerk_may_call_it_by_choice_and_send_it_to_any_window(store: AnyStore) -> None:
    chosen, sent = await take(store, "CHAIR"), await take(store, "CHAIR")
    called = await store.change(lambda tx: call_this(tx, "1", chosen.id))
    await store.change(lambda tx: finish_by_pad(tx, "1"))
    await next_at(store, "2")
    await store.change(lambda tx: transfer(tx, "2", None, "1"))

    assert (called.window, await next_at(store, "1")) == ("1", sent.number)


Steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.sampled_from(["A", "C"]), st.sampled_from([None, "CHAIR", "ELDER"])),
        st.tuples(st.sampled_from(["next", "next", "pause", "resume", "out", "in"]), st.sampled_from("12")),
        st.tuples(st.just("wait"), st.sampled_from([60, 3600, 7200])),
    ),
    min_size=10,
    max_size=25,
)
DO = {
    "next": call_next,
    "pause": lambda tx, window: pause(tx, window, "午休"),
    "resume": resume,
    "out": sign_out,
    "in": lambda tx, window: sign_in(tx, window, f"clerk{window}"),
}


@given(Steps)
@settings(max_examples=40, deadline=None)
def test_no_other_window_takes_it_while_one_is_open_and_none_idles_when_none_is(
    steps: list[tuple[object, ...]],
) -> None:
    both = TwoStores(hall_with_counters(), MONDAY)
    try:
        for window in "12":
            both.do(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))  # type: ignore[misc]
        for step in steps:
            both.clock.advance(1)
            if step[0] == "take":
                wanted = TicketIn(service_id=str(step[1]), channel=Channel.KIOSK, priority=step[2])  # type: ignore[arg-type]
                both.do(lambda tx, wanted=wanted: issue_ticket(tx, wanted))  # type: ignore[misc]
            elif step[0] == "wait":
                both.clock.advance(int(str(step[1])))
            else:
                _step_at(both, str(step[0]), str(step[1]))
    finally:
        both.close()


def _step_at(both: TwoStores, act: str, window: str) -> None:
    before = both.tickets()
    desks = both.run(both.memory.read(lambda view: view.desks()))
    open_before = desks["2"].is_taking
    called = both.do(lambda tx: DO[act](tx, window))
    both.tickets()
    if act != "next" or not desks[window].is_open:
        return
    waited = {one.priority for one in before if one.state == "waiting"}
    if called is not None and window == "1":
        assert not (called.priority == "CHAIR" and open_before)
    if called is None and waited:
        assert (window, waited, open_before) == ("1", {"CHAIR"}, True)
