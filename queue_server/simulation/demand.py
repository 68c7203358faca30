"""Who comes on a day: drawn once from a seed, so that every policy meets the same people.

Sources of the figures: `demand.toml`.  Seconds are counted from local midnight.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devices.runtime.toml_settings import load

Matter = tuple[float, float, float, float]
"""Minutes, coefficient of variation, most minutes, tickets on an average day."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SHORTEST_S = 60.0


class Demand(BaseModel):
    """`demand.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weekday_factor: dict[str, float]
    half_hour_weights: list[tuple[time, float]] = Field(min_length=1)
    no_show_rate: float = Field(ge=0, le=1)
    return_rate: float = Field(ge=0, le=1)
    return_after_min: float = Field(ge=0)
    walk_s: float = Field(ge=0)
    no_show_wait_s: float = Field(gt=0)
    green_share: float = Field(ge=0, le=1)
    pauses_per_day: int = Field(ge=0)
    pause_min: float = Field(ge=0)
    green: dict[str, float] = {}
    matters: dict[str, list[Matter]]


@dataclass(frozen=True, slots=True)
class Visit:
    """One citizen's day: when they come and for what, how long it takes, whether they miss their call."""

    n: int
    at_s: float
    service_id: str
    priority: str | None
    service_s: float
    misses_call: bool
    comes_back: bool
    patience_s: float
    """How long after doors open somebody who found them closed tries again."""


def load_demand(path: Path) -> Demand:
    """Read a demand file.  Raises SettingsError."""
    return load(path, Demand, environ={})


def visits_of(demand: Demand, weekday: str, seed: int) -> list[Visit]:
    """Return the visits of a day in the order of arrival; the same for the same seed, on any machine."""
    rng = random.Random(f"visits {seed}")  # noqa: S311 (a model of a crowd, not a secret)
    kinds = [(service, one) for service, matters in demand.matters.items() for one in matters]
    weights = [one[3] for _, one in kinds]
    expected = sum(weights) * demand.weekday_factor[weekday[:3]]
    arrivals = sorted(_arrival(rng, demand) for _ in range(_poisson(rng, expected)))
    chosen = rng.choices(kinds, weights, k=len(arrivals))
    return [
        Visit(
            n=n,
            at_s=at_s,
            service_id=service,
            priority=_priority(rng, demand),
            service_s=_service_s(rng, matter),
            misses_call=rng.random() < demand.no_show_rate,
            comes_back=rng.random() < demand.return_rate,
            patience_s=rng.uniform(0, 300),
        )
        for n, (at_s, (service, matter)) in enumerate(zip(arrivals, chosen, strict=True))
    ]


def pauses_of(demand: Demand, windows: list[str], seed: int) -> dict[str, list[float]]:
    """Return for each window when its clerk would like to pause: morning and afternoon in turn."""
    rng = random.Random(f"pauses {seed}")  # noqa: S311 (a model of a crowd, not a secret)
    spans = ((9.5 * 3600, 11.5 * 3600), (13.5 * 3600, 16.5 * 3600))
    return {
        window: sorted(rng.uniform(*spans[n % 2]) for n in range(demand.pauses_per_day)) for window in windows
    }


def _poisson(rng: random.Random, mean: float) -> int:
    """Return how many come: the arrivals of a unit of time at the rate `mean`."""
    count, passed = 0, rng.expovariate(mean)
    while passed < 1:
        count, passed = count + 1, passed + rng.expovariate(mean)
    return count


def _arrival(rng: random.Random, demand: Demand) -> float:
    halves = demand.half_hour_weights
    begins, _ = rng.choices(halves, [weight for _, weight in halves])[0]
    start = begins.hour * 3600 + begins.minute * 60
    return start + rng.uniform(0, 1800 - start % 1800)


def _priority(rng: random.Random, demand: Demand) -> str | None:
    if rng.random() >= demand.green_share or not demand.green:
        return None
    return rng.choices(list(demand.green), list(demand.green.values()))[0]


def _service_s(rng: random.Random, matter: Matter) -> float:
    """Draw a lognormal service time of the matter's mean and cv, cut to its bounds."""
    minutes, cv, most, _ = matter
    sigma2 = math.log(1 + cv * cv)
    drawn = rng.lognormvariate(math.log(minutes * 60) - sigma2 / 2, math.sqrt(sigma2))
    return min(max(drawn, SHORTEST_S), most * 60)
