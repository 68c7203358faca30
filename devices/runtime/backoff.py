"""How long to wait before the next try."""

from __future__ import annotations


def backoff_s(tries: int, *, first_s: float = 0.2, most_s: float = 5.0, chance: float = 1.0) -> float:
    """Return the pause before try number `tries` (1 is the first retry): doubling, capped, then shortened.

    `chance` (0 to 1, drawn by the caller) takes up to half of it away, so that many who lost the same thing
    at once do not all come back at once; 1 takes nothing.
    """
    whole = min(most_s, first_s * 2.0 ** max(0, min(tries, 32) - 1))
    return whole * (0.5 + chance / 2)
