"""WAV files of one channel and 16 bits, as synthesisers write them and amplifiers want them.

::

    RIFF | size | WAVE | fmt | 16 | 1 | channels | rate | … | 16 | … | data | size | samples, little-endian

A program that writes WAV to a pipe cannot know the size beforehand and lies about it (espeak-ng writes
7FFFF000h and more): what is there counts.
"""

from __future__ import annotations

import io
import struct
import wave
from array import array
from dataclasses import dataclass

from devices.errors import ProtocolError

_PCM = 1


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples of -32768..32767, `rate` a second."""

    rate: int
    samples: array[int]

    @property
    def seconds(self) -> float:
        """How long it sounds."""
        return len(self.samples) / self.rate

    @property
    def peak(self) -> int:
        """The loudest sample; 0 is silence."""
        return max((abs(sample) for sample in self.samples), default=0)


def parse_wav(data: bytes) -> Sound:
    """Return the sound of a WAV file.  Raises ProtocolError when it is no 16-bit mono PCM."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ProtocolError("not a WAV file")
    rate, at = 0, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"fmt " and at + 24 <= len(data):
            coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            if (coding, channels, bits) != (_PCM, 1, 16):
                raise ProtocolError(
                    f"WAV with {channels} channels of {bits} bits, coding {coding}: not 16-bit mono"
                )
        if name == b"data":
            if not rate:
                raise ProtocolError("WAV file without a format before its samples")
            return Sound(rate, _samples(data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    raise ProtocolError("WAV file without samples")


def _samples(raw: bytes) -> array[int]:
    samples = array("h")
    samples.frombytes(raw[: len(raw) // 2 * 2])
    return samples  # this and every supported machine is little-endian


def make_wav(sound: Sound) -> bytes:
    """Return a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sound.rate)
        file.writeframes(sound.samples.tobytes())
    return out.getvalue()


def silence(seconds: float, rate: int) -> Sound:
    """Return nothing to hear for `seconds`."""
    return Sound(rate, array("h", bytes(2 * round(seconds * rate))))


def join(*sounds: Sound) -> Sound:
    """Return the sounds one after another.  Raises ValueError when their rates differ."""
    rates = {sound.rate for sound in sounds}
    if len(rates) != 1:
        raise ValueError(f"sounds of different rates cannot be joined: {sorted(rates)}")
    joined = array("h")
    for sound in sounds:
        joined.extend(sound.samples)
    return Sound(rates.pop(), joined)
