"""Figures of simulated days: waits in minutes, utilisation, confidence intervals.  Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

from queue_server.domain.estimate import HAD_TO_WAIT_S, relative_error
from queue_server.simulation.virtual_day import DayLog

T_95 = {
    1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26,
    10: 2.23, 14: 2.14, 19: 2.09, 29: 2.05, 59: 2.00,
}  # fmt: skip
"""Student's t, 97.5 %, by degrees of freedom (any table); between two the smaller freedom's value holds."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Waits of a group of people, minutes; NaN for a group of nobody."""

    people: int
    mean: float
    p50: float
    p90: float
    p95: float


def waits_of(log: DayLog, *, green: bool | None = None, service: str | None = None) -> Waits:
    """Return the waits of everybody called, or of one kind or service of them."""
    minutes = sorted(
        one.wait_s / 60
        for one in log.journeys
        if one.wait_s is not None
        and green in (None, one.visit.priority is not None)
        and service in (None, one.visit.service_id)
    )
    if not minutes:
        return Waits(0, *[math.nan] * 4)
    return Waits(len(minutes), fmean(minutes), *(percentile(minutes, p) for p in (50, 90, 95)))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How what tickets said of the wait came true; NaN where nobody was told or nobody waited.

    `inside`: share of true waits within the told range; `below` the low end, `above` the high end.  `error`:
    median of |likely - true| / max(true, 5 min); `strict`: of |likely - true| / true, over those who waited
    at least a minute.  `bias_min`: mean of likely - true, minutes.  `width_min`: median width of the range.
    """

    people: int
    inside: float
    below: float
    above: float
    error: float
    strict: float
    bias_min: float
    width_min: float


def accuracy_of(logs: Sequence[DayLog], *, green: bool | None = None, queued: bool = False) -> Accuracy:
    """Return the accuracy over days, of one kind if asked; `queued`: of those who had to wait."""
    told = [
        (one.told, one.wait_s)
        for log in logs
        for one in log.journeys
        if one.wait_s is not None
        and one.told.low_s is not None
        and green in (None, one.visit.priority is not None)
        and (one.wait_s >= HAD_TO_WAIT_S or not queued)
    ]
    if not told:
        return Accuracy(0, *[math.nan] * 7)
    ranges = [(est.low_s or 0, est.likely_s or 0, est.high_s or 0, wait_s) for est, wait_s in told]
    long = [relative_error(likely, wait, 60) for _, likely, _, wait in ranges if wait >= 60]
    return Accuracy(
        people=len(told),
        inside=fmean(low <= wait <= high for low, _, high, wait in ranges),
        below=fmean(wait < low for low, _, _, wait in ranges),
        above=fmean(wait > high for _, _, high, wait in ranges),
        error=median(relative_error(likely, wait) for _, likely, _, wait in ranges),
        strict=median(long) if long else math.nan,
        bias_min=fmean(likely - wait for _, likely, _, wait in ranges) / 60,
        width_min=median(high - low for low, _, high, _ in ranges) / 60,
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the value below which `percent` of `ordered` (ascending, not empty) lie."""
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def mean_with_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and half of its 95 % confidence interval; days without a figure are left out."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan, math.nan
    if len(known) == 1:
        return known[0], math.nan
    freedom = max(one for one in T_95 if one <= len(known) - 1)
    return fmean(known), T_95[freedom] * stdev(known) / math.sqrt(len(known))


def utilisation(log: DayLog) -> dict[str, float]:
    """Window -> share of its open time that it was at work with somebody; over 1 after closing time."""
    return {window: log.busy_s[window] / open_s for window, open_s in log.open_s.items() if open_s > 0}
