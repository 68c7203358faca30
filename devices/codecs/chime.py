"""The two-tone chime before an announcement (ding, dong), made of sine partials that die away."""

from __future__ import annotations

import math
from array import array
from functools import lru_cache

from devices.codecs.wav import Sound

NOTES_HZ = (659.26, 523.25)  # e'' and c'': the falling third that halls and railways use
NOTE_S = 0.42  # the second note starts while the first still rings
LENGTH_S = 1.35
_PARTIALS = (
    (1.0, 1.0, 3.2),
    (2.0, 0.35, 5.0),
    (3.0, 0.12, 8.0),
)  # times the note, strength, decay per second
_ATTACK_S = 0.006
_LEVEL = 9500


@lru_cache(maxsize=4)
def chime(rate: int = 22050) -> Sound:
    """Return the chime at `rate` samples a second, with a peak well below full scale."""
    samples = array("h", bytes(2 * round(LENGTH_S * rate)))
    for place, note_hz in enumerate(NOTES_HZ):
        start = round(place * NOTE_S * rate)
        for at in range(start, len(samples)):
            samples[at] += _strike(note_hz, (at - start) / rate)
    _fade_out(samples, rate)
    return Sound(rate, samples)


def _strike(note_hz: float, at_s: float) -> int:
    attack = min(1.0, at_s / _ATTACK_S)
    wave = sum(
        strength * math.exp(-decay * at_s) * math.sin(2 * math.pi * note_hz * times * at_s)
        for times, strength, decay in _PARTIALS
    )
    return round(_LEVEL * attack * wave)


def _fade_out(samples: array[int], rate: int) -> None:
    """Let the last 60 ms go to zero: an abrupt end clicks."""
    length = round(0.06 * rate)
    for place in range(length):
        at = len(samples) - length + place
        samples[at] = round(samples[at] * (1 - place / length))
