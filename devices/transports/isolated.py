"""A wire that is a blocking library in a process of its own, with the errors that sessions understand.

A driver for a vendor's library is given an IsolatedWire and calls its methods; a library that hangs is
killed, the machine's health says `library-hangs`, the session starts it again, and no other machine waits.
"""

from __future__ import annotations

from typing import Any

from devices.errors import WireClosed, WireTimeout
from devices.runtime.isolated import Crashed, Hangs, IsolatedWorker

CALL_S = 5.0


class LibraryHangs(WireTimeout):
    """A call into the library did not come back; its process was killed."""

    code = "library-hangs"


class LibraryCrashed(WireClosed):
    """The library took its process down with it, or could not be loaded."""

    code = "library-crashed"


class IsolatedWire:
    """One machine's library.  `target` is `package.module:callable` (see devices.runtime.isolated)."""

    def __init__(self, target: str, *args: object, call_s: float = CALL_S) -> None:
        self._worker = IsolatedWorker(target, *args)
        self._call_s = call_s

    async def call(self, method: str, *args: object, limit_s: float | None = None) -> Any:
        """Call the library.  Raises LibraryHangs, LibraryCrashed, and what the library raises."""
        try:
            return await self._worker.call(method, *args, limit_s=limit_s or self._call_s)
        except Hangs as error:
            raise LibraryHangs(str(error)) from None
        except Crashed as error:
            raise LibraryCrashed(str(error)) from None

    async def close(self) -> None:
        """End its process."""
        await self._worker.close()
