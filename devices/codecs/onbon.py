"""Frames of an Onbon BX-5K/6K font card::

    A5 x8 | escaped: dst u16 | src u16 | 00 00 00 | barcode 00 | check 00 | display 00 | device | 02
          |          dataLen u16 | data | crc u16                                       | 5A

All numbers are little-endian; the CRC (CRC-16/ARC) covers dst…data before escaping.
Escapes: A5 → A6 02, A6 → A6 01, 5A → 5B 02, 5B → 5B 01.
Source: protocols sections 4.1 and 4.1.1 (five sources; escaping and CRC also by the maker's SDK).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.framing import crc16_arc

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
_PREAMBLE = b"\xa5" * 8
_HEADER = 14
_MAX_ESCAPED = 2 * (_HEADER + MAX_DATA + 2)
_ESCAPES = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_PLAIN = {code: byte for byte, code in _ESCAPES.items()}


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
    return _PREAMBLE + b"".join(_ESCAPES.get(byte) or bytes((byte,)) for byte in plain) + b"\x5a"


def ack(error: int = 0) -> OnbonFrame:
    """Return the card's answer: A0 00 for done, A0 01 with an error.  [layout from one source]"""
    return OnbonFrame(bytes((ACK_GROUP, 1 if error else 0, error, 0, 0)), dst=HOST, src=CARD)


class OnbonCodec:
    """Turns a byte stream into frames.  Does no I/O; holds less than one frame.

    `discarded` counts bytes that were no part of a good frame, `bad_checksums` whole frames with a wrong CRC.
    With `check_crc` False a wrong CRC is counted and the frame is taken all the same.
    """

    def __init__(self, *, check_crc: bool = True) -> None:
        self._check_crc = check_crc
        self._inside = bytearray()  # escaped bytes since the preamble
        self._preamble = 0  # how many A5 were seen before them; 0 while we are between frames
        self.discarded = 0
        self.bad_checksums = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._inside)

    def reset(self) -> None:
        """Forget a frame that was begun: its end will not come any more."""
        self._abandon()

    def feed(self, data: bytes) -> list[OnbonFrame]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        frames: list[OnbonFrame] = []
        for byte in data:
            if byte == 0xA5:
                if self._inside:
                    self._abandon()
                self._preamble += 1  # raw A5 is nowhere else, so any number of them may begin a frame
            elif not self._preamble:
                self.discarded += byte != 0x5A  # the maker's own SDK ends its frames with two 5A
            elif byte == 0x5A:
                self._finish(frames)
            else:
                self._inside.append(byte)
                if len(self._inside) > _MAX_ESCAPED:
                    self._abandon()
        return frames

    def _finish(self, frames: list[OnbonFrame]) -> None:
        plain = _unescaped(bytes(self._inside))
        frame = self._parse(plain) if plain is not None else None
        if frame is None:
            self._abandon()
            self.discarded += 1  # the end byte
            return
        frames.append(frame)
        self._inside.clear()
        self._preamble = 0

    def _parse(self, plain: bytes) -> OnbonFrame | None:
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

    def _abandon(self) -> None:
        self.discarded += self._preamble + len(self._inside)
        self._inside.clear()
        self._preamble = 0


def _unescaped(data: bytes) -> bytes | None:
    """Undo the escapes; None when one is none of the four."""
    plain = bytearray()
    at = 0
    while at < len(data):
        width = 2 if data[at] in (0xA6, 0x5B) else 1
        byte = data[at] if width == 1 else _PLAIN.get(data[at : at + 2])
        if byte is None:
            return None
        plain.append(byte)
        at += width
    return bytes(plain)
