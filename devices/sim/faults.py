"""What bad lines do to bytes: manglers for the memory wire, each with its own seeded random numbers.

A mangler takes what was sent at once and returns what arrives, in chunks.  An empty delivery stays empty:
a line at rest is silent.  None of them invents a whole good frame except by sending one twice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from devices.transports.memory import Mangler, clean


def byte_by_byte(data: bytes) -> list[bytes]:
    """Deliver every byte alone."""
    return [data[place : place + 1] for place in range(len(data))]


def doubled(data: bytes) -> list[bytes]:
    """Deliver everything twice."""
    return [data, data] if data else []


@dataclass
class Seeded(ABC):
    """What all manglers with chance share."""

    seed: int = 0
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a line's whims, not a secret

    def __call__(self, data: bytes) -> list[bytes]:
        """Mangle one delivery."""
        return self.mangle(data) if data else []

    @abstractmethod
    def mangle(self, data: bytes) -> list[bytes]:
        """Mangle a delivery that is not empty."""

    def noise(self, most: int = 12) -> bytes:
        """Return one to `most` random bytes."""
        return self.random.randbytes(self.random.randint(1, most))


class CutAnywhere(Seeded):
    """Whole, but in pieces of any size."""

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        cuts = sorted(self.random.randint(0, len(data)) for _ in range(4))
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True) if a < b]


@dataclass
class Glued(Seeded):
    """Every second delivery is held back and arrives with the next."""

    held: bytes = b""
    turn: int = 0

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        self.turn += 1
        if self.turn % 2 == 0:
            self.held += data
            return []
        whole, self.held = self.held + data, b""
        return [whole]


@dataclass
class LostDeliveries(Seeded):
    """Some deliveries never arrive."""

    rate: float = 0.3

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        return [] if self.random.random() < self.rate else [data]


@dataclass
class LostBytes(Seeded):
    """Some deliveries lack one byte."""

    rate: float = 0.5

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        if self.random.random() >= self.rate:
            return [data]
        place = self.random.randrange(len(data))
        return [part for part in (data[:place], data[place + 1 :]) if part]


@dataclass
class DamagedBytes(Seeded):
    """Some deliveries have one byte changed: what a checksum of one byte promises to find."""

    rate: float = 0.5

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        if self.random.random() >= self.rate:
            return [data]
        place = self.random.randrange(len(data))
        return [data[:place] + bytes((data[place] ^ self.random.randint(1, 255),)) + data[place + 1 :]]


class NoiseBefore(Seeded):
    """Noise, then what was sent, in one chunk."""

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        return [self.noise() + data]


class NoiseBetween(Seeded):
    """Noise before and after, in chunks of its own."""

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        return [self.noise(), data, self.noise()]


class NoiseInside(Seeded):
    """Noise in the middle of what was sent."""

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        place = self.random.randrange(len(data))
        return [part for part in (data[:place] + self.noise(), data[place:]) if part]


@dataclass
class HalfThenSilence(Seeded):
    """Works for a while, then half a delivery comes and nothing after it."""

    good: int = field(default=-1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.good < 0:
            self.good = self.random.randint(0, 4)

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        self.good -= 1
        if self.good >= 0:
            return [data]
        return [data[: len(data) // 2]] if self.good == -1 and len(data) > 1 else []


@dataclass
class BadChecksum(Seeded):
    """Some deliveries go through `damage`, the simulator's own way to break a frame."""

    damage: Callable[[bytes], bytes] = field(default=lambda data: data[:-1] + bytes((data[-1] ^ 0x55,)))
    rate: float = 0.5

    def mangle(self, data: bytes) -> list[bytes]:
        """See the class."""
        return [self.damage(data) if self.random.random() < self.rate else data]


MANGLERS: dict[str, Callable[[int], Mangler]] = {
    "clean": lambda seed: clean,
    "byte-by-byte": lambda seed: byte_by_byte,
    "cut-anywhere": CutAnywhere,
    "doubled": lambda seed: doubled,
    "glued": Glued,
    "lost-deliveries": LostDeliveries,
    "lost-bytes": LostBytes,
    "damaged-bytes": DamagedBytes,
    "noise-before": NoiseBefore,
    "noise-between": NoiseBetween,
    "noise-inside": NoiseInside,
    "half-then-silence": HalfThenSilence,
    "bad-checksum": BadChecksum,
}
"""Name -> how to make one from a seed; tests/contract/test_drivers.py runs every driver over each."""

HARMLESS = ("clean", "byte-by-byte", "cut-anywhere")
"""Those over which everything must work as on a good line."""
