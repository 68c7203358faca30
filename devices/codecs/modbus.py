"""Modbus RTU: the few functions that displays and input modules need, master and slave side::

    unit | function | …                              | crc u16 (low byte first)
           02 inputs    first u16 | count u16          answer: bytes | bits, the first one lowest
           05 set coil  coil u16 | FF00 or 0000        answer: the same
           03 read      register u16 | count u16       answer: bytes | data
           06 write     register u16 | value u16       answer: the same
           10 write     register u16 | count u16 | bytes | data        answer: register u16 | count u16
           function+80  error                          the answer of a unit that refuses

Numbers are big-endian.  RTU has no delimiters: a frame is found by its length, which the function tells,
and proved by its CRC.  Source: Modbus over serial line V1.02; protocols section 4.1.3 for the display.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from devices.codecs.framing import crc16_modbus

READ, WRITE_ONE, WRITE_MANY = 0x03, 0x06, 0x10
READ_INPUTS, WRITE_COIL = 0x02, 0x05
REFUSAL = 0x80
ERRORS = {1: "unknown-function", 2: "unknown-register", 3: "bad-value", 4: "failed", 6: "busy"}
MOST = 256  # bytes of a frame
_NEVER = MOST + 1

_KNOWN = (READ, WRITE_ONE, WRITE_MANY, READ_INPUTS, WRITE_COIL)
_ANSWERS = {WRITE_ONE: 8, WRITE_MANY: 8, WRITE_COIL: 8} | {function | REFUSAL: 5 for function in _KNOWN}
_REQUESTS = {READ: 8, READ_INPUTS: 8, WRITE_ONE: 8, WRITE_COIL: 8}


def _starts(functions: Iterable[int]) -> re.Pattern[bytes]:
    """Return what finds where a frame may begin: before a function, or at the last byte."""
    return re.compile(rb"(?s).(?:[" + re.escape(bytes(functions)) + rb"]|\Z)")


_ANSWER_STARTS = _starts({*_ANSWERS, READ, READ_INPUTS})
_REQUEST_STARTS = _starts({*_REQUESTS, WRITE_MANY})


@dataclass(frozen=True, slots=True)
class Adu:
    """One frame: `data` is what stands between function and CRC."""

    unit: int
    function: int
    data: bytes


def encode(frame: Adu) -> bytes:
    """Return the bytes of a frame.  Raises ValueError when it is longer than a line may carry."""
    plain = bytes((frame.unit, frame.function)) + frame.data
    if len(plain) + 2 > MOST:
        raise ValueError(f"a Modbus frame has at most {MOST} bytes")
    return plain + crc16_modbus(plain).to_bytes(2, "little")


def read_registers(unit: int, register: int, count: int) -> Adu:
    """Ask for `count` registers."""
    return Adu(unit, READ, _u16(register) + _u16(count))


def write_register(unit: int, register: int, value: int) -> Adu:
    """Set one register; a negative value is sent as a signed 16-bit number."""
    return Adu(unit, WRITE_ONE, _u16(register) + _u16(value & 0xFFFF))


def write_registers(unit: int, register: int, data: bytes) -> Adu:
    """Set several registers; `data` has two bytes for each.  Raises ValueError."""
    if len(data) % 2:
        raise ValueError("a register has two bytes")
    return Adu(unit, WRITE_MANY, _u16(register) + _u16(len(data) // 2) + bytes((len(data),)) + data)


def read_inputs(unit: int, first: int, count: int) -> Adu:
    """Ask for `count` discrete inputs."""
    return Adu(unit, READ_INPUTS, _u16(first) + _u16(count))


def write_coil(unit: int, coil: int, on: bool) -> Adu:
    """Switch one output."""
    return Adu(unit, WRITE_COIL, _u16(coil) + (b"\xff\x00" if on else b"\x00\x00"))


def bits_of(answer: Adu, count: int) -> list[bool] | None:
    """Return the inputs of an answer to `read_inputs`; None when it has another number of them."""
    if answer.function != READ_INPUTS or len(answer.data) != 1 + (count + 7) // 8:
        return None
    return [bool(answer.data[1 + place // 8] >> place % 8 & 1) for place in range(count)]


class RtuCodec:
    """Finds frames in a stream by length and CRC.  Does no I/O; holds less than one frame.

    `requests` says whether questions (at a unit) or answers (at the master) are looked for.
    `discarded` counts bytes that were no part of a frame.
    """

    def __init__(self, *, requests: bool = False) -> None:
        self._length = _request_length if requests else _answer_length
        self._starts = _REQUEST_STARTS if requests else _ANSWER_STARTS
        self._buffer = b""
        self.discarded = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def reset(self) -> None:
        """Forget a frame that was begun: its end will not come any more."""
        self.discarded += len(self._buffer)
        self._buffer = b""

    def feed(self, data: bytes) -> list[Adu]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        self._buffer += data
        frames: list[Adu] = []
        start = at = 0  # bytes before `start` are done with
        while at < len(self._buffer):
            frame = self._frame_at(at)
            if frame is None:
                at = self._next_start(at + 1)  # here begins no whole frame, but inside it one may
                continue
            self.discarded += at - start
            start = at = at + len(frame.data) + 4
            frames.append(frame)
        self._keep(start)
        return frames

    def _frame_at(self, at: int) -> Adu | None:
        length = self._length(self._buffer[at : at + 7])
        whole = self._buffer[at : at + length]
        if length > MOST or len(whole) < length:
            return None
        if crc16_modbus(whole[:-2]) != int.from_bytes(whole[-2:], "little"):
            return None
        return Adu(whole[0], whole[1], whole[2:-2])

    def _keep(self, start: int) -> None:
        """Drop what cannot begin a frame any more."""
        begin = self._next_start(start)
        while begin < len(self._buffer) and not self._may_begin(begin):
            begin = self._next_start(begin + 1)
        self.discarded += begin - start
        self._buffer = self._buffer[begin:]

    def _next_start(self, at: int) -> int:
        found = self._starts.search(self._buffer, at)
        return found.start() if found else len(self._buffer)

    def _may_begin(self, at: int) -> bool:
        length = self._length(self._buffer[at : at + 7])
        return length == 0 or len(self._buffer) - at < length <= MOST


def _answer_length(head: bytes) -> int:
    """Return the length of the answer that begins so; 0 when more must be seen, _NEVER for none."""
    if len(head) < 2:
        return 0
    if head[1] not in (READ, READ_INPUTS):
        return _ANSWERS.get(head[1], _NEVER)
    return 5 + head[2] if len(head) > 2 else 0


def _request_length(head: bytes) -> int:
    if len(head) < 2:
        return 0
    if head[1] != WRITE_MANY:
        return _REQUESTS.get(head[1], _NEVER)
    return 9 + head[6] if len(head) > 6 else 0


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "big")
