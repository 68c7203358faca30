"""What tests/contract/test_drivers.py needs to know of one driver.

Each driver has a file `tests/contract/benches/<name with _ for ->.py` with a constant `BENCH`: a `Bench`
for a driver on a byte wire, an `AudioBench` for one that is given an AudioDevice, a `CardBench` for one that
is given an ApduChannel.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from random import Random
from typing import Any

from devices.errors import WireTimeout
from devices.sim.base import Simulator
from devices.transports.memory import Machine, Mangler, MemoryWire, clean

READS = 20_000
"""More reads than any exercise needs: a driver that comes here would hang on a real wire."""


class Hangs(AssertionError):
    """A driver read on and on."""


class CountingWire(MemoryWire):
    """A memory wire that notices a driver which never gives up."""

    def __init__(self, machine: Machine, to_host: Mangler = clean, to_machine: Mangler = clean) -> None:
        super().__init__(machine, to_host, to_machine)
        self._left = READS

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Read, and count."""
        self._left -= 1
        if self._left < 0:
            raise Hangs("the driver never stops reading")
        return await super().read(timeout_s)


class PulledWire(CountingWire):
    """A memory wire whose plug is pulled at the `calls`-th read or write, before it does anything."""

    def __init__(self, machine: Machine, calls: int) -> None:
        super().__init__(machine)
        self._calls = calls

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Read, unless it is time."""
        self._count()
        return await super().read(timeout_s)

    async def write(self, data: bytes) -> None:
        """Write, unless it is time."""
        self._count()
        await super().write(data)

    def _count(self) -> None:
        self._calls -= 1
        if self._calls == 0:
            self.close()


@dataclass
class LateMachine:
    """A machine whose answers come late, in order, by seconds that chance decides; some come at once.

    The clock is the wire's, so nothing waits for real.
    """

    machine: Simulator
    random: Random
    late_s: tuple[float, ...] = (0.0, 0.0, 0.05, 0.3, 1.0, 4.0)
    _under_way: list[tuple[float, bytes]] = field(default_factory=list)

    def receive(self, data: bytes, now_s: float) -> None:
        """Hand on."""
        self.machine.receive(data, now_s)

    def poll(self, now_s: float) -> bytes:
        """Return what has arrived by now."""
        if said := self.machine.poll(now_s):
            last_s = self._under_way[-1][0] if self._under_way else 0.0
            late_s = self.random.choice(self.late_s)
            self._under_way.append((max(last_s, now_s + late_s), said))
        arrived = b"".join(said for due_s, said in self._under_way if due_s <= now_s)
        self._under_way = [one for one in self._under_way if one[0] > now_s]
        return arrived

    def next_due_s(self) -> float | None:
        """Return when something may arrive."""
        coming = [due_s for due_s, _ in self._under_way[:1]]
        due_s = self.machine.next_due_s()
        return min([*coming, due_s] if due_s is not None else coming, default=None)


class BabblingWire:
    """A wire on which there is always noise to read: 256 bytes each 20 ms, up to `most` bytes.

    A driver that reads past `until_s` on its clock hangs: on a real wire the noise would not end.
    """

    def __init__(self, noise: bytes, most: int) -> None:
        self._noise = noise
        self._left = most
        self._now_s = 0.0
        self.until_s = float("inf")

    def now_s(self) -> float:
        """Return virtual seconds."""
        return self._now_s

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return the next noise, whatever the time limit."""
        self._now_s += 0.02
        if self._now_s > self.until_s:
            raise Hangs("the driver reads on past every time limit")
        if self.spent:
            raise WireTimeout("the noise has ended")
        self._left -= 256
        start = self._left % max(1, len(self._noise) - 256)
        return self._noise[start : start + 256]

    @property
    def spent(self) -> bool:
        """Whether all the noise was read."""
        return self._left < 256

    async def write(self, data: bytes) -> None:
        """Swallow it."""

    async def close(self) -> None:
        """Nothing to let go."""


@dataclass(frozen=True)
class Bench:
    """A driver on a byte wire.

    `machine()` makes a new simulator.  `exercise(driver, machine, wire)` uses the driver as the hall does and
    asserts every value that comes back; it may raise any DeviceError (on a bad line), but what it returns or
    shows must be right.  It must be repeatable on the same machine.
    `settings` go to the driver, `limit_s` is the longest that one exercise may take on the wire's clock.
    """

    machine: Callable[[], Simulator]
    exercise: Callable[[Any, Any, MemoryWire], Awaitable[None]]
    settings: dict[str, Any] = field(default_factory=dict)
    limit_s: float = 60.0


@dataclass(frozen=True)
class AudioBench:
    """A driver that is given an AudioDevice: `device()` makes a good one, `broken()` those that fail.

    `exercise(driver, device)` asserts what must have been heard; on a broken device it raises a DeviceError.
    """

    device: Callable[[], Any]
    broken: dict[str, Callable[[], Any]]
    exercise: Callable[[Any, Any], Awaitable[None]]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CardBench:
    """A driver that is given an ApduChannel: `cards` are good ones by name, `exercise` asserts what is told.

    `exercise(driver, channel, name)` puts the card in and takes it out; on a bad channel it raises a
    DeviceError.  It must be repeatable on the same channel.
    """

    cards: tuple[str, ...]
    exercise: Callable[[Any, Any, str], Awaitable[None]]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SpoolBench:
    """A driver that is given a Spooler: `exercise(driver, spooler)` prints, and asserts what is told.

    It must be repeatable on the same spooler; on a bad one it raises a DeviceError.
    """

    exercise: Callable[[Any, Any], Awaitable[None]]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TopicBench:
    """A driver that is given a TopicWire: `exercise(driver, wire)` uses it and asserts what is told and said.

    It must be repeatable on the same wire; when the broker is gone it raises a DeviceError.
    """

    exercise: Callable[[Any, Any], Awaitable[None]]
    settings: dict[str, Any] = field(default_factory=dict)


GROUP = "tingtong.benches"
"""Entry points of drivers from outside this repository: name -> `package.module:BENCH`."""

AnyBench = Bench | AudioBench | CardBench | SpoolBench | TopicBench


def module_of(driver: str) -> str:
    """Return the module that the bench of a driver of this repository must be in."""
    return f"tests.contract.benches.{driver.replace('-', '_')}"


def has_bench(driver: str) -> bool:
    """Say whether a driver has a bench."""
    return find_spec(module_of(driver)) is not None or bool(entry_points(group=GROUP, name=driver))


def bench_of(driver: str) -> AnyBench:
    """Return a driver's bench."""
    if find_spec(module_of(driver)) is None:
        (point,) = entry_points(group=GROUP, name=driver)
        outside: AnyBench = point.load()
        return outside
    bench: AnyBench = import_module(module_of(driver)).BENCH
    return bench
