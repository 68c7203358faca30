"""How often one address may use what nobody signs in for: a bucket of tokens that fills again with time.

Behind a proxy of one's own all citizens have that proxy's address; then the limit belongs there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from queue_server.domain.errors import Denied

MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` requests at once, then `per_minute`."""

    burst: int
    per_minute: int


READS = Allowance(burst=60, per_minute=120)
WRITES = Allowance(burst=20, per_minute=20)
"""A family books and cancels a few times; whoever tries codes gets nowhere."""


class PublicRate:
    """Counts requests of each address and kind.  Seconds come from a clock that only goes on."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, Allowance], tuple[float, float]] = {}

    def take(self, address: str, allowance: Allowance, now_s: float) -> None:
        """Count a request.  Raises Denied `rate-limited` with the seconds after which to try again."""
        key = (address, allowance)
        left, at_s = self._left.get(key, (float(allowance.burst), now_s))
        per_s = allowance.per_minute / 60
        left = min(float(allowance.burst), left + max(0.0, now_s - at_s) * per_s)
        if left < 1:
            raise Denied("rate-limited", retry_after_s=math.ceil((1 - left) / per_s))
        if len(self._left) >= MOST_KEPT:
            self._forget_full(now_s)
        self._left[key] = (left - 1, now_s)

    def _forget_full(self, now_s: float) -> None:
        """Drop the addresses whose bucket is full again; of many strangers at once, the oldest half."""
        kept = {
            key: (left, at_s)
            for key, (left, at_s) in self._left.items()
            if left + (now_s - at_s) * key[1].per_minute / 60 < key[1].burst
        }
        newest = sorted(kept.items(), key=lambda item: item[1][1])[-MOST_KEPT // 2 :]
        self._left = dict(newest)
