"""Records of a Linux input device (keyboards, wedge scanners), as `/dev/input/event…` gives them::

    seconds i64 | microseconds i64 | type u16 | code u16 | value i32        little-endian, 24 bytes

as on all 64-bit machines that a hall has.  A record of type 0 ends a group; code 3 there says that the kernel
had to drop some.
Source: the kernel's input protocol (linux/input.h); key numbers from linux/input-event-codes.h.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

EV_SYN, EV_KEY, EV_MSC, EV_LED, EV_REP = 0x00, 0x01, 0x04, 0x11, 0x14
SYN_REPORT, SYN_DROPPED = 0, 3
RELEASED, PRESSED, REPEATED = 0, 1, 2
KEY_ENTER, KEY_KPENTER = 28, 96

_RECORD = struct.Struct("<qqHHi")
SIZE = _RECORD.size
_HIGHEST = {EV_SYN: 3, EV_KEY: 0x2FF, EV_MSC: 7, EV_LED: 15, EV_REP: 1}
_MICRO = 1_000_000
_LATEST = 1 << 33
"""The year 2242; a later time is none."""
_LIKELY = re.compile(rb"(?s)(?=.{16}[\x00\x01\x04\x11\x14]\x00.[\x00-\x02])")
"""Where a record may begin: only a short cut through noise."""


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One record without its time."""

    type: int
    code: int
    value: int


DROPPED = InputEvent(EV_SYN, SYN_DROPPED, 0)


def encode(event: InputEvent, at_s: float) -> bytes:
    """Return the record; `at_s` is when it happened."""
    whole = int(at_s)
    return _RECORD.pack(whole, int((at_s - whole) * _MICRO), event.type, event.code, event.value)


class InputCodec:
    """Turns what a device gives into events.  Does no I/O; holds less than one record.

    A device gives whole records; on any other wire what is no record is skipped, and DROPPED is told in its
    place, as the kernel does.  `discarded` counts the bytes skipped.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._in_noise = False
        self.discarded = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their record."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[InputEvent]:
        """Take bytes in any chunking; return the events completed."""
        self._buffer += data
        events: list[InputEvent] = []
        at = 0
        while len(self._buffer) - at >= SIZE:
            event = _event_at(self._buffer, at)
            if event is not None:
                events.append(event)
                self._in_noise = False
                at += SIZE
                continue
            if not self._in_noise:
                events.append(DROPPED)
                self._in_noise = True
            likely = _LIKELY.search(self._buffer, at + 1)
            begin = min(likely.start() if likely else len(self._buffer), len(self._buffer) - SIZE + 1)
            self.discarded += begin - at
            at = begin
        self._buffer = self._buffer[at:]
        return events


def _event_at(buffer: bytes, at: int) -> InputEvent | None:
    seconds, micro, kind, code, value = _RECORD.unpack_from(buffer, at)
    if not 0 <= seconds < _LATEST or not 0 <= micro < _MICRO or code > _HIGHEST.get(kind, -1):
        return None
    if kind == EV_SYN and value not in (0, 1):
        return None
    if kind == EV_KEY and value not in (RELEASED, PRESSED, REPEATED):
        return None
    return InputEvent(kind, code, value)
