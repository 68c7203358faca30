"""How loud by the hour: a table of local times, each with what counts from then on.

`{"08:00": 1.0, "12:00": 0.6, "13:30": 1.0, "18:00": 0}`: full, softer at noon, quiet after six.
Before the first time of a day the last one of the day before still counts.  0 says nothing at all.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from datetime import time
from functools import lru_cache

from devices.codecs.wav import Sound

LOUDEST = 4.0
_FULL = 32767

Hours = tuple[tuple[time, float], ...]
"""(from, gain), by time."""


def parse_hours(table: Mapping[str, float]) -> Hours:
    """Return the table in order.  Raises ValueError naming the entry that is none."""
    steps = []
    for text, gain in table.items():
        try:
            since = time.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a time of day; write it like 08:00") from None
        if since.tzinfo is not None or not 0 <= gain <= LOUDEST:
            raise ValueError(f"{text}: {gain} is not between 0 (quiet) and {LOUDEST:g}")
        steps.append((since, gain))
    return tuple(sorted(steps))


def gain_at(hours: Hours, local: time) -> float:
    """Return what counts at a local time of day; 1 without a table."""
    if not hours:
        return 1.0
    return next((gain for since, gain in reversed(hours) if since <= local), hours[-1][1])


def amplify(sound: Sound, gain: float) -> Sound:
    """Return the sound `gain` times as strong; what would be too strong is cut off at full scale."""
    if gain == 1:
        return sound
    return Sound(sound.rate, array("h", map(_scaled(gain).__getitem__, sound.samples)))


@lru_cache(maxsize=4)
def _scaled(gain: float) -> list[int]:
    """Return what each sample becomes, negative ones from the end: far quicker than reckoning each anew."""
    return [max(-_FULL, min(_FULL, round(one * gain))) for one in (*range(_FULL + 1), *range(-_FULL - 1, 0))]
