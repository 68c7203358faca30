"""What a driver may do with a wire, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from devices.errors import WireTimeout


class ByteStream(Protocol):
    """A serial line or a TCP connection: bytes in order, in any chunking.

    A datagram wire has the same form, for machines that nobody hears an answer from.
    """

    async def read(self, timeout_s: float | None = None) -> bytes:
        """Return at least one byte as it arrived.

        Waits at most `timeout_s` (None: for ever).  Raises WireTimeout, WireClosed.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`.  Raises WireClosed."""
        ...

    def now_s(self) -> float:
        """Return the wire's own monotonic clock, so that a driver can keep a deadline over several reads."""
        ...


async def read_until(wire: ByteStream, deadline_s: float) -> bytes:
    """Read once, but not past `deadline_s` on the wire's clock.  Raises WireTimeout, WireClosed."""
    left_s = deadline_s - wire.now_s()
    if left_s < 0:  # a wire that babbles without end always has something to read
        raise WireTimeout("nothing of use came in time")
    return await wire.read(left_s)


async def drain(wire: ByteStream, most: int = 65536) -> int:
    """Throw away what has already come, so that a late answer is not taken for the next one.

    Returns how many bytes; stops after `most`, endless noise cannot hold the caller.  Raises WireClosed.
    """
    dropped = 0
    while dropped < most:
        try:
            dropped += len(await wire.read(0))
        except WireTimeout:
            break
    return dropped


class AudioDevice(Protocol):
    """A voice and a loudspeaker: what a speaker's driver is given instead of a byte stream."""

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        """Return `text` as a WAV file (16-bit, one channel).

        `text` is what the voice reads: pinyin with tone numbers for a pinyin voice.  Raises DeviceFault
        (`no-voice`) when there is no synthesiser or it knows no such voice.
        """
        ...

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        """Return what a program of the site's own makes of `text`: a WAV file.

        Raises DeviceFault (`no-voice`) when it is not there, fails, or takes longer than `limit_s`.
        """
        ...

    async def play(self, wav: bytes, caption: str) -> None:
        """Play a WAV file; return when the last sound has left.  Sounds never overlap: a second call waits.

        `caption` is the sentence in words, for those who see instead of hear.
        Raises TransportError, WireTimeout.
        """
        ...

    async def check(self) -> None:
        """Raise TransportError when the loudspeaker cannot be reached."""
        ...


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """One message on a broker.  `retained`: it was said before we listened."""

    topic: str
    payload: bytes
    retained: bool = False


class TopicWire(Protocol):
    """Raw topics on a message broker, for machines of other makers that speak there."""

    async def subscribe(self, pattern: str) -> None:
        """Listen to an MQTT filter.  Raises WireClosed."""
        ...

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say, and return when the broker has taken it.  Raises WireClosed."""
        ...

    async def read(self, timeout_s: float | None = None) -> TopicMessage:
        """Return the next message of what was subscribed.  Raises WireTimeout, WireClosed."""
        ...

    def now_s(self) -> float:
        """Return the wire's own monotonic clock."""
        ...


@dataclass(frozen=True, slots=True)
class Seat:
    """What a smart-card reader holds.  `change` is another number whenever a card came or went."""

    card: bool
    change: int


class ApduChannel(Protocol):
    """A smart-card reader: where cards come and go, and where commands go to the card that is there.

    Calls are made one after another.  WireClosed says that the reader or its service is gone, WireTimeout
    that a call did not come back (the channel is of no more use then), DeviceFault that the card is the
    trouble: `card-removed`, `card-mute`, `card-busy`.
    """

    async def seat(self, wait_s: float = 0.0) -> Seat:
        """Return what is there; wait at most `wait_s` for it to become another than was said last."""
        ...

    async def connect(self) -> None:
        """Give power to the card and keep other programs away from it.  Raises DeviceFault."""
        ...

    async def transmit(self, command: bytes, timeout_s: float) -> bytes:
        """Send a command, return the answer with its status word.  Raises DeviceFault, WireTimeout."""
        ...

    async def disconnect(self) -> None:
        """Let go of the card."""
        ...
