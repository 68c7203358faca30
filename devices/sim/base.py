"""What every simulated machine is: a sans-I/O other end of a wire, with knobs.

Time comes in as `now_s` (any monotonic clock).  A simulator never sleeps: it says with `next_due_s` when
it wants to be polled, so that a test can play an hour in a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class NotPossible(Exception):
    """The machine cannot do that in its present state; the text says why."""


@dataclass(frozen=True, slots=True)
class Action:
    """A knob: `name`, what it does, and its parameters (name -> what it takes), for the lab page."""

    name: str
    title: str
    params: dict[str, str] = field(default_factory=dict)


class Simulator(Protocol):
    """One simulated machine on one wire."""

    kind: str
    driver: str
    """The registry name of the driver that speaks to this machine."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes that the host sent, in any chunking."""
        ...

    def poll(self, now_s: float) -> bytes:
        """Return what the machine has to send by now; empty when nothing."""
        ...

    def next_due_s(self) -> float | None:
        """Return when `poll` will have something, or None when nothing is under way."""
        ...

    def actions(self) -> list[Action]:
        """Return the knobs."""
        ...

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob.  Raises NotPossible with the reason; ValueError for a bad parameter."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what a person sees on the machine, JSON-ready; pictures as `data:image/png;base64,…`."""
        ...

    def explain(self, direction: str, data: bytes) -> str:
        """Decode one chunk for the lab's frame list; personal data masked.

        `direction` is `rx` (host to machine) or `tx` (machine to host).
        """
        ...

    def damage(self, data: bytes) -> bytes:
        """Return `data` (a frame to be sent) with its checksum or content broken, as a bad line would."""
        ...
