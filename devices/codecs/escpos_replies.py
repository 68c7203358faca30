"""What an ESC/POS printer says, told apart on one line (protocols, section 3.2-3.4)::

    0xx1xx10                     DLE EOT answer, one byte           (b & 93h) == 12h
    0xx1xx00 + 3 of 0xx0xxxx     automatic status (ASB), four bytes (b & 93h) == 10h
    11 / 13                      XON / XOFF
    37 / 3D / 5F … 00            blocks: process id, clear done, GS I …
    0xx0xxxx                     GS r answer, one byte              (b & 90h) == 0

A DLE EOT answer does not say which question it answers: ask one at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

XON, XOFF = 0x11, 0x13
BLOCK_STARTS = frozenset((0x37, 0x3D, 0x5F))
BLOCK_LIMIT = 84  # GS I answers at most 80 characters
PROCESS_ID_KIND = 0x22


@dataclass(frozen=True, slots=True)
class RealTimeStatus:
    """A DLE EOT answer; which of the four it is, only the asker knows."""

    value: int


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """ASB: four bytes, sent unasked when something changed."""

    value: bytes


@dataclass(frozen=True, slots=True)
class PaperStatus:
    """A GS r 1 answer."""

    value: int

    @property
    def out(self) -> bool:
        """Say whether the paper end sensor saw no paper."""
        return bool(self.value & 0x0C)


@dataclass(frozen=True, slots=True)
class ProcessId:
    """GS ( H: all printing before this id has finished."""

    job: str


@dataclass(frozen=True, slots=True)
class Block:
    """Any other block: its first byte and what stood before the 00."""

    kind: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Flow:
    """XON (`go`) or XOFF."""

    go: bool


Reply = RealTimeStatus | AutoStatus | PaperStatus | ProcessId | Block | Flow


class ReplyDemultiplexer:
    """Sorts a printer's bytes into replies.  Does no I/O; holds less than one reply; never raises."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.discarded = 0

    def feed(self, data: bytes) -> list[Reply]:
        """Take bytes in any chunking; return the replies completed, in order."""
        self._buffer += data
        replies: list[Reply] = []
        while self._buffer:
            taken = self._take()
            if taken is None:
                break
            reply, length = taken
            del self._buffer[:length]
            if reply is None:
                self.discarded += length
            else:
                replies.append(reply)
        return replies

    def forget(self) -> None:
        """Drop an unfinished reply: the next question starts clean."""
        self.discarded += len(self._buffer)
        self._buffer.clear()

    def _take(self) -> tuple[Reply | None, int] | None:
        """Return the first reply (None: noise) and its length, or None when more bytes must come."""
        first = self._buffer[0]
        if first in (XON, XOFF):
            return Flow(go=first == XON), 1
        if first in BLOCK_STARTS:
            return self._take_block()
        if first & 0x93 == 0x12:
            return RealTimeStatus(first), 1
        if first & 0x93 == 0x10:
            return self._take_auto_status()
        if first & 0x90 == 0:
            return PaperStatus(first), 1
        return None, 1

    def _take_auto_status(self) -> tuple[Reply | None, int] | None:
        body = self._buffer[1:4]
        if any(byte & 0x90 for byte in body):
            return None, 1  # cut short: what follows is another reply
        return (AutoStatus(bytes(self._buffer[:4])), 4) if len(body) == 3 else None

    def _take_block(self) -> tuple[Reply | None, int] | None:
        end = self._buffer.find(0, 1, BLOCK_LIMIT)
        body = bytes(self._buffer[1 : end if end >= 0 else BLOCK_LIMIT])
        if any(not 0x20 <= byte <= 0x7E for byte in body) or not _may_become(self._buffer[0], body, end >= 0):
            return None, 1
        if end < 0:
            return None if len(self._buffer) < BLOCK_LIMIT else (None, 1)
        if self._buffer[0] == 0x37 and body[:1] == bytes((PROCESS_ID_KIND,)):
            return ProcessId(body[1:].decode("ascii")), end + 1
        return Block(self._buffer[0], body), end + 1


def _may_become(kind: int, body: bytes, complete: bool) -> bool:
    """Say whether `body` can be that of a block of `kind`: a process id has exactly four characters."""
    if kind != 0x37 or body[:1] != bytes((PROCESS_ID_KIND,)):
        return True
    return len(body) == 5 if complete else len(body) <= 5
