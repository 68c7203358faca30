"""What a clerk types is kept without long numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.sign import pause, sign_in
from queue_server.domain.echo import kept_words
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("午休 12:00-13:30", "午休 12:00-13:30"),
        ("3号窗口 A1234", "3号窗口 A1234"),
        (f"证件{RESIDENT}复印", "证件…复印"),
        ("电话138-0013-8000", "电话…"),
        ("138 0013 8000 回电", "… 回电"),
        ("１３８００１３８０００", "…"),
        ("  开会\n 下午 ", "开会 下午"),
    ],
)
def test_long_numbers_are_hidden_and_other_words_stay(typed: str, kept: str) -> None:
    assert kept_words(typed) == kept


@given(st.text(max_size=120), st.from_regex(r"\d{6,18}", fullmatch=True), st.text(max_size=40))
@settings(max_examples=100, deadline=None)
def test_no_six_digits_in_a_row_are_kept_and_no_more_than_eighty_letters(a: str, n: str, b: str) -> None:
    kept = kept_words(a + n + b)

    assert not re.search(r"\d{6}", kept)
    assert len(kept) <= 80


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_pause_is_kept_without_the_number(kind: str, tmp_path: Path) -> None:
    hall, clock = small_hall(), FixedClock(MONDAY)
    store = (
        MemoryStore(hall, clock, Identity(b"k" * 32))
        if kind == "memory"
        else SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))
    )
    await store.change(lambda tx: sign_in(tx, "1", "wang"))
    await store.change(lambda tx: pause(tx, "1", f"给{RESIDENT}办事"))
    desks = await store.read(lambda view: view.desks())
    facts = await store.read(lambda view: view.facts(MONDAY, clock.now().replace(year=2027)))
    await store.close()

    assert desks["1"].pause_reason == "给…办事"
    assert RESIDENT not in repr(facts)
