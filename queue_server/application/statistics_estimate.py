"""What tickets were told of the wait against how long their holders waited."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

from queue_server.application.statistics import Told
from queue_server.contracts.statistics import EstimateFigures
from queue_server.domain.estimate import HAD_TO_WAIT_S, relative_error


def accuracy_of(told: Sequence[Told]) -> EstimateFigures | None:
    """Return how well tickets told the wait; None when none told any."""
    if not told:
        return None
    waited = [one for one in told if one.waited_s >= HAD_TO_WAIT_S]
    if not waited:
        return EstimateFigures(count=len(told), waited=0)
    off = [one.likely_s - one.waited_s for one in waited]
    return EstimateFigures(
        count=len(told),
        waited=len(waited),
        inside_share=round(fmean(one.low_s <= one.waited_s <= one.high_s for one in waited), 4),
        error_median=round(median(relative_error(one.likely_s, one.waited_s) for one in waited), 4),
        error_median_s=round(median(abs(one) for one in off), 3),
        bias_s=round(fmean(off), 3),
    )
