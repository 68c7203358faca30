"""A wire without a cable: a driver on one end, a simulator on the other, and virtual time between.

Reading advances the clock instead of waiting, so a test of a 30 s time-out takes microseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from devices.errors import WireClosed, WireTimeout

Mangler = Callable[[bytes], list[bytes]]


def clean(data: bytes) -> list[bytes]:
    """Deliver as sent."""
    return [data] if data else []


class Machine(Protocol):
    """The part of a simulator that a wire needs."""

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes from the host."""
        ...

    def poll(self, now_s: float) -> bytes:
        """Give bytes to the host."""
        ...

    def next_due_s(self) -> float | None:
        """Tell when there will be bytes."""
        ...


class MemoryWire:
    """A ByteStream whose other end is a simulator.

    `to_host` and `to_machine` mangle what passes (see devices.sim.faults); `sent` and `got` keep all bytes.
    """

    def __init__(self, machine: Machine, to_host: Mangler = clean, to_machine: Mangler = clean) -> None:
        self._machine = machine
        self._to_host = to_host
        self._to_machine = to_machine
        self._now_s = 0.0
        self._inbox: list[bytes] = []
        self._open = True
        self.sent = b""
        self.got = b""

    def now_s(self) -> float:
        """Return virtual seconds since the wire was made."""
        return self._now_s

    def pass_time(self, seconds: float) -> None:
        """Let virtual time go by."""
        self._now_s += seconds

    def close(self) -> None:
        """Pull the plug."""
        self._open = False

    async def write(self, data: bytes) -> None:
        """Hand bytes to the simulator at once."""
        if not self._open:
            raise WireClosed("the wire is unplugged")
        self.sent += data
        for chunk in self._to_machine(data):
            self._machine.receive(chunk, self._now_s)

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return the next chunk, moving the clock to when it arrives."""
        deadline_s = None if timeout_s is None else self._now_s + timeout_s
        while not self._inbox:
            self._collect()
            if self._inbox:
                break
            if not self._open:
                raise WireClosed("the wire is unplugged")
            due_s = self._machine.next_due_s()
            if due_s is None and deadline_s is None:
                raise WireClosed("the simulator has nothing more to say")
            if due_s is None or (deadline_s is not None and due_s > deadline_s):
                self._now_s = max(self._now_s, deadline_s or 0.0)
                raise WireTimeout("nothing came")
            self._now_s = max(self._now_s, due_s)
        chunk = self._inbox.pop(0)
        self.got += chunk
        return chunk

    def _collect(self) -> None:
        if self._open:
            self._inbox += [part for part in self._to_host(self._machine.poll(self._now_s)) if part]
