"""DDP, the pixels of WLED and others over UDP 4048; numbers are big-endian::

    flags | sequence | type | destination | offset u32 | length u16 | data

Flags: 40 version 1, 01 push (show it now).  Type 1 is RGB as WLED takes it, destination 1 the lamps.
Source: protocols section 4.2 (the 3waylabs specification and WLED's documentation).
"""

from __future__ import annotations

from dataclasses import dataclass

PORT = 4048
VERSION, PUSH = 0x40, 0x01
RGB, LAMPS = 1, 1
MOST = 1440  # data bytes of one packet
_HEADER = 10
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class DdpPacket:
    """One packet; `offset` counts bytes."""

    data: bytes
    offset: int = 0
    push: bool = True

    def encode(self) -> bytes:
        """Return the datagram."""
        head = bytes((VERSION | (PUSH if self.push else 0), 0, RGB, LAMPS))
        return head + self.offset.to_bytes(4, "big") + len(self.data).to_bytes(2, "big") + self.data


def packets(pixels: list[Colour]) -> list[bytes]:
    """Return the datagrams that set all pixels from the first on; only the last one pushes."""
    data = b"".join(map(bytes, pixels))
    starts = range(0, len(data), MOST) or range(1)
    return [
        DdpPacket(data[start : start + MOST], start, push=start + MOST >= len(data)).encode()
        for start in starts
    ]


class DdpCodec:
    """Finds packets in bytes that came.  Does no I/O; holds less than one packet.

    Datagrams come whole; a stream of them in any chunking is understood too.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self.discarded = 0

    def reset(self) -> None:
        """Forget a packet that was begun."""
        self.discarded += len(self._buffer)
        self._buffer = b""

    def feed(self, data: bytes) -> list[DdpPacket]:
        """Return the packets completed."""
        self._buffer += data
        found: list[DdpPacket] = []
        while len(self._buffer) >= _HEADER:
            head, length = self._buffer[:_HEADER], int.from_bytes(self._buffer[8:10], "big")
            if head[0] not in (VERSION, VERSION | PUSH) or head[2:4] != bytes((RGB, LAMPS)) or length > MOST:
                self.discarded += 1
                self._buffer = self._buffer[1:]
                continue
            if len(self._buffer) < _HEADER + length:
                break
            body = self._buffer[_HEADER : _HEADER + length]
            found.append(DdpPacket(body, int.from_bytes(head[4:8], "big"), bool(head[0] & PUSH)))
            self._buffer = self._buffer[_HEADER + length :]
        return found
