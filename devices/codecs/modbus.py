"""Modbus RTU: the few functions that displays and input modules need, master and slave side::

    unit | function | …                              | crc u16 (low byte first)
           03 read      register u16 | count u16       answer: bytes | data
           06 write     register u16 | value u16       answer: the same
           10 write     register u16 | count u16 | bytes | data        answer: register u16 | count u16
           function+80  error                          the answer of a unit that refuses

Numbers are big-endian.  RTU has no delimiters: a frame is found by its length, which the function tells,
and proved by its CRC.  Source: Modbus over serial line V1.02; protocols section 4.1.3 for the display.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.framing import crc16_modbus

READ, WRITE_ONE, WRITE_MANY = 0x03, 0x06, 0x10
REFUSAL = 0x80
ERRORS = {1: "unknown-function", 2: "unknown-register", 3: "bad-value", 4: "failed", 6: "busy"}
MOST = 256  # bytes of a frame
_NEVER = MOST + 1


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


class RtuCodec:
    """Finds frames in a stream by length and CRC.  Does no I/O; holds less than one frame.

    `requests` says whether questions (at a unit) or answers (at the master) are looked for.
    `discarded` counts bytes that were no part of a frame.
    """

    def __init__(self, *, requests: bool = False) -> None:
        self._length = _request_length if requests else _answer_length
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
                at += 1  # what begins here is no whole frame, but one inside it may be
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
        rest = self._buffer[start:]
        begin = next((at for at in range(len(rest)) if self._may_begin(rest, at)), len(rest))
        self.discarded += begin
        self._buffer = rest[begin:]

    def _may_begin(self, rest: bytes, at: int) -> bool:
        length = self._length(rest[at : at + 7])
        return length == 0 or len(rest) - at < length <= MOST


def _answer_length(head: bytes) -> int:
    """Return the length of the answer that begins so; 0 when more must be seen, _NEVER for none."""
    if len(head) < 2:
        return 0
    function = head[1]
    if function in (WRITE_ONE, WRITE_MANY):
        return 8
    if function in (READ | REFUSAL, WRITE_ONE | REFUSAL, WRITE_MANY | REFUSAL):
        return 5
    if function != READ:
        return _NEVER
    return 5 + head[2] if len(head) > 2 else 0


def _request_length(head: bytes) -> int:
    if len(head) < 2:
        return 0
    if head[1] in (READ, WRITE_ONE):
        return 8
    if head[1] != WRITE_MANY:
        return _NEVER
    return 9 + head[6] if len(head) > 6 else 0


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "big")
