"""A printer on USB as a ByteStream: the kernel's printer class, a character device such as /dev/usb/lp0.

The kernel's `usblp` gives both ways: what is written goes to the printer, what is read it has answered.
Reading nothing is no end there (a printer may send an empty packet); an unplugged one fails with ENODEV.
A printer that is offline takes no bytes: then writing gives up, for the session to connect anew.
`config/udev` gives it to the group dialout; a stable name comes from a rule with its serial number.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import stat
from collections.abc import Callable
from typing import TypeVar

from devices.errors import TransportError, WireClosed, WireTimeout

CHUNK = 4096
WRITE_S = 10.0  # without one byte taken
EMPTY_PACKET_S = 0.02
LOOK_S = 0.25
Value = TypeVar("Value")
_NOT_NOW = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EINTR)


class UsbPrinterWire:
    """A ByteStream on a character device.  Make it with `open_usb_printer`."""

    def __init__(self, path: str, file: int, write_s: float = WRITE_S) -> None:
        self._path = path
        self._file = file
        self._write_s = write_s
        self._loop = asyncio.get_running_loop()
        self._waiters: set[asyncio.Future[None]] = set()

    def now_s(self) -> float:
        """Return the event loop's clock."""
        return self._loop.time()

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return what the printer answered, at least one byte.  Raises WireTimeout, WireClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    data = self._try(lambda: os.read(self._file, CHUNK))
                    if data:
                        return data
                    if data is None:
                        await self._ready(self._loop.add_reader, self._loop.remove_reader)
                    else:
                        self._still_there()
                        await asyncio.sleep(EMPTY_PACKET_S)
        except TimeoutError as error:
            raise WireTimeout("nothing came in time") from error

    async def write(self, data: bytes) -> None:
        """Hand all of `data` to the printer.  Raises WireClosed, also when it takes nothing for long."""
        rest = memoryview(data)
        while rest:
            taken = self._try(lambda: os.write(self._file, rest))  # noqa: B023 - called at once
            if taken:
                rest = rest[taken:]
                continue
            try:
                async with asyncio.timeout(self._write_s):
                    await self._ready(self._loop.add_writer, self._loop.remove_writer)
            except TimeoutError as error:
                raise WireClosed(f"the printer {self._path} takes no bytes; is it switched on?") from error

    async def gone(self) -> None:
        """Wait until the printer is unplugged, though nobody reads or writes; then raise WireClosed."""
        while self._file >= 0:
            self._still_there()
            await asyncio.sleep(LOOK_S)
        raise WireClosed("the wire is closed")

    async def close(self) -> None:
        """Let go of the device; who waits for it hears that it is closed."""
        if self._file >= 0:
            file, self._file = self._file, -1
            self._loop.remove_reader(file)
            self._loop.remove_writer(file)
            os.close(file)
            for waiter in self._waiters:
                _tell(waiter)

    def _try(self, call: Callable[[], Value]) -> Value | None:
        """Return what a call gives, None when it would wait.  Raises WireClosed."""
        if self._file < 0:
            raise WireClosed("the wire is closed")
        try:
            return call()
        except OSError as error:
            if error.errno in _NOT_NOW:
                return None
            raise WireClosed(f"the printer {self._path} was unplugged") from error

    def _still_there(self) -> None:
        """Raises WireClosed when the device has hung up."""
        watch = select.poll()
        watch.register(self._file, 0)
        if watch.poll(0):  # hang-up and error are told unasked
            raise WireClosed(f"the printer {self._path} was unplugged")

    async def _ready(self, add: Callable[..., object], remove: Callable[[int], object]) -> None:
        """Wait until the device can go on; it also can when it is gone."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        file = self._file
        self._waiters.add(waiter)
        add(file, _tell, waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if self._file == file:  # else its number may be another's by now
                remove(file)


def _tell(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def open_usb_printer(path: str, write_s: float = WRITE_S) -> UsbPrinterWire:
    """Open a printer's character device.  Raises TransportError naming it and what to look at."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise TransportError(f"printer {path} is in use by another program") from error
        raise TransportError(
            f"printer {path} cannot be opened; is it plugged in, and is this user in the group dialout?"
        ) from error
    if not stat.S_ISCHR(os.fstat(file).st_mode):
        os.close(file)
        raise TransportError(
            f"{path} is no device; give the printer's character device, such as /dev/usb/lp0"
        )
    return UsbPrinterWire(path, file, write_s)
