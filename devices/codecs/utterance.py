"""An utterance on its way to a network amplifier::

    {"caption": "请A001号到3号窗口办理", "seconds": 4.2, "bytes": 185004}\\n   then so many bytes of WAV
    done\\n                                                      back, when the last sound has left

Our own protocol: a small computer beside an amplifier answers it with a dozen lines of any language.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

DONE = b"done\n"
HEADER_START = b'{"caption"'
MAX_HEADER = 4096
MAX_WAV = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was sent: `caption` in words, how long it sounds, and the WAV file."""

    caption: str
    seconds: float
    wav: bytes


def encode_utterance(utterance: Utterance) -> bytes:
    """Return header and WAV."""
    header = {
        "caption": utterance.caption,
        "seconds": round(utterance.seconds, 3),
        "bytes": len(utterance.wav),
    }
    return json.dumps(header, ensure_ascii=False).encode() + b"\n" + utterance.wav


class UtteranceDecoder:
    """The amplifier's side.  Does no I/O; never raises; holds one unfinished utterance.

    A chunk that starts like a header while a WAV is unfinished is one: the host came back after a break.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._header: tuple[str, float, int] | None = None
        self.discarded = 0

    def feed(self, data: bytes) -> list[Utterance]:
        """Take bytes as they arrived; return the utterances completed."""
        if data.startswith(HEADER_START) and (self._header is not None or self._buffer):
            self.discarded += len(self._buffer)
            self._buffer.clear()
            self._header = None
        self._buffer += data
        done: list[Utterance] = []
        while self._step(done):
            pass
        return done

    def _step(self, done: list[Utterance]) -> bool:
        if self._header is None:
            return self._take_header()
        caption, seconds, length = self._header
        if len(self._buffer) < length:
            return False
        done.append(Utterance(caption, seconds, bytes(self._buffer[:length])))
        del self._buffer[:length]
        self._header = None
        return True

    def _take_header(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > MAX_HEADER:
                self._drop(len(self._buffer))
            return False
        self._header = _parse_header(bytes(self._buffer[:end]))
        if self._header is None:
            self._drop(end + 1)
        else:
            del self._buffer[: end + 1]
        return True

    def _drop(self, length: int) -> None:
        self.discarded += length
        del self._buffer[:length]


def _parse_header(line: bytes) -> tuple[str, float, int] | None:
    try:
        header = json.loads(line)
        caption, seconds, length = header["caption"], float(header["seconds"]), int(header["bytes"])
    except (ValueError, TypeError, KeyError, OverflowError):  # UnicodeDecodeError is a ValueError
        return None
    valid = isinstance(caption, str) and 0 <= seconds <= 600 and 0 < length <= MAX_WAV
    return (caption, seconds, length) if valid else None
