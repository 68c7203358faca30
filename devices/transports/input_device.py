"""A Linux input device as a wire: a keyboard, keypad or wedge scanner under /dev/input/by-id.

The device is grabbed, so that what is typed on it goes nowhere else.  A pipe or pseudo terminal that carries
the same records may stand in for a device; there is nothing to grab then.
Source: linux/input.h (EVIOCGRAB).
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import stat

from devices.errors import TransportError, WireClosed, WireTimeout

EVIOCGRAB = 0x40044590
INPUT_MAJOR = 13
"""The device number of all input devices."""
CHUNK = 24 * 128


class InputWire:
    """A ByteStream that only reads."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        self._loop = asyncio.get_running_loop()

    def now_s(self) -> float:
        """Return the event loop's clock."""
        return self._loop.time()

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return the records that have come.  Raises WireTimeout, WireClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                while (data := self._take()) is None:
                    await self._readable()
        except TimeoutError as error:
            raise WireTimeout("no key came in time") from error
        if not data:
            raise WireClosed("the device was unplugged")
        return data

    async def write(self, data: bytes) -> None:
        """Take nothing: one can only learn here that the device is gone.  Raises WireClosed."""
        if self._descriptor is None:
            raise WireClosed("the device is closed")
        if data:
            raise TransportError("an input device takes no bytes")

    async def close(self) -> None:
        """Let go of the device, which also ends the grab."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self) -> bytes | None:
        """Return what is there; None when nothing is, empty when the device is gone."""
        if self._descriptor is None:
            raise WireClosed("the device is closed")
        try:
            return os.read(self._descriptor, CHUNK)
        except BlockingIOError:
            return None
        except OSError as error:
            raise WireClosed(f"the device was unplugged ({error.strerror})") from error

    async def _readable(self) -> None:
        if self._descriptor is None:
            raise WireClosed("the device is closed")
        ready = asyncio.Event()
        self._loop.add_reader(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            if self._descriptor is not None:
                self._loop.remove_reader(self._descriptor)


async def open_input(path: str) -> InputWire:
    """Open and grab a device.  Raises TransportError naming the device and what to look at."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        raise TransportError(
            f"input device {path} cannot be opened ({error.strerror}); is it plugged in, and does this user"
            " belong to the group input?"
        ) from error
    try:
        _grab(descriptor)
    except OSError as error:
        os.close(descriptor)
        if error.errno == errno.EBUSY:
            raise TransportError(f"input device {path} is in use by another program") from error
        raise TransportError(f"input device {path} cannot be grabbed ({error.strerror})") from error
    return InputWire(descriptor)


def _grab(descriptor: int) -> None:
    found = os.fstat(descriptor)
    if stat.S_ISCHR(found.st_mode) and os.major(found.st_rdev) == INPUT_MAJOR:
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
