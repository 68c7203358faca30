"""How long to wait before the next try."""

from __future__ import annotations


def backoff_s(tries: int, *, first_s: float = 0.2, most_s: float = 5.0) -> float:
    """Return the pause before try number `tries` (1 is the first retry): doubling, capped.

    Without jitter on purpose: each machine has a wire of its own, nobody else knocks at that door.
    """
    return min(most_s, first_s * 2.0 ** max(0, min(tries, 32) - 1))
