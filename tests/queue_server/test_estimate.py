"""The wait that is told: ordered, monotone, true to an independent simulation and to the calling rule."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from statistics import quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.domain.assignment import next_for
from queue_server.domain.estimate import Estimate, quantile, range_of, relative_error
from queue_server.domain.estimate_lineup import LineKey, Lineup, Post
from queue_server.domain.estimate_pace import Pace, configured, learned, with_no_shows
from queue_server.domain.estimate_run import calls_of
from queue_server.domain.hall import Window
from queue_server.domain.policy import Order, Policy, PriorityClass
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, small_hall

ELDER = PriorityClass("ELDER", head_start_min=120, rate=2.0)
GAINS = {"A": 1200, "B": 700}
SURE = 1e9
"""A pace known from so many calls is known exactly."""
KNOWN = Pace(600, 0.75, SURE)


def one_line(ahead: int, posts: int, pace: Pace = KNOWN) -> Lineup:
    """Return a line of `ahead` people before `posts` windows that have just begun with somebody."""
    post = Post({"A": 1}, serving="A")
    waited = tuple(1800.0 - n for n in range(ahead))
    return Lineup((post,) * posts, {("A", None): waited}, {"A": pace}, {"A": 1000}, Policy())


def told_last(lineup: Lineup) -> Estimate:
    """Return what whoever comes now to service A is told."""
    return range_of(calls_of(lineup, ["A"])["A", None][-1])


def in_order(one: Estimate) -> bool:
    return 0 <= (one.low_s or 0) <= (one.likely_s or -1) <= (one.high_s or -1)


# ---- properties ----------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(ahead=st.integers(0, 40), posts=st.integers(1, 8), mean_s=st.integers(60, 3000))
def test_nobody_is_told_less_with_more_people_ahead_or_more_with_more_windows(
    ahead: int, posts: int, mean_s: int
) -> None:
    pace = configured(mean_s)
    here, behind = (told_last(one_line(n, posts, pace)) for n in (ahead, ahead + 1))
    helped = told_last(one_line(ahead, posts + 1, pace))

    assert all(a <= b for a, b in zip(ends(here), ends(behind), strict=True))
    assert all(a >= b for a, b in zip(ends(here), ends(helped), strict=True))


def ends(one: Estimate) -> list[int]:
    return [end for end in (one.low_s, one.likely_s, one.high_s) if end is not None]


lines_of = st.lists(st.floats(0, 7200), max_size=6).map(lambda waits: tuple(sorted(waits, reverse=True)))


@st.composite
def lineups(draw: st.DrawFn) -> Lineup:
    skills = st.sampled_from([{"A": 1}, {"B": 1}, {"A": 1, "B": 2}, {"B": 1, "A": 2}])
    post = st.builds(
        Post,
        skills,
        serving=st.sampled_from([None, "A", "B"]),
        elapsed_s=st.floats(0, 5000),
        away_s=st.sampled_from([0.0, 0.0, 300.0]),
        rest=st.sampled_from([None, (-60.0, 1200.0), (600.0, 4200.0)]),
        reserved=st.integers(0, 2),
    )
    keys = [(service, cls) for service in "AB" for cls in (None, "ELDER")]
    return Lineup(
        posts=(Post({"A": 1, "B": 2}), *draw(st.lists(post, max_size=4))),
        lines={key: draw(lines_of) for key in keys},
        paces={"A": Pace(draw(st.floats(60, 2000))), "B": Pace(draw(st.floats(60, 2000)))},
        gains=GAINS,
        policy=Policy(order=draw(st.sampled_from(list(Order))), classes={"ELDER": ELDER}),
        arrivals={"A": draw(st.floats(0, 0.02)), "B": draw(st.floats(0, 0.02))},
    )


@settings(max_examples=40, deadline=None)
@given(lineup=lineups())
def test_every_place_in_any_line_is_told_an_ordered_range_and_waits_for_those_before_it(
    lineup: Lineup,
) -> None:
    found = calls_of(lineup, ["A", "B"])

    assert {("A", None), ("A", "ELDER")} <= found.keys()
    for places in found.values():
        assert all(in_order(range_of(place)) for place in places)
        for before, after in pairwise(places):
            assert all(a <= b for a, b in zip(before, after, strict=True))


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30))
def test_a_range_is_in_whole_minutes_and_holds_its_own_middle(waits: list[float]) -> None:
    told = range_of(waits)

    assert in_order(told)
    assert all(end % 60 == 0 for end in ends(told))
    assert told.holds(quantile(sorted(waits), 0.5))


def test_where_a_window_stands_free_nobody_is_told_to_wait() -> None:
    free = Lineup((Post({"A": 1}),), {}, {"A": Pace(600)}, {"A": 1000}, Policy())

    assert told_last(free) == Estimate(0, 60, 60)


def test_a_window_in_its_break_calls_when_the_break_is_over() -> None:
    resting = Lineup((Post({"A": 1}, rest=(-60.0, 1800.0)),), {}, {"A": Pace(600)}, {"A": 1000}, Policy())

    assert told_last(resting) == Estimate(1800, 1800, 1800)


KEYS = st.sampled_from([("A", None), ("B", None), ("A", "ELDER")])

# ---- oracles -------------------------------------------------------------------------------------


def drawn_waits(ahead: int, posts: int, mean_s: float, cv: float, runs: int) -> list[float]:
    """Return waits behind `ahead` people, drawn at random: textbook multi-server queue, nothing of ours."""
    rng = random.Random(7)
    sigma2 = math.log(1 + cv * cv)
    mu = math.log(mean_s) - sigma2 / 2
    waits = []
    for _ in range(runs):
        ends = [rng.lognormvariate(mu, sigma2**0.5) for _ in range(posts)]
        heapq.heapify(ends)
        for _ in range(ahead):
            heapq.heappush(ends, heapq.heappop(ends) + rng.lognormvariate(mu, sigma2**0.5))
        waits.append(ends[0])
    return waits


@pytest.mark.parametrize(("ahead", "posts"), [(0, 1), (3, 1), (9, 3), (20, 6)])
def test_the_quantiles_are_those_of_an_independent_simulation(ahead: int, posts: int) -> None:
    drawn = quantiles(drawn_waits(ahead, posts, 600, 0.75, 6000), n=20)
    played = sorted(calls_of(one_line(ahead, posts), ["A"])["A", None][-1])

    assert quantile(played, 0.15) == pytest.approx(drawn[2], rel=0.2, abs=60)
    assert quantile(played, 0.5) == pytest.approx(drawn[9], rel=0.15, abs=60)
    assert quantile(played, 0.85) == pytest.approx(drawn[16], rel=0.2, abs=60)


@settings(max_examples=25, deadline=None)
@given(
    waits=st.lists(st.tuples(st.integers(0, 7200), KEYS), max_size=12, unique_by=lambda one: one[0]),
    order=st.sampled_from([Order.ACCUMULATING, Order.FIFO, Order.PRIORITY_FIRST]),
)
def test_the_next_call_is_the_one_that_the_calling_rule_makes(
    waits: list[tuple[int, LineKey]], order: Order
) -> None:
    lines = {
        key: tuple(float(s) for s, k in sorted(waits, reverse=True, key=lambda one: one[0]) if k == key)
        for _, key in waits
    }
    policy = Policy(order=order, classes={"ELDER": ELDER}, green_burst=1000)
    hall = replace(small_hall(), policy=policy)
    window = Window("9", "9", "Z1", {"A": 1, "B": 2})
    lineup = Lineup((Post(window.skills),), lines, {"A": Pace(600), "B": Pace(600)}, hall.gains, policy)
    choice = next_for(hall, window, tickets_of(lines), MONDAY)
    first = {key for key, places in calls_of(lineup, "AB").items() if places[0][0] == 0 and lines.get(key)}

    assert first == ({(choice.ticket.service_id, choice.ticket.priority)} if choice else set())


def tickets_of(lines: dict[LineKey, tuple[float, ...]]) -> list[Ticket]:
    now_us = round(MONDAY.timestamp() * 1_000_000)
    return [
        Ticket(
            id=f"{service}{cls}{n}",
            number=f"{service}{n}",
            n=n,
            service_id=service,
            day="2026-11-23",
            place=now_us - round(waited * 1_000_000),
            issued_at=MONDAY - timedelta(seconds=waited),
            token=f"{service}{cls}{n}",
            priority=cls,
        )
        for (service, cls), line in lines.items()
        for n, waited in enumerate(line)
    ]


# ---- paces ---------------------------------------------------------------------------------------


@given(st.lists(st.floats(1, 4000), min_size=1, max_size=60), st.integers(30, 2000))
def test_a_learned_mean_lies_between_what_was_configured_and_what_was_seen(
    seen: list[float], mean_s: int
) -> None:
    prior = configured(mean_s)
    after = learned(prior, seen)

    assert min(prior.mean_s, *seen) - 1e-6 <= after.mean_s <= max(prior.mean_s, *seen) + 1e-6
    assert after.calls > prior.calls
    assert after.unsure < 1


def test_a_clerk_who_forgot_to_finish_hardly_changes_the_mean() -> None:
    usual = learned(configured(600), [600.0] * 20)
    forgot = learned(configured(600), [*[600.0] * 20, 8 * 3600.0])

    assert forgot.mean_s < 1.2 * usual.mean_s


def test_calls_that_bring_nobody_make_the_mean_shorter_and_the_spread_wider() -> None:
    few, many = (with_no_shows(Pace(600), passed, 100) for passed in (0, 40))

    assert many.mean_s < few.mean_s
    assert many.cv > few.cv


def test_an_error_is_relative_to_the_true_wait_and_to_five_minutes_at_least() -> None:
    assert relative_error(900, 600) == 0.5
    assert relative_error(120, 60) == 0.2
    assert Estimate().holds(60) is None
    assert Estimate(60, 120, 180).holds(180)
    assert not Estimate(60, 120, 180).holds(181)
