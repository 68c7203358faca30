"""What both Onbon frame families share: `A5 x8 | escaped content | 5A`, and how a stream is cut into frames.

Escapes: A5 → A6 02, A6 → A6 01, 5A → 5B 02, 5B → 5B 01; the A5s and the 5A around are raw.
Source: protocols section 4.1 (five sources, also the maker's SDK, which ends its frames with two 5A).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Frame = TypeVar("Frame")

_PREAMBLE = b"\xa5" * 8
_ESCAPES = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_PLAIN = {code: byte for byte, code in _ESCAPES.items()}


def wrap(content: bytes) -> bytes:
    """Return `content` escaped, with preamble and one end byte."""
    return _PREAMBLE + b"".join(_ESCAPES.get(byte) or bytes((byte,)) for byte in content) + b"\x5a"


def unescaped(data: bytes) -> bytes | None:
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


class FrameStream(Generic[Frame]):
    """Turns a byte stream into frames.  Does no I/O; holds less than one frame.

    `parse` returns the frame in unescaped content, or None; `most` bounds the content's length.
    `discarded` counts bytes that were no part of a good frame.
    """

    def __init__(self, parse: Callable[[bytes], Frame | None], most: int) -> None:
        self._parse = parse
        self._most = 2 * most  # each byte may be escaped
        self._inside = bytearray()  # escaped bytes since the preamble
        self._preamble = 0  # how many A5 were seen before them; 0 while we are between frames
        self.discarded = 0

    @property
    def held(self) -> int:
        """How many bytes wait for the rest of their frame."""
        return len(self._inside)

    def reset(self) -> None:
        """Forget a frame that was begun: its end will not come any more."""
        self._abandon()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they arrived, in any chunking; return the frames completed."""
        frames: list[Frame] = []
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
                if len(self._inside) > self._most:
                    self._abandon()
        return frames

    def _finish(self, frames: list[Frame]) -> None:
        plain = unescaped(bytes(self._inside))
        frame = self._parse(plain) if plain is not None else None
        if frame is None:
            self._abandon()
            self.discarded += 1  # the end byte
            return
        frames.append(frame)
        self._inside.clear()
        self._preamble = 0

    def _abandon(self) -> None:
        self.discarded += self._preamble + len(self._inside)
        self._inside.clear()
        self._preamble = 0
