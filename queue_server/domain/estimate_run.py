"""Plays a line-up forward in fixed scenarios under the hall's calling policy: when is each ticket called?

A scenario draws every service time, and what is left of those that go on, from the learned distribution, and
for each service how far its true pace is from the learned one.  Draws are stratified: over all scenarios each
draw takes every part of its distribution once, so 24 of them say as much as hundreds at random, and the same
line-up always gives the same answer.  Behind each line stands somebody who comes now and, once called, takes
no time: one run answers for all lines of a group.  Others come later, at the rate of the last hour, and may
overtake under the policy.  Left out: the bound on the green share.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from heapq import heapify, heappop, heappush
from math import exp, log
from statistics import NormalDist

from queue_server.domain.estimate_lineup import LineKey, Lineup, Post
from queue_server.domain.policy import Order

SCENARIOS = 24
DRAWS = 256
QUANTILES = 1024
SHUFFLE = 127
"""Of many shuffles the one whose sums of draws come nearest to those of random draws."""
GREEN_SHARE = 0.03
"""Assumed share of priority tickets among those to come; plausible, not sourced."""
MOST_CALLS = 120
"""A scenario ends after so many calls; who stands behind is reckoned by the pace so far."""
LATER_S = 2700.0
"""Who comes so much later is not thought of: nobody knows the rate of arrivals then."""
NOBODY = -1e15
"""The wait of the head of an empty line."""
FIRST = 1e12
"""The claim of a ticket that nobody may pass any more."""
_NORMAL = NormalDist()
_LONGEST = 0.995
LEAST_LEFT_S = 30.0
"""A service that lasts longer than almost any other is taken to go on for so long."""


_Claim = tuple[int, float, float]
"""A line's number, what its claim begins with at a window, and what it gains by waiting."""


@dataclass(slots=True)
class _Line:
    """One line: claims grow as `bias` + `gain` × wait.

    `waited` are seconds until now, negative for who comes later.  Place `now` is whoever comes now.
    """

    key: LineKey
    waited: tuple[float, ...]
    now: int
    bias: float
    gain: float
    mu: float
    sigma: float
    unsure: float
    times: list[list[float]] | None = None
    """For each place the moments of its call, one for each scenario; None: nobody asks."""


@cache
def _shares() -> list[list[float]]:
    """Return DRAWS rows of SCENARIOS shares between 0 and 1, each row a shuffle of the same strata."""
    state, rows = SHUFFLE, []
    for _ in range(DRAWS):
        row = [(n + 0.5) / SCENARIOS for n in range(SCENARIOS)]
        for n in range(SCENARIOS - 1, 0, -1):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            other = (state >> 33) % (n + 1)
            row[n], row[other] = row[other], row[n]
        rows.append(row)
    return rows


@cache
def _normals() -> list[list[float]]:
    return [[_NORMAL.inv_cdf(share) for share in row] for row in _shares()]


@cache
def _quantiles() -> list[float]:
    return [_NORMAL.inv_cdf((n + 0.5) / QUANTILES) for n in range(QUANTILES)]


def calls_of(lineup: Lineup, wanted: Collection[str]) -> dict[LineKey, list[list[float]]]:
    """Return when each place in the lines of `wanted` is called: [place][scenario], seconds from now.

    The place after the last ticket is whoever comes now.  For priority tickets only the line of
    `lineup.green` has it.  Places that not every scenario came to are left out.
    """
    lines = _lines(lineup, wanted)
    serves = [_serves(lineup, post, lines) for post in lineup.posts]
    asked = [line for line in lines if line.times is not None]
    free = [_free(lineup, n, post) for n, post in enumerate(lineup.posts)]
    for scenario, starts in enumerate(zip(*free, strict=True)):
        _play(lineup, lines, serves, starts, scenario)
    full = {line.key: [one for one in line.times or [] if len(one) == SCENARIOS] for line in asked}
    return {key: places for key, places in full.items() if places}


def _lines(lineup: Lineup, wanted: Collection[str]) -> list[_Line]:
    keys = set(lineup.lines)
    for service_id in lineup.paces:
        keys |= {(service_id, None), (service_id, lineup.green)}
    shapes = {one: (pace.mu, pace.sigma, pace.unsure) for one, pace in lineup.paces.items()}
    lines = []
    for n, key in enumerate(sorted(keys, key=lambda one: (one[0], one[1] or ""))):
        here = lineup.lines.get(key, ())
        asked = key[0] in wanted and key[1] in (None, lineup.green)
        times: list[list[float]] | None = [[] for _ in range(len(here) + 1)] if asked else None
        waited = (*here, 0.0, *_later(lineup, key, n))
        lines.append(_Line(key, waited, len(here), *_claim(lineup, key), *shapes[key[0]], times))
    return lines


