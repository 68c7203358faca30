"""Frames of STX card dispensers (CRT-531, QUIO QU-CD-720M, D1000-like), and what their answers say.

::

    host:    02 | address | command | 03 | xor        address is empty (STX family) or two digits (CRT-541)
    device:  06 | address      ACK                    xor: of all bytes before it, the 02 with them
             15 | address      NAK
    host:    05 | address      ENQ: now do it
    device:  02 | address | answer | 03 | xor         only to questions (RF, AP)

Commands are members of `Command`: there is no way to send another one.  `FC 31` (pre-dispense position) is
not among them: the CRT-531 manual warns that it damages the machine.
Source: protocols, section 6.2; vectors card_dispenser.json.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, StrEnum

from devices.codecs.framing import xor8

STX, ETX, ENQ, ACK, NAK = 0x02, 0x03, 0x05, 0x06, 0x15
_MOST_ANSWER = 8  # letters and digits of the longest answer; a frame that goes on is noise


class Command(Enum):
    """All that can be sent to an STX dispenser."""

    DISPENSE = b"DC"
    CAPTURE = b"CP"
    STATUS = b"RF"
    STATUS_LONG = b"AP"
    RESET_RS = b"RS"
    RESET_ST = b"ST"
    INSERT_REFUSE = b"IN0"
    INSERT_TO_BIN = b"IN1"
    INSERT_TO_READER = b"IN2"
    MOVE_TO_READER = b"FC3"
    MOVE_TO_EXIT = b"FC4"
    MOVE_OUT = b"FC0"


class Bit(StrEnum):
    """What a bit of the status may mean."""

    DISPENSING = "dispensing"
    CAPTURING = "capturing"
    DISPENSE_ERROR = "dispense-error"
    CAPTURE_ERROR = "capture-error"
    NO_CAPTURE = "no-capture"
    OVERLAP = "overlap"
    JAM = "card-jam"
    FEW = "few"
    EMPTY = "cards-out"
    AT_EXIT = "at-exit"
    SENSOR = "sensor"
    NOT_READY = "not-ready"
    BIN_FULL = "bin-full"
    TAKEN = "taken"
    CAPTURED = "captured"
    IGNORED = "ignored"


AGREED = {
    0x800: Bit.DISPENSING,
    0x400: Bit.CAPTURING,
    0x200: Bit.DISPENSE_ERROR,
    0x020: Bit.JAM,
    0x010: Bit.FEW,
    0x008: Bit.EMPTY,
    0x004: Bit.AT_EXIT,
    0x002: Bit.SENSOR,
}
"""What all sources agree about."""

D1000_BITS = {0x100: Bit.CAPTURE_ERROR, 0x080: Bit.NO_CAPTURE, 0x040: Bit.OVERLAP, 0x001: Bit.SENSOR}
QUIO_BITS = {0x100: Bit.BIN_FULL, 0x080: Bit.TAKEN, 0x040: Bit.CAPTURED, 0x001: Bit.NOT_READY}
LONG_BITS = {0x1000: Bit.BIN_FULL, 0x2000: Bit.SENSOR}
"""The fourth digit, in the answer to AP only."""

_STATUS = re.compile(rb"SF([0-9A-Fa-f]{3})")
_LONG_STATUS = re.compile(rb"[A-Z]{2}([0-9A-Fa-f]{4})")


def bits_of(answer: bytes, maker: dict[int, Bit]) -> frozenset[Bit] | None:
    """Return what the answer to RF (three digits) or AP (four) says, or None when it is neither.

    `maker` says what 100, 080, 040 and 001 mean.
    """
    found = _STATUS.fullmatch(answer) or _LONG_STATUS.fullmatch(answer)
    if found is None:
        return None
    value = int(found[1], 16)
    names = {**AGREED, **maker, **LONG_BITS}
    return frozenset(name for mask, name in names.items() if value & mask) - {Bit.IGNORED}


def answer_of(bits: int, *, long: bool = False) -> bytes:
    """Return the answer that a machine gives, for a simulator."""
    return b"SF%04X" % bits if long else b"SF%03X" % (bits & 0xFFF)


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that came: ACK, NAK or ENQ, or STX with the `text` of a frame (address removed)."""

    kind: int
    text: bytes = b""


class StxCodec:
    """Finds signals and frames in a stream.  Does no I/O; holds less than one frame.

    `from_host` makes it the machine's end: ENQ is a signal then, and a frame with a wrong xor is told as
    a Signal of kind STX with no text, so that the machine can say NAK.
    """

    def __init__(self, address: bytes = b"", *, from_host: bool = False) -> None:
        self.discarded = 0
        self._address = address
        self._from_host = from_host
        self._signals = (ENQ,) if from_host else (ACK, NAK)
        self._buffer = b""

    def frame(self, text: bytes) -> bytes:
        """Return the frame around `text`."""
        body = bytes((STX,)) + self._address + text + bytes((ETX,))
        return body + bytes((xor8(body),))

    def signal(self, kind: int) -> bytes:
        """Return ACK, NAK or ENQ with the address."""
        return bytes((kind,)) + self._address

    def reset(self) -> None:
        """Forget half a frame."""
        self.discarded += len(self._buffer)
        self._buffer = b""

    def feed(self, data: bytes) -> list[Signal]:
        """Take bytes as they arrived, in any chunking; return what is complete."""
        self._buffer += data
        found: list[Signal] = []
        while self._buffer:
            used, signal = self._first()
            if not used:
                break
            if signal is not None:
                found.append(signal)
            else:
                self.discarded += used
            self._buffer = self._buffer[used:]
        return found

    def _first(self) -> tuple[int, Signal | None]:
        """Return how many bytes are done with (0: wait for more), and what they were (None: noise)."""
        kind = self._buffer[0]
        start = bytes((kind,)) + self._address
        if kind != STX and kind not in self._signals:
            return 1, None
        if not start.startswith(self._buffer[: len(start)]):
            return 1, None
        if len(self._buffer) < len(start):
            return 0, None
        if kind != STX:
            return len(start), Signal(kind)
        return self._frame(len(start))

    def _frame(self, start: int) -> tuple[int, Signal | None]:
        end = self._buffer.find(ETX, start)
        text = self._buffer[start : end if end >= 0 else None]
        if len(text) > _MOST_ANSWER or (text and not text.isalnum()):
            return 1, None
        if end < 0 or len(self._buffer) < end + 2:
            return 0, None
        if text and xor8(self._buffer[: end + 1]) == self._buffer[end + 1]:
            return end + 2, Signal(STX, text)
        return (end + 2, Signal(STX)) if self._from_host else (1, None)


def explain(direction: str, data: bytes, address: bytes = b"") -> str:
    """Return what a chunk says, in words; `direction` is `tx` from the host to the machine, else back."""
    names = {ACK: "ACK", NAK: "NAK", ENQ: "ENQ"}
    found = StxCodec(address, from_host=direction == "tx").feed(data)
    return "; ".join(names.get(one.kind) or one.text.decode("ascii") or "wrong checksum" for one in found)
