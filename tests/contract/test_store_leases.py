"""What every Store must do for leases; each store is a parameter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.ports import Outcome, RequestKey, Tx
from queue_server.domain.errors import Refused
from queue_server.domain.lease import Block, Handed, Lease
from tests.queue_server.halls import MONDAY, small_hall

AnyStore = MemoryStore | SqliteStore
LEASE = Lease(
    "l1",
    "kiosk:QK01",
    "QK01",
    "2026-11-23",
    MONDAY,
    MONDAY + timedelta(hours=3),
    {"A": Block(1, 20)},
    {"A": {"am": 5}},
)


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyStore]:
    hall, clock, identity = small_hall(), FixedClock(MONDAY), Identity(b"k" * 32)
    made: AnyStore
    if request.param == "memory":
        made = MemoryStore(hall, clock, identity)
    else:
        made = SqliteStore(tmp_path / "hall.db", hall, clock, identity)
    yield made
    await made.close()


async def test_a_block_and_single_numbers_come_from_one_counter(store: AnyStore) -> None:
    def job(tx: Tx) -> tuple[int, int, int, int]:
        return tx.next_number("C", 501), tx.take_block("C", 501, 10), tx.next_number("C", 501), tx.day == ""

    assert await store.change(job) == (501, 502, 512, False)


async def test_the_first_block_of_a_day_begins_with_the_services_first_number(store: AnyStore) -> None:
    assert await store.change(lambda tx: tx.take_block("C", 501, 10)) == 501


async def test_a_lease_is_kept_as_it_was_given(store: AnyStore) -> None:
    await store.change(lambda tx: tx.save_lease(LEASE))

    assert await store.change(lambda tx: tx.lease("l1")) == LEASE
    assert await store.change(lambda tx: tx.lease("l2")) is None


async def test_open_leases_are_the_holders_own_oldest_first_without_the_closed(store: AnyStore) -> None:
    def job(tx: Tx) -> list[str]:
        tx.save_lease(replace(LEASE, id="later", made_at=MONDAY + timedelta(minutes=5)))
        tx.save_lease(replace(LEASE, id="early"))
        tx.save_lease(replace(LEASE, id="closed", closed_at=MONDAY))
        tx.save_lease(replace(LEASE, id="other", holder="kiosk:QK02"))
        return [one.id for one in tx.open_leases("kiosk:QK01")]

    assert await store.change(job) == ["early", "later"]


async def test_leases_whose_life_is_over_are_found_once_they_are(store: AnyStore) -> None:
    def ended(tx: Tx, minutes: int) -> list[str]:
        return [one.id for one in tx.open_leases_before(MONDAY + timedelta(minutes=minutes))]

    await store.change(lambda tx: tx.save_lease(LEASE))

    assert await store.change(lambda tx: ended(tx, 180)) == []
    assert await store.change(lambda tx: ended(tx, 181)) == ["l1"]


async def test_a_slot_counts_up_and_down_and_never_below_none(store: AnyStore) -> None:
    def job(tx: Tx) -> tuple[int, int, int]:
        tx.add_to_slot("2026-11-23", "A", "am", 5)
        first = tx.slot_count("2026-11-23", "A", "am")
        tx.add_to_slot("2026-11-23", "A", "am", -7)
        return first, tx.slot_count("2026-11-23", "A", "am"), tx.slot_count("2026-11-24", "A", "am")

    assert await store.change(job) == (5, 0, 0)


async def test_what_was_handed_in_is_found_by_its_number(store: AnyStore) -> None:
    handed = Handed("l1", "A", 3, "r1", "t1", "blacklisted")
    await store.change(lambda tx: tx.add_handed(handed))

    assert await store.change(lambda tx: tx.handed("l1", "A", 3)) == handed
    assert await store.change(lambda tx: tx.handed("l1", "A", 4)) is None


async def test_a_number_cannot_be_handed_in_twice(store: AnyStore) -> None:
    await store.change(lambda tx: tx.add_handed(Handed("l1", "A", 3, "r1", "t1")))

    with pytest.raises(Exception, match=r"UNIQUE|handed in before"):
        await store.change(lambda tx: tx.add_handed(Handed("l1", "A", 3, "r2", "t2")))


async def test_a_refused_key_does_nothing_any_more(store: AnyStore) -> None:
    await store.change(lambda tx: tx.refuse_key("kiosk:QK01", "r1"))

    with pytest.raises(Refused) as caught:
        await store.run(RequestKey("r1", "kiosk:QK01", "d" * 64), lambda tx: Outcome(201, "never"))
    assert caught.value.error_code == "idempotency-mismatch"
    assert (await store.run(RequestKey("r1", "kiosk:QK02", "d" * 64), lambda tx: Outcome(201))).status == 201


async def test_the_answer_of_a_key_is_found_by_its_actor(store: AnyStore) -> None:
    await store.run(RequestKey("r1", "kiosk:QK01", "d"), lambda tx: Outcome(201, '{"id": "t1"}'))

    assert await store.change(lambda tx: tx.settled("kiosk:QK01", "r1")) == '{"id": "t1"}'
    assert await store.change(lambda tx: tx.settled("kiosk:QK02", "r1")) is None
