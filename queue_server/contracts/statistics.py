"""Figures of the hall; times in seconds, None where nothing happened."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from queue_server.contracts.base import Answer


class StatisticsKind(StrEnum):
    """By what figures are grouped."""

    DAY = "day"
    HOURS = "hours"
    SERVICES = "services"
    WINDOWS = "windows"
    CLERKS = "clerks"
    EVALUATIONS = "evaluations"


class SpreadOut(Answer):
    """How long things took: how many, and mean, median and 90th percentile (nearest rank)."""

    count: int
    mean_s: float | None = None
    median_s: float | None = None
    p90_s: float | None = None


class PauseOut(Answer):
    """How long windows paused for one reason."""

    reason: str
    seconds: float


class EstimateFigures(Answer):
    """How what tickets said of the wait came true, at their first call (docs/estimates.md).

    `count` had been told a range; `waited` of them had to wait.  Of these: `inside_share` within the range,
    `error_median` of |likely - true| / max(true, 5 min), `error_median_s` and mean `bias_s` of likely - true.
    """

    count: int
    waited: int
    inside_share: float | None = None
    error_median: float | None = None
    error_median_s: float | None = None
    bias_s: float | None = None


class StatisticsRow(Answer):
    """One day (`2026-11-23`), hour (`2026-11-23T09`), service id, window id, username or level.

    `name` is for people.  For evaluations only `rated` and the `levels` are there; `open_s` to `pauses` only
    for days, windows and clerks.
    """

    key: str
    name: str = ""
    issued: int | None = None
    served: int | None = None
    passed: int | None = None
    cancelled: int | None = None
    expired: int | None = None
    wait: SpreadOut | None = None
    service: SpreadOut | None = None
    estimate: EstimateFigures | None = None
    open_s: float | None = None
    busy_s: float | None = None
    paused_s: float | None = None
    utilisation: float | None = None
    pauses: list[PauseOut] | None = None
    rated: int | None = None
    levels: dict[str, int] | None = None
    satisfied_share: float | None = None


class StatisticsOut(Answer):
    """The figures of the business days from `day` to `until`, both included."""

    kind: StatisticsKind
    day: date
    until: date
    items: list[StatisticsRow]
    next: str | None = None
