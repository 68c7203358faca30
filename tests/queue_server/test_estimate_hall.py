"""Estimates in a whole hall: on every store alike, kept on the ticket, and calibrated over simulated days."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.hall_file import load_hall
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application import queries, sign
from queue_server.application.call_next import call_next
from queue_server.application.estimate_lineup import break_after, groups_of
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Tx
from queue_server.application.slip import issued_answer
from queue_server.application.start_service import start_service
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.ticket import Ticket
from queue_server.simulation.contest import Task, run_tasks
from queue_server.simulation.demand import load_demand
from queue_server.simulation.measures import accuracy_of
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.serving import ROOT

DEMO = ROOT / "config" / "demo"
HALL = small_hall()
Store = MemoryStore | SqliteStore


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
async def stores(clock: FixedClock, tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Both stores on one clock."""
    identity = Identity(b"k" * 32)
    made: list[Store] = [
        MemoryStore(HALL, clock, identity),
        SqliteStore(tmp_path / "hall.db", HALL, clock, identity),
    ]
    yield made
    for store in made:
        await store.close()


def take(tx: Tx, service: str = "A", priority: str | None = None) -> Ticket:
    return issue_ticket(tx, TicketIn(service_id=service, channel=Channel.KIOSK, priority=priority))


def kept_ticket(tx: Tx, ticket_id: str) -> Ticket:
    return tx.ticket(ticket_id)


async def do(store: Store, act: Callable[..., Any], *arguments: object) -> Any:
    return await store.change(lambda tx: act(tx, *arguments))


def told(one: Ticket) -> tuple[int | None, int | None, int | None]:
    return one.est_low_s, one.est_likely_s, one.est_high_s


async def test_both_stores_tell_the_same_through_a_busy_morning(
    stores: list[Store], clock: FixedClock
) -> None:
    rng = random.Random(3)
    for store in stores:
        for window in ("1", "2", "3"):
            await do(store, sign.sign_in, window, f"clerk{window}")
    said: list[list[object]] = [[], []]
    for _ in range(120):
        clock.advance(rng.uniform(0, 90))
        act, service = rng.random(), rng.choice("AAC")
        window, cls = rng.choice(("1", "2")), rng.choice((None, None, "ELDER"))
        for store, line in zip(stores, said, strict=True):
            if act < 0.5:
                line.append(told(await do(store, take, service, cls)))
            elif act < 0.6:
                await do(store, sign.toggle_pause, window)
            else:
                await do(store, served_and_next, window)

    assert said[0] == said[1]
    assert len(set(said[0])) > 5


def served_and_next(tx: Tx, window: str) -> None:
    if tx.at_window(window) is None:
        call_next(tx, window)
    elif tx.at_window(window).state.value == "called":  # type: ignore[union-attr]
        start_service(tx, window)
    else:
        call_next(tx, window)


async def test_nothing_is_told_where_no_window_takes_the_service(stores: list[Store]) -> None:
    for store in stores:
        await do(store, sign.sign_in, "3", "wang")
        alone = await do(store, take)
        await do(store, sign.sign_in, "1", "li")
        helped = await do(store, take)

        assert told(alone) == (None, None, None)
        assert told(helped)[0] is not None


async def test_what_the_slip_says_stays_on_the_ticket_and_is_what_the_service_page_said(
    stores: list[Store], clock: FixedClock
) -> None:
    for store in stores:
        for window in ("1", "2"):
            await do(store, sign.sign_in, window, f"clerk{window}")
            await do(store, take)
            await do(store, call_next, window)
        for _ in range(4):
            await do(store, take)
        page = await store.read(lambda view: queries.services(view, HALL, clock.now()))
        answer = await store.change(lambda tx: issued_answer(tx, take(tx)))
        kept = await do(store, kept_ticket, answer.id)
        shown = next(one for one in page.items if one.id == "A")

        assert told(kept) == (answer.estimate.low_s, answer.estimate.likely_s, answer.estimate.high_s)
        assert told(kept) == (shown.wait_low_s, shown.wait_likely_s, shown.wait_high_s)


async def test_a_holders_page_tells_less_as_those_ahead_are_called(
    stores: list[Store], clock: FixedClock
) -> None:
    for store in stores:
        await do(store, sign.sign_in, "1", "wang")
        taken = [await do(store, take) for _ in range(6)]
        said = []
        for _ in range(4):
            await do(store, served_and_next, "1")
            clock.advance(5)
            token = taken[-1].token
            page = await store.read(lambda view: queries.track(view, HALL, clock.now(), token))  # noqa: B023
            said.append((page.ahead, page.estimate.likely_s or 0))
            await do(store, served_and_next, "1")

        assert [ahead for ahead, _ in said] == sorted((ahead for ahead, _ in said), reverse=True)
        assert said[0][1] > said[-1][1] > 0


async def test_a_priority_ticket_is_told_a_shorter_wait_than_a_normal_one_of_the_same_moment(
    stores: list[Store],
) -> None:
    for store in stores:
        await do(store, sign.sign_in, "1", "wang")
        for _ in range(8):
            await do(store, take)
        normal = await do(store, take)
        elder = await do(store, take, "A", "ELDER")

        assert (elder.est_high_s or 0) < (normal.est_low_s or 0)


async def test_a_service_that_takes_longer_than_configured_is_told_a_longer_wait(
    stores: list[Store], clock: FixedClock
) -> None:
    for store in stores:
        await do(store, sign.sign_in, "1", "wang")
        before = [await do(store, take) for _ in range(4)][-1]
        for n in range(14):
            if n >= 4:
                await do(store, take)
            await do(store, call_next, "1")
            await do(store, start_service, "1")
            clock.advance(2400)
        await do(store, finish_service, "1", None, None)
        after = [await do(store, take) for _ in range(4)][-1]

        assert after.est_likely_s > 1.5 * before.est_likely_s


def test_windows_that_share_services_are_one_group_however_long_the_chain() -> None:
    groups = groups_of(HALL)

    assert groups["A"] is groups["C"]
    assert groups["A"].windows == ("1", "2")
    assert groups["B"].services == ("B",)


def test_the_break_at_noon_is_known_in_the_morning_and_over_in_the_afternoon() -> None:
    hall = load_hall(DEMO / "hall.toml")
    noon = MONDAY + timedelta(hours=2)

    assert break_after(hall, noon - timedelta(hours=1)) == (3600, 7200)
    assert break_after(hall, noon + timedelta(minutes=10)) == (-600, 3000)
    assert break_after(hall, noon + timedelta(hours=2)) is None
    assert break_after(HALL, noon) is None


def test_four_of_five_who_had_to_wait_waited_within_what_their_ticket_said() -> None:
    hall, demand = load_hall(DEMO / "hall.toml"), load_demand(DEMO / "demand.toml")
    days = run_tasks(
        Task(hall, demand, day, "ours", seed) for day, seed in (("monday", 7), ("tuesday", 8), ("friday", 9))
    )
    everybody, waited = (accuracy_of(days, green=False, queued=queued) for queued in (False, True))

    assert waited.people > 700
    assert 0.75 <= waited.inside <= 0.85
    assert everybody.error <= 0.25


async def test_a_window_that_closes_is_felt_by_the_very_next_ticket(stores: list[Store]) -> None:
    for store in stores:
        for window in ("1", "2"):
            await do(store, sign.sign_in, window, f"clerk{window}")
        taken = [await do(store, take) for _ in range(16)]
        await do(store, sign.sign_out, "2")
        after = await do(store, take)

        assert after.est_likely_s > 1.4 * taken[-1].est_likely_s
