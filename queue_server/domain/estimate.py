"""How long it may take, as a range: few believe a single figure, and a single figure is wrong.

The range comes from `estimate_run`: the line-up of the moment is played forward in a fixed set of scenarios.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MINUTE_S = 60
LOW_SHARE, HIGH_SHARE = 0.13, 0.90
"""Shares of the scenarios below the ends of the range: 80 % of true waits lie within (docs/estimates.md)."""
HAD_TO_WAIT_S = 1.0
"""Whoever was called sooner did not wait: a window stood free.  Accuracy is that of the others."""
SHORT_WAIT_S = 300
"""A relative error is taken of at least this: one minute off two is no error that anybody feels."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds, whole minutes, low <= likely <= high; all None when no window takes this service now."""

    low_s: int | None = None
    likely_s: int | None = None
    high_s: int | None = None

    def holds(self, waited_s: float) -> bool | None:
        """Say whether a true wait lay within what was told; None when nothing was told."""
        if self.low_s is None or self.high_s is None:
            return None
        return self.low_s <= waited_s <= self.high_s


def range_of(waits_s: Sequence[float], more_s: float = 0.0) -> Estimate:
    """Return the range of waits in seconds, one for each scenario, `more_s` longer; not empty.

    The low end is rounded down, the others up, and likely and high are never under a minute.
    """
    ordered = sorted(waits_s)
    low, likely, high = (max(0.0, quantile(ordered, q) + more_s) for q in (LOW_SHARE, 0.5, HIGH_SHARE))
    low_s = int(low // MINUTE_S) * MINUTE_S
    likely_s = max(1, round(likely / MINUTE_S)) * MINUTE_S
    high_s = max(1, math.ceil(high / MINUTE_S)) * MINUTE_S
    return Estimate(low_s, max(low_s, likely_s), max(high_s, likely_s))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` of `ordered` (ascending, not empty) lie, drawn in proportion."""
    place = min(max(share * len(ordered) - 0.5, 0.0), len(ordered) - 1.0)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def relative_error(told_s: float, waited_s: float, at_least_s: float = SHORT_WAIT_S) -> float:
    """Return |told - true| / max(true, `at_least_s`)."""
    return abs(told_s - waited_s) / max(waited_s, at_least_s)
