"""Online numbers and terminals' blocks never meet, wherever the one overtakes the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.application.numbers import next_number, take_leased
from queue_server.application.ports import Tx
from queue_server.domain.lease import LeaseRules
from tests.queue_server.booking import open_store
from tests.queue_server.halls import MONDAY, small_hall

STEPS = st.lists(st.one_of(st.just(0), st.integers(1, 4)), max_size=40)
"""0: an online number; else a block of so many."""


def taken(tx: Tx, steps: list[int]) -> tuple[list[int], list[int]]:
    service = tx.hall.services["A"]
    online: list[int] = []
    leased: list[int] = []
    for size in steps:
        if size == 0:
            online.append(next_number(tx, service))
        else:
            first = take_leased(tx, service, size)
            leased += range(first, first + size)
    return online, leased


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=40, deadline=None)
@given(steps=STEPS, leased_from=st.sampled_from([0, 1, 4, 9, 601]))
async def test_no_number_is_taken_twice(
    kind: str, steps: list[int], leased_from: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hall = replace(small_hall(), leases=LeaseRules(leased_from=leased_from))
    store = open_store(kind, tmp_path_factory.mktemp("numbers"), hall, FixedClock(MONDAY))
    try:
        online, leased = await store.change(lambda tx: taken(tx, steps))
    finally:
        await store.close()

    assert len({*online, *leased}) == len(online) + len(leased)
    assert online == sorted(online)
    assert leased == sorted(leased)
    assert not leased_from or min(leased, default=leased_from) >= leased_from


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_the_first_citizen_gets_the_first_number_though_terminals_hold_blocks(
    kind: str, tmp_path: Path
) -> None:
    store = open_store(kind, tmp_path, small_hall(), FixedClock(MONDAY))
    online, leased = await store.change(lambda tx: taken(tx, [4, 4, 0, 0]))
    await store.close()

    assert (online, leased[0]) == ([1, 2], 601)


async def test_online_numbers_go_on_behind_the_leased_ones(tmp_path: Path) -> None:
    hall = replace(small_hall(), leases=LeaseRules(leased_from=3))
    store = open_store("sqlite", tmp_path, hall, FixedClock(MONDAY))
    online, leased = await store.change(lambda tx: taken(tx, [0, 2, 0, 0, 2, 0]))
    await store.close()

    assert online == [1, 2, 5, 8]
    assert leased == [3, 4, 6, 7]
