"""A wire of datagrams (UDP): each write is one datagram, each read returns one.

Nothing says whether a datagram arrived.  A host that is there but does not listen refuses it; that is told at
the next read or write.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import cast

from devices.errors import TransportError, WireClosed, WireTimeout

MOST_WAITING = 64
"""Datagrams that nobody has read yet; older ones are dropped."""


class DatagramWire(asyncio.DatagramProtocol):
    """A ByteStream in form: but what is written may be lost, doubled or overtaken."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None
        self._inbox: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()
        self._broken: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        # Python 3.11's own datagram transport is no DatagramTransport by class.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        """See asyncio."""
        if data:
            self._inbox.append(data)
            self._news.set()

    def error_received(self, exc: Exception) -> None:
        """See asyncio: the other host refused a datagram."""
        self._broken = exc
        self._news.set()

    def now_s(self) -> float:
        """Return the event loop's clock."""
        return self._loop.time()

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return one datagram.  Raises WireTimeout, WireClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._inbox:
                    self._raise_if_broken()
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise WireTimeout("nothing came in time") from error
        return self._inbox.popleft()

    async def write(self, data: bytes) -> None:
        """Send one datagram.  Raises WireClosed when an earlier one was refused."""
        self._raise_if_broken()
        if self._transport is None or self._transport.is_closing():
            raise WireClosed("the wire is closed")
        self._transport.sendto(data)

    async def close(self) -> None:
        """Let go of the port."""
        if self._transport is not None:
            self._transport.close()

    def _raise_if_broken(self) -> None:
        if self._broken is not None:
            raise WireClosed(f"the other host refuses: {self._broken}")


async def open_udp(host: str, port: int) -> DatagramWire:
    """Make a wire to one host.  Raises TransportError when the name cannot be resolved."""
    loop = asyncio.get_running_loop()
    try:
        _, wire = await loop.create_datagram_endpoint(DatagramWire, remote_addr=(host, port))
    except OSError as error:
        raise TransportError(f"udp://{host}:{port} cannot be reached: {error}") from error
    return wire
