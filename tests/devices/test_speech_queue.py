"""Announcements come in order, once per key, never stale, and none is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.speaker import Announce
from devices.speech_queue import SpeechQueue

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def call(key: str, *, recall: bool = False, seq: int = 0, text: str = "") -> Announce:
    return Announce(key=key, text=text or key, recall=recall, seq=seq)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def drained(queue: SpeechQueue, now: datetime = START) -> list[Announce]:
    said = []
    while (one := queue.next(now)) is not None:
        said.append(one)
    return said


def test_announcements_are_said_in_the_order_in_which_they_came() -> None:
    queue = SpeechQueue()
    for key in "abc":
        queue.add(call(key), at(60), START)

    assert [one.key for one in drained(queue)] == ["a", "b", "c"]


def test_a_recall_goes_to_the_front_behind_earlier_recalls() -> None:
    queue = SpeechQueue()
    for one in (call("a"), call("r1", recall=True), call("b"), call("r2", recall=True)):
        queue.add(one, at(60), START)

    assert [one.key for one in drained(queue)] == ["r1", "r2", "a", "b"]


def test_a_newer_announcement_takes_the_place_of_the_older_one() -> None:
    queue = SpeechQueue()
    for one in (call("a", seq=1, text="old"), call("b"), call("a", seq=2, text="new")):
        queue.add(one, at(60), START)

    assert [one.text for one in drained(queue)] == ["new", "b"]


def test_an_older_announcement_that_comes_late_changes_nothing() -> None:
    queue = SpeechQueue()
    queue.add(call("a", seq=2, text="new"), at(60), START)

    assert queue.add(call("a", seq=1, text="old"), at(60), START) is False
    assert [one.text for one in drained(queue)] == ["new"]


def test_a_recall_of_what_still_waits_brings_it_to_the_front() -> None:
    queue = SpeechQueue()
    for one in (call("a"), call("b"), call("b", recall=True, seq=1)):
        queue.add(one, at(60), START)

    assert [one.key for one in drained(queue)] == ["b", "a"]


def test_what_expired_is_neither_taken_nor_said() -> None:
    queue = SpeechQueue()

    assert queue.add(call("late"), at(-1), START) is False
    queue.add(call("a"), at(10), START)
    queue.add(call("b"), at(30), START)
    assert [one.key for one in drained(queue, at(20))] == ["b"]
    assert queue.stale == 2


def test_when_too_many_wait_each_is_said_once_instead_of_being_dropped() -> None:
    queue = SpeechQueue(max_waiting=3)
    for key in "abcde":
        queue.add(call(key), at(60), START)

    assert [(one.key, one.repeat) for one in drained(queue)] == [
        ("a", 1),
        ("b", 1),
        ("c", 2),
        ("d", 2),
        ("e", 2),
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abcdefgh"), st.booleans(), st.integers(1, 40)),
        st.tuples(st.just("next"), st.just(""), st.just(False), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 4))
@settings(max_examples=300)
def test_every_fresh_announcement_is_said_and_nothing_stale_ever(
    steps: list[tuple[str, str, bool, int]], most: int
) -> None:
    queue, owed, now_s = SpeechQueue(max_waiting=most), {}, 0.0
    for seq, (what, key, recall, life_s) in enumerate(steps):
        now_s += 3
        if what == "add":
            queue.add(call(key, recall=recall, seq=seq), at(now_s + life_s), at(now_s))
            owed[key] = (seq, now_s + life_s)
        elif (said := queue.next(at(now_s))) is not None:
            assert owed.pop(said.key)[0] == said.seq
            assert said.key not in {one for one, (_, end) in owed.items() if end < now_s}
        else:
            assert all(end < now_s for _, end in owed.values())

    fresh = {key for key, (_, end) in owed.items() if end >= now_s}
    assert {one.key for one in drained(queue, at(now_s))} == fresh


@given(STEPS)
@settings(max_examples=200)
def test_no_recall_waits_behind_an_ordinary_call(steps: list[tuple[str, str, bool, int]]) -> None:
    queue = SpeechQueue()
    for seq, (what, key, recall, _) in enumerate(steps):
        if what == "add":
            queue.add(call(key, recall=recall, seq=seq), None, START)

    order = [one.recall for one in drained(queue)]
    assert order == sorted(order, reverse=True)
