"""Serial scanners of the GM65/GM812 family: lines of text, and frames for settings between them::

    host     7E 00 | type | len | zone u16 | data… | crc        type 07 read, 08 write, 09 save, 0A heartbeat
    scanner  02 00 | 00 | len | data… | crc                     answer to 07, 08, 09
             03 00 | 00 | len | data… | crc                     answer to 0A

Numbers are big-endian; crc is CRC-16/XMODEM over type…data.  A host may send AB CD in its place.
Source: protocols section 8 (frames: one manual, trigger: two sources; all checksums computed).
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from dataclasses import dataclass

READ, WRITE, SAVE, HEARTBEAT = 0x07, 0x08, 0x09, 0x0A
TRIGGER_ZONE, TRIGGER = 0x0002, b"\x01"
ANSWERED, ALIVE = 0x02, 0x03
NO_CRC = b"\xab\xcd"
ACCEPTED = b"\x00"

_HOST = b"\x7e\x00"
_EVENT = re.compile(rb"[\r\n]|[\x02\x03]\x00\x00")
_HEAD = 4
_CRC = 2


@dataclass(frozen=True, slots=True)
class Request:
    """What a host asks.  `zone` is where a setting lies, 0-65535; `data` has 1-255 bytes."""

    type: int
    zone: int
    data: bytes

    def encode(self) -> bytes:
        """Return the frame with its checksum."""
        body = bytes((self.type, len(self.data))) + self.zone.to_bytes(2, "big") + self.data
        return _HOST + body + _crc(body)


def trigger() -> Request:
    """Look for one code now."""
    return Request(WRITE, TRIGGER_ZONE, TRIGGER)


def heartbeat() -> Request:
    """Ask for a sign of life."""
    return Request(HEARTBEAT, 0, b"\x00")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a scanner answers; `kind` is ANSWERED or ALIVE."""

    kind: int
    data: bytes

    def encode(self) -> bytes:
        """Return the frame."""
        body = bytes((0, len(self.data))) + self.data
        return bytes((self.kind, 0)) + body + _crc(body)


def _crc(body: bytes) -> bytes:
    return crc_hqx(body, 0).to_bytes(_CRC, "big")


class ScannerCodec:
    """Tells lines (bytes without their end) and replies apart.  Does no I/O; holds at most `most` bytes.

    `discarded` counts bytes that were part of neither.
    """

    def __init__(self, most: int = 4096) -> None:
        self._most = most
        self._buffer = b""
        self._spoilt = False  # what comes until the next line end is the rest of something broken
        self.discarded = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their line or reply."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes | Reply]:
        """Take bytes as they arrived, in any chunking; return what was completed, in order."""
        self._buffer += data
        found: list[bytes | Reply] = []
        at = 0
        while (event := _EVENT.search(self._buffer, at)) is not None:
            if event[0] in (b"\r", b"\n"):
                self._end_line(self._buffer[at : event.start()], found)
                at = event.end()
                continue
            reply = _reply_at(self._buffer, event.start())
            if reply is None:
                break  # the rest of it has not come yet
            if isinstance(reply, int):  # not a reply after all: as wide as what may be thrown away
                self._spoil(event.start() - at + reply)
                at = event.start() + reply
                continue
            self._drop(event.start() - at)
            found.append(reply)
            at = event.start() + _HEAD + len(reply.data) + _CRC
        self._buffer = self._buffer[at:]
        if len(self._buffer) > self._most:
            self._spoil(len(self._buffer))
            self._buffer = b""
        return found

    def settle(self) -> list[bytes | Reply]:
        """Nothing came for long: give up what was begun; return what had been held up behind it.

        The rest of a broken line may still come, so what comes before the next line end is not told.
        """
        found: list[bytes | Reply] = []
        while self._buffer and (event := _EVENT.search(self._buffer)) is not None:
            self._spoil(event.start() + 1)
            self._buffer = self._buffer[event.start() + 1 :]
            found += self.feed(b"")
        self._spoilt = self._spoilt or any(byte >= 0x20 for byte in self._buffer)
        self._drop(len(self._buffer))
        self._buffer = b""
        return found

    def _end_line(self, line: bytes, found: list[bytes | Reply]) -> None:
        if self._spoilt:
            self._drop(len(line))
            self._spoilt = False
        elif line:
            found.append(line)

    def _spoil(self, count: int) -> None:
        self._drop(count)
        self._spoilt = True

    def _drop(self, count: int) -> None:
        self.discarded += count


def _reply_at(buffer: bytes, at: int) -> Reply | int | None:
    """Return the reply that begins there; None while it is not whole, 1 (byte to skip) when there is none."""
    if len(buffer) < at + _HEAD:
        return None
    end = at + _HEAD + buffer[at + 3] + _CRC
    if len(buffer) < end:
        return None
    body = buffer[at + 2 : end - _CRC]
    return Reply(buffer[at], body[2:]) if buffer[end - _CRC : end] == _crc(body) else 1


class RequestCodec:
    """The scanner's end: finds requests.  Holds less than one frame."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[Request]:
        """Take bytes in any chunking; return the requests completed."""
        self._buffer += data
        found: list[Request] = []
        while (at := self._buffer.find(_HOST)) >= 0:
            end = at + 8 + (self._buffer[at + 3] if len(self._buffer) > at + 3 else 255)
            if len(self._buffer) < end:
                self._buffer = self._buffer[at:]
                return found
            body, crc = self._buffer[at + 2 : end - _CRC], self._buffer[end - _CRC : end]
            good = crc in (NO_CRC, _crc(body))
            if good:
                found.append(Request(body[0], int.from_bytes(body[2:4], "big"), body[4:]))
            self._buffer = self._buffer[end if good else at + 1 :]
        self._buffer = self._buffer[-1:] if self._buffer.endswith(_HOST[:1]) else b""
        return found
