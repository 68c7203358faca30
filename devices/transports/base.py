"""What a driver may do with a wire, and nothing else."""

from __future__ import annotations

from typing import Protocol

from devices.errors import WireTimeout


class ByteStream(Protocol):
    """A serial line or a TCP connection: bytes in order, in any chunking."""

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return at least one byte as it arrived.

        Waits at most `timeout_s` (None: for ever).  Raises WireTimeout, WireClosed.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`.  Raises WireClosed."""
        ...

    def now_s(self) -> float:
        """Return the wire's own monotonic clock, so that a driver can keep a deadline over several reads."""
        ...


async def read_until(wire: ByteStream, deadline_s: float) -> bytes:
    """Read once, but not past `deadline_s` on the wire's clock.  Raises WireTimeout, WireClosed."""
    return await wire.read(max(0.0, deadline_s - wire.now_s()))


async def drain(wire: ByteStream, most: int = 65536) -> int:
    """Throw away what has already come, so that a late answer is not taken for the next one.

    Returns how many bytes; stops after `most`, so that endless noise cannot hold the caller.  Raises WireClosed.
    """
    dropped = 0
    while dropped < most:
        try:
            dropped += len(await wire.read(0))
        except WireTimeout:
            break
    return dropped
