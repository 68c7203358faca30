"""What is left in a machine is counted between what its sensors say, and never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.runtime.consumption import FAR, FEW, LOW_SHARE, Supply, empty_at

START = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
CAPACITY = 700.0
WORDS = st.sampled_from(["full", "ok", "high", "low", "out", "empty", "jammed", "unknown"])
HAPPENINGS = st.lists(st.one_of(WORDS, st.floats(0.1, 50)), max_size=40)


def filled() -> Supply:
    return Supply(CAPACITY, START).sensed("out", START).sensed("full", START)


def played(happenings: list[str | float]) -> list[Supply]:
    supplies, supply, now = [], Supply(CAPACITY, START), START
    for one in happenings:
        now += timedelta(minutes=7)
        supply = supply.sensed(one, now) if isinstance(one, str) else supply.after_use(one)
        supplies.append(supply)
    return supplies


def test_after_a_start_nobody_knows_how_much_is_left() -> None:
    supply = Supply(CAPACITY, START).sensed("full", START).after_use(300)

    assert supply.left is None
    assert empty_at(supply, START + timedelta(hours=3)) is None


def test_a_refill_is_a_whole_filling_and_starts_the_count_anew() -> None:
    at = START + timedelta(hours=4)
    supply = filled().after_use(650).sensed("out", START).sensed("full", at)

    assert (supply.left, supply.used, supply.since_at) == (CAPACITY, 0, at)


def test_it_will_be_empty_when_what_is_left_is_used_at_the_present_pace() -> None:
    supply = filled().after_use(140)

    assert empty_at(supply, START + timedelta(hours=2)) == START + timedelta(hours=10)


def test_a_low_sensor_corrects_a_count_that_was_too_high_only() -> None:
    too_high = filled().after_use(100).sensed("low", START)
    lower = filled().after_use(690).sensed("low", START)

    assert too_high.left == CAPACITY * LOW_SHARE
    assert lower.left == 10


def test_an_empty_machine_is_empty_now() -> None:
    now = START + timedelta(minutes=1)

    assert empty_at(Supply(CAPACITY, START).sensed("out", START), now) == now


def test_too_little_was_seen_to_tell_a_pace() -> None:
    few, short = filled().after_use(FEW - 1), filled().after_use(FEW)

    assert empty_at(few, START + timedelta(hours=5)) is None
    assert empty_at(short, START + timedelta(minutes=9)) is None
    assert empty_at(short, START + timedelta(minutes=10)) is not None


def test_what_lies_too_far_away_is_not_told() -> None:
    assert empty_at(filled().after_use(FEW), START + FAR) is None


@given(HAPPENINGS)
@settings(max_examples=150, deadline=None)
def test_what_is_left_is_never_below_nothing_nor_above_a_filling(happenings: list[str | float]) -> None:
    left = [supply.left for supply in played(happenings) if supply.left is not None]

    assert all(0 <= one <= CAPACITY for one in left)


@given(HAPPENINGS, st.floats(0, 200), st.floats(0.1, 100))
@settings(max_examples=150, deadline=None)
def test_whoever_uses_more_is_empty_no_later(
    happenings: list[str | float], hours: float, more: float
) -> None:
    supply = [Supply(CAPACITY, START), *played(happenings)][-1]
    now = START + timedelta(hours=5 + hours)
    first, second = empty_at(supply, now), empty_at(supply.after_use(more), now)

    assert first is None or (second is not None and second <= first)
    assert first is None or first >= now
