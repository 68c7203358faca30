"""How long a window is taken by one call of a service: what was configured, learned from what was seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CHANGE_OVER_S = 24.0
"""From the call until the citizen stands at the window: assumed until the day itself shows it."""
NO_SHOW_RATE, NO_SHOW_S = 0.06, 90.0
"""Assumed share of calls that nobody follows, and how long a clerk waits; both plausible, not sourced."""
AWAY_SHARE = 0.03
"""Assumed share of time that clerks are away between two calls; plausible, not sourced."""
CV = 0.75
"""Spread (deviation / mean) of the times of one service over all its matters; plausible, not sourced."""
PRIOR_CALLS = 15.0
"""What was configured counts as much as so many calls that were seen."""
MOST_PRIOR = 60.0
"""What the same weekday showed counts for today as at most so many calls."""
OUTLIER = 5.0
"""A time over so many means is cut: a clerk forgot to finish."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Mean seconds that a window is taken by one call, the spread, and how many calls that is known from."""

    mean_s: float
    cv: float = CV
    calls: float = PRIOR_CALLS

    @property
    def sigma(self) -> float:
        """Standard deviation of the logarithm of a time."""
        return math.sqrt(math.log1p(self.cv * self.cv))

    @property
    def mu(self) -> float:
        """Mean of the logarithm of a time in seconds."""
        return math.log(self.mean_s) - self.sigma**2 / 2

    @property
    def unsure(self) -> float:
        """Standard deviation of the logarithm of the mean itself: how little is known of it yet."""
        return self.cv / math.sqrt(self.calls)


def configured(mean_service_s: float) -> Pace:
    """Return what is assumed before anything was seen."""
    return Pace(max(1.0, mean_service_s) + CHANGE_OVER_S)


def learned(prior: Pace, seen_s: Sequence[float]) -> Pace:
    """Return `prior` after calls that took `seen_s`: means weighed by their number, outliers cut."""
    if not seen_s:
        return prior
    cut = [min(max(one, 1.0), OUTLIER * prior.mean_s) for one in seen_s]
    weight = min(prior.calls, MOST_PRIOR)
    calls = weight + len(cut)
    mean = (weight * prior.mean_s + sum(cut)) / calls
    squares = weight * (prior.cv * prior.mean_s) ** 2 + sum((one - mean) ** 2 for one in cut)
    return Pace(mean, min(max(math.sqrt(squares / calls) / mean, 0.2), 1.5), calls)


def with_no_shows(pace: Pace, passed: int, calls: int) -> Pace:
    """Return the pace over all calls, of which `passed` of `calls` today brought nobody."""
    share = (NO_SHOW_RATE * 2 * PRIOR_CALLS + passed) / (2 * PRIOR_CALLS + max(calls, passed))
    mean = (1 - share) * pace.mean_s + share * NO_SHOW_S
    square = (1 - share) * pace.mean_s**2 * (1 + pace.cv**2) + share * NO_SHOW_S**2
    return Pace(mean * (1 + AWAY_SHARE), math.sqrt(max(square / mean**2 - 1, 0.01)), pace.calls)
