"""Real wires: a serial port or a TCP connection, both as a ByteStream.

Serial ports are opened exclusively, by path; use `/dev/serial/by-id/…`, which survives re-plugging.
"""

from __future__ import annotations

import asyncio
import contextlib

import serial
from serial_asyncio_fast import open_serial_connection

from devices.errors import TransportError, WireClosed, WireTimeout

CHUNK = 4096
CONNECT_S = 3.0


class StreamWire:
    """A ByteStream over an asyncio stream pair."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()

    def now_s(self) -> float:
        """Return the event loop's clock."""
        return self._loop.time()

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return what has come, at least one byte.  Raises WireTimeout, WireClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                data = await self._reader.read(CHUNK)
        except TimeoutError as error:
            raise WireTimeout("nothing came in time") from error
        except (OSError, serial.SerialException) as error:
            raise WireClosed(f"the wire broke: {error}") from error
        if not data:
            raise WireClosed("the other end hung up")
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data`.  Raises WireClosed."""
        if self._writer.is_closing():
            raise WireClosed("the wire is closed")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, serial.SerialException) as error:
            raise WireClosed(f"the wire broke: {error}") from error

    async def gone(self) -> None:
        """Wait until the other end is unplugged, though nobody reads or writes; then raise WireClosed.

        A serial port notices at once.  A TCP peer that hangs up in order is noticed by the next read only.
        """
        reason = "the wire was closed"
        try:
            # Shielded: the stream has one future for all who wait, and cancelling would end it for them too.
            await asyncio.shield(self._writer.wait_closed())
        except (OSError, serial.SerialException) as error:
            reason = f"the wire broke: {error}"
        raise WireClosed(reason)

    async def close(self) -> None:
        """Let go of the port."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._writer.close()
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()


async def open_tcp(host: str, port: int) -> StreamWire:
    """Connect.  Raises TransportError naming the address."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        raise TransportError(f"nothing answers at tcp://{host}:{port}") from error
    return StreamWire(reader, writer)


async def open_serial(path: str, baud: int) -> StreamWire:
    """Open a serial port, 8N1, exclusively.  Raises TransportError naming the port and what to look at."""
    try:
        reader, writer = await open_serial_connection(url=path, baudrate=baud, exclusive=True)
    except (OSError, serial.SerialException, ValueError) as error:
        if "exclusively lock" in str(error):
            raise TransportError(f"serial port {path} is in use by another program") from error
        raise TransportError(
            f"serial port {path} cannot be opened; is it plugged in, and does this user belong to the group"
            " dialout?"
        ) from error
    return StreamWire(reader, writer)
