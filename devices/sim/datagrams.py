"""The machine's end of a datagram wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

Take = Callable[[bytes, Callable[[bytes], None]], None]
"""Is given a datagram and the way back to its sender."""


class Datagrams(asyncio.DatagramProtocol):
    """Hands on each datagram with the way back to its sender."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.DatagramTransport, transport)  # by form only in Python 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """See asyncio."""
        transport = self._transport
        if transport is not None:
            self._take(data, lambda answer: transport.sendto(answer, addr))
