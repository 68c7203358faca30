"""Frames of an Onbon BX-6G image card; the host sends it pictures.  Two headers, little-endian::

    plain    dst u16 | src u16 | 07 | 00 | device u16 | phy | 00 | seq u16 | frameMax/16 u16 | 96 | random
             | secret 6 | bodyLen u16 | crc(body) u16 | 00 | xor of the 27 bytes before   then the body
    dynamic  dst u16 | src u16 | F0 | 00 | device u16 | 00 x4 | bodyLen u32      then the body, crc u16

    body     reply 01 | group | command | dataLen u16 | data
    answer   00 | group | command | status u16 | error u16 | dataLen u16 | data

The CRC (CRC-16/ARC) of the dynamic frame covers header and body.  Commands of group A7 use it, and are
answered in it.  Source: protocols section 4.1.2, frames recorded from the maker's SDK (which ignores the
checksums of answers: that cards make them by the same rule is believed).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.framing import crc16_arc, xor8
from devices.codecs.onbon_stream import FrameStream, wrap

CARD = 0xFFFE
HOST = 0x8000
ANY_DEVICE = 0xFFFE
BY_TCP, BY_SERIAL = 1, 0

PING = b"\xa2\x00"
PING_ANSWER = b"\xa2\x80"
POWER = b"\xa2\x05"
SHOW = b"\xa7\x00"
DELETE = b"\xa7\x01"
ACK = b"\xa0\x00"
REFUSED = b"\xa0\x01"
ALL_AREAS = b"\xff"

MAX_BODY = 60_000
"""More than any card takes; the driver's own `frame_max` is the real limit."""
_PLAIN, _DYNAMIC = 0x07, 0xF0
_PLAIN_HEADER, _DYNAMIC_HEADER = 28, 16
_NO_SECRET = 0x96


@dataclass(frozen=True, slots=True)
class ImageFrame:
    """One frame; `body` begins with the reply flag.  What follows `src` is not in a dynamic header.

    `frame_max` is in units of 16 bytes, `link` BY_TCP or BY_SERIAL.
    """

    body: bytes
    dynamic: bool = False
    device: int = ANY_DEVICE
    dst: int = CARD
    src: int = HOST
    seq: int = 0
    link: int = BY_SERIAL
    frame_max: int = 400
    random: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a card said: `command` is two bytes, `error` 0 for done."""

    command: bytes
    error: int
    data: bytes = b""


def command(code: bytes, data: bytes = b"") -> bytes:
    """Return the body of a command that wants an answer."""
    return b"\x01" + code + len(data).to_bytes(2, "little") + data


def answer(one: Answer) -> bytes:
    """Return the body of an answer."""
    status = 1 if one.command == REFUSED else 0
    counts = (status, one.error, len(one.data))
    return b"\0" + one.command + b"".join(number.to_bytes(2, "little") for number in counts) + one.data


def read_command(body: bytes) -> tuple[bytes, bytes] | None:
    """Return code and data of a command; None when the lengths do not add up."""
    if len(body) < 5 or int.from_bytes(body[3:5], "little") != len(body) - 5:
        return None
    return body[1:3], body[5:]


def read_answer(body: bytes) -> Answer | None:
    """Return the answer in a body; None when it is none."""
    if len(body) < 9 or body[0] != 0 or int.from_bytes(body[7:9], "little") != len(body) - 9:
        return None
    return Answer(body[1:3], int.from_bytes(body[5:7], "little"), body[9:])


def encode(frame: ImageFrame) -> bytes:
    """Return the bytes of a frame.  Raises ValueError when the body is too long."""
    if len(frame.body) > MAX_BODY:
        raise ValueError(f"a frame takes at most {MAX_BODY} bytes, not {len(frame.body)}")
    head = _u16(frame.dst) + _u16(frame.src)
    if frame.dynamic:
        head += bytes((_DYNAMIC, 0)) + _u16(frame.device) + bytes(4)
        content = head + len(frame.body).to_bytes(4, "little") + frame.body
        return wrap(content + _u16(crc16_arc(content)))
    head += bytes((_PLAIN, 0)) + _u16(frame.device) + bytes((frame.link, 0)) + _u16(frame.seq)
    head += _u16(frame.frame_max) + bytes((_NO_SECRET, frame.random)) + bytes(6)
    head += _u16(len(frame.body)) + _u16(crc16_arc(frame.body)) + b"\0"
    return wrap(head + bytes((xor8(head),)) + frame.body)


class OnbonImageCodec(FrameStream[ImageFrame]):
    """Turns a byte stream into frames of an image card.

    `bad_checksums` counts whole frames with a wrong CRC or XOR.  With `check` False such a frame is counted
    and taken all the same.
    """

    def __init__(self, *, check: bool = True) -> None:
        super().__init__(self._frame, _PLAIN_HEADER + MAX_BODY + 2)
        self._check = check
        self.bad_checksums = 0

    def _frame(self, plain: bytes) -> ImageFrame | None:
        kind = plain[4] if len(plain) > _DYNAMIC_HEADER else -1
        if kind == _DYNAMIC:
            return self._dynamic(plain)
        return self._common(plain) if kind == _PLAIN and len(plain) >= _PLAIN_HEADER else None

    def _dynamic(self, plain: bytes) -> ImageFrame | None:
        length = int.from_bytes(plain[12:16], "little")
        if len(plain) != _DYNAMIC_HEADER + length + 2:
            return None
        if not self._is_right(crc16_arc(plain[:-2]) == _number(plain[-2:])):
            return None
        return ImageFrame(
            plain[16:-2],
            dynamic=True,
            device=_number(plain[6:8]),
            dst=_number(plain[0:2]),
            src=_number(plain[2:4]),
        )

    def _common(self, plain: bytes) -> ImageFrame | None:
        body = plain[_PLAIN_HEADER:]
        if _number(plain[22:24]) != len(body):
            return None
        if not self._is_right(xor8(plain[:28]) == 0 and crc16_arc(body) == _number(plain[24:26])):
            return None
        return ImageFrame(
            body,
            device=_number(plain[6:8]),
            dst=_number(plain[0:2]),
            src=_number(plain[2:4]),
            seq=_number(plain[10:12]),
            link=plain[8],
            frame_max=_number(plain[12:14]),
            random=plain[15],
        )

    def _is_right(self, right: bool) -> bool:
        self.bad_checksums += not right
        return right or not self._check


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
