"""Frames of the call pads and evaluators on one RS-232/485 line::

    FF 68 | L | L | 68 | addr | cmd | data… | sum8 | 16

L counts addr…data and stands twice; sum8 is over addr…data.  9600 8N1.
Source: protocols section 5.1 (framing: two sources; commands and key codes: one).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.framing import sum8

CMD_KEY = 0x01
"""Pad to host: a key.  Host to evaluator: the echo of a rating, or `0B`: ask for one."""
CMD_SHOW = 0x02
CMD_BEEP = 0x03
CMD_RATING = 0x11
ASK_RATING = b"\x0b"
BLANK = 0x0A
"""A digit that stays dark."""

HOST_MAX_L = 5
"""The longest L that a host takes from a pad."""
PAD_MAX_L = 8

_START = b"\xff\x68"
_HEAD = 5


@dataclass(frozen=True, slots=True)
class PadFrame:
    """One frame.  `addr` and `cmd` are 0-255."""

    addr: int
    cmd: int
    data: bytes = b""


def encode(frame: PadFrame) -> bytes:
    """Return the bytes of a frame.  Raises ValueError when its data are too long for any pad."""
    body = bytes((frame.addr, frame.cmd)) + frame.data
    if len(body) > PAD_MAX_L:
        raise ValueError(f"a pad frame has at most {PAD_MAX_L - 2} data bytes, not {len(frame.data)}")
    return _START + bytes((len(body), len(body), 0x68)) + body + bytes((sum8(body), 0x16))


class PadCodec:
    """Turns a byte stream into frames.  Does no I/O; holds less than one frame.

    `max_l` is the longest L that is taken: HOST_MAX_L on the host's end, PAD_MAX_L on the pad's.
    `discarded` counts bytes that were no part of a good frame.
    """

    def __init__(self, max_l: int = HOST_MAX_L) -> None:
        self._max_l = max_l
        self._buffer = bytearray()
        self.discarded = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[PadFrame]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        self._buffer += data
        frames: list[PadFrame] = []
        while self._step(frames):
            pass
        return frames

    def _step(self, frames: list[PadFrame]) -> bool:
        """Take one frame or throw something away; False when more bytes are needed."""
        self._skip_noise()
        head = self._buffer[:_HEAD]
        if len(head) > 2 and not 2 <= head[2] <= self._max_l:
            return self._drop(1)
        if len(head) > 3 and head[3] != head[2]:
            return self._drop(1)
        if len(head) < _HEAD:
            return False
        end = _HEAD + head[2] + 2
        if head[4] != 0x68:
            return self._drop(1)
        if len(self._buffer) < end:
            return False
        body = bytes(self._buffer[_HEAD : end - 2])
        if self._buffer[end - 2] != sum8(body) or self._buffer[end - 1] != 0x16:
            return self._drop(1)  # a good frame may have begun inside the damaged one
        frames.append(PadFrame(body[0], body[1], body[2:]))
        del self._buffer[:end]
        return True

    def _skip_noise(self) -> None:
        at = self._buffer.find(_START)
        if at < 0:
            at = len(self._buffer) - (1 if self._buffer.endswith(_START[:1]) else 0)
        self._drop(at)

    def _drop(self, count: int) -> bool:
        self.discarded += count
        del self._buffer[:count]
        return True


def ticket_digits(number: str) -> bytes:
    """Return the six digit bytes that show the last three digits of a ticket number; empty blanks all six."""
    digits = [int(char) for char in number if char in "0123456789"][-3:]
    return bytes((BLANK, BLANK, BLANK, *[BLANK] * (3 - len(digits)), *digits))


def waiting_digits(waiting: int) -> bytes:
    """Return the six digit bytes that show a count, at most 999."""
    return bytes((*(int(char) for char in f"{min(max(waiting, 0), 999):03d}"), BLANK, BLANK, BLANK))


def explain(_direction: str, data: bytes) -> str:
    """Return whole frames in words, for a transcript; empty for a part of one."""
    names = {CMD_KEY: "key", CMD_SHOW: "show", CMD_BEEP: "beep", CMD_RATING: "rating"}
    frames = PadCodec(PAD_MAX_L).feed(data)
    return "; ".join(
        f"addr {one.addr} {names.get(one.cmd, f'command {one.cmd:02x}')} {one.data.hex(' ')}".rstrip()
        for one in frames
    )
