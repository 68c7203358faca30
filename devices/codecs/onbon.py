"""Frames of an Onbon BX-5K/6K font card::

    A5 x8 | escaped: dst u16 | src u16 | 00 00 00 | barcode 00 | check 00 | display 00 | device | 02
          |          dataLen u16 | data | crc u16                                       | 5A

All numbers are little-endian; the CRC (CRC-16/ARC) covers dst…data before escaping.
Escapes: devices.codecs.onbon_stream.
Source: protocols sections 4.1 and 4.1.1 (five sources; escaping and CRC also by the maker's SDK).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.framing import crc16_arc
from devices.codecs.onbon_stream import FrameStream, wrap

CARD = 0x0001
HOST = 0x8000
ANY_DEVICE = 0xFE

PING = b"\xa2\x00"
POWER = b"\xa3\x00"
SHOW_TEXT = b"\xa3\x06"
CLEAR = b"\xa3\x10"
ACK_GROUP = 0xA0

BUSY = 3
CHECKSUM = 5

ERRORS = {
    1: "bad-group", 2: "unknown-command", 3: "busy", 4: "memory-full", 5: "checksum", 6: "file-not-found",
    7: "flash", 8: "download", 9: "file-name", 10: "file-type", 11: "file-checksum", 12: "font-missing",
    13: "firmware-mismatch", 14: "date-format", 15: "file-exists", 16: "file-block", 17: "controller-type",
    18: "screen-parameter", 19: "controller-id", 20: "password", 21: "old-password", 22: "password-not-set",
    23: "password-needed", 24: "clock", 25: "command-parameter", 26: "cascade", 27: "no-battle-time-area",
    28: "no-stopwatch-area", 29: "scan-module",
}  # fmt: skip

MAX_DATA = 2048
_HEADER = 14


@dataclass(frozen=True, slots=True)
class OnbonFrame:
    """One frame; `data` begins with group and command.  `device` is the card type, FE for any."""

    data: bytes
    dst: int = CARD
    src: int = HOST
    device: int = ANY_DEVICE


def encode(frame: OnbonFrame) -> bytes:
    """Return the bytes of a frame.  Raises ValueError when the data are too long for a card."""
    if len(frame.data) > MAX_DATA:
        raise ValueError(f"a font card takes at most {MAX_DATA} data bytes, not {len(frame.data)}")
    plain = (
        frame.dst.to_bytes(2, "little")
        + frame.src.to_bytes(2, "little")
        + bytes((0, 0, 0, 0, 0, 0, frame.device, 0x02))
        + len(frame.data).to_bytes(2, "little")
        + frame.data
    )
    plain += crc16_arc(plain).to_bytes(2, "little")
    return wrap(plain)


def ack(error: int = 0) -> OnbonFrame:
    """Return the card's answer: A0 00 for done, A0 01 with an error.  [layout from one source]"""
    return OnbonFrame(bytes((ACK_GROUP, 1 if error else 0, error, 0, 0)), dst=HOST, src=CARD)


class OnbonCodec(FrameStream[OnbonFrame]):
    """Turns a byte stream into frames of a font card.

    `bad_checksums` counts whole frames with a wrong CRC.  With `check_crc` False such a frame is counted and
    taken all the same.
    """

    def __init__(self, *, check_crc: bool = True) -> None:
        super().__init__(self._frame, _HEADER + MAX_DATA + 2)
        self._check_crc = check_crc
        self.bad_checksums = 0

    def _frame(self, plain: bytes) -> OnbonFrame | None:
        if len(plain) < _HEADER + 2 or int.from_bytes(plain[12:14], "little") != len(plain) - _HEADER - 2:
            return None
        if crc16_arc(plain[:-2]) != int.from_bytes(plain[-2:], "little"):
            self.bad_checksums += 1
            if self._check_crc:
                return None
        return OnbonFrame(
            data=plain[_HEADER:-2],
            dst=int.from_bytes(plain[0:2], "little"),
            src=int.from_bytes(plain[2:4], "little"),
            device=plain[10],
        )