def _later(lineup: Lineup, key: LineKey, n: int) -> list[float]:
    """Return who joins a line later, as negative waits; evenly spaced, lines out of step with each other."""
    rate = lineup.arrivals.get(key[0], 0.0)
    if lineup.green is not None:
        rate *= GREEN_SHARE if key[1] == lineup.green else (1 - GREEN_SHARE) * (key[1] is None)
    if rate <= 0:
        return []
    phase = (0.5 + n * 0.618034) % 1
    return [-(k + phase) / rate for k in range(min(MOST_CALLS, int(LATER_S * rate)))]


def _claim(lineup: Lineup, key: LineKey) -> tuple[float, float]:
    """Return head start (seconds) and gain of a line, as assignment.py weighs it."""
    policy, cls = lineup.policy, lineup.policy.class_of(key[1])
    if policy.order is Order.FIFO:
        return 0.0, 1.0
    if policy.order is Order.PRIORITY_FIRST:
        return (FIRST / 10 if cls else 0.0), 1.0
    if policy.order is Order.WEIGHTED:
        return 0.0, (cls.weight if cls else 0) + 1.0
    gain = (cls.rate if cls else 1.0) * lineup.gains.get(key[0], 1000) / 1000
    return (cls.head_start_min * 60.0 if cls else 0.0), gain


def _serves(lineup: Lineup, post: Post, lines: list[_Line]) -> list[_Claim]:
    """Return the lines a window calls from, with what their claims begin with there and gain by waiting."""
    policy = lineup.policy
    step_s = policy.skill_step_min * 60.0 if policy.order is Order.ACCUMULATING else 0.0
    return [
        (n, line.bias - (0.0 if line.key[1] else (post.skills[line.key[0]] - 1) * step_s), line.gain)
        for n, line in enumerate(lines)
        if line.key[0] in post.skills
    ]


def _play(
    lineup: Lineup, lines: list[_Line], serves: list[list[_Claim]], free: Sequence[float], scenario: int
) -> None:
    """Let the windows call until whoever comes now was called in every line asked for."""
    asked = sum(line.times is not None for line in lines)
    draws, drawn = _normals(), 0
    mus = [line.mu + line.unsure * draws[-n - 1][scenario] for n, line in enumerate(lines)]
    places, heads = [0] * len(lines), [line.waited[0] for line in lines]
    calling = [(at_s, n) for n, at_s in enumerate(free)]
    heapify(calling)
    while calling and asked and drawn < MOST_CALLS:
        at_s, n = heappop(calling)
        while (best := _best(serves[n], heads, at_s, lineup.overdue_s)) >= 0:
            line, place = lines[best], places[best]
            places[best] = place + 1
            heads[best] = line.waited[place + 1] if place + 1 < len(line.waited) else NOBODY
            if line.times is not None and place <= line.now:
                line.times[place].append(at_s)
            if place != line.now:
                drawn += 1
                lasts = exp(mus[best] + line.sigma * draws[drawn % DRAWS][scenario])
                heappush(calling, (_rested(lineup.posts[n], at_s + lasts), n))
                break
            asked -= line.times is not None
        else:
            later_s = -max((heads[k] for k, _, _ in serves[n]), default=NOBODY)
            if later_s < LATER_S:
                heappush(calling, (_rested(lineup.posts[n], later_s), n))


def _best(serves: list[_Claim], heads: list[float], at_s: float, overdue_s: float) -> int:
    """Return the line whose head has the greatest claim at `at_s`, -1 when nobody is there."""
    best, most = -1, -FIRST
    for n, bias, gain in serves:
        waited = heads[n] + at_s
        if waited >= 0:
            claim = FIRST + waited if waited >= overdue_s else bias + gain * waited
            if claim > most:
                best, most = n, claim
    return best


def _free(lineup: Lineup, n: int, post: Post) -> list[float]:
    """Return when a window can call next, seconds from now, in each scenario."""
    at_s = post.away_s
    if post.reserved:
        own = min(post.skills, key=lambda one: post.skills[one])
        at_s += post.reserved * lineup.paces[own].mean_s
    if post.serving is None:
        return [_rested(post, at_s)] * SCENARIOS
    pace = lineup.paces.get(post.serving) or next(iter(lineup.paces.values()))
    mu, sigma = pace.mu, pace.sigma
    over = _NORMAL.cdf((log(max(post.elapsed_s, 0.01)) - mu) / sigma)
    found, quantiles = [], _quantiles()
    for share in _shares()[DRAWS // 2 + n % (DRAWS // 4)]:
        drawn = min(over + share * (1 - over), _LONGEST)
        left_s = exp(mu + sigma * quantiles[int(drawn * QUANTILES)]) - post.elapsed_s
        found.append(_rested(post, max(left_s, LEAST_LEFT_S) + at_s))
    return found


def _rested(post: Post, at_s: float) -> float:
    """Return `at_s`, or the end of the break that it falls into."""
    if post.rest is not None and post.rest[0] <= at_s < post.rest[1]:
        return post.rest[1]
    return at_s
