"""One end's manners on the tax machine's link: ACK, three tries with the same seq, one command at a time.

The machine may speak at any moment; what it says between our question and its answer is acknowledged, kept,
and handed out by `heard`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from devices.codecs.tax_link import Cmd, Frame, Kind, LinkCodec, Payload, Refusal, encode
from devices.errors import DeviceFault, ProtocolError, WireTimeout
from devices.transports.base import ByteStream, drain, read_until

_LATE = 4096  # bytes of late answers thrown away at once: noise without end must not hold the caller
_EVENTS_KEPT = 200
_KNOWN_S = 2.0  # a copy of an event this soon after it is the same event


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """How long to wait for ACK and for the answer after it, and how often a command is sent in all."""

    ack_s: float = 0.3
    answer_s: float = 3.0
    tries: int = 3


class TaxLink:
    """The host's end, for the machine with bus address `addr`."""

    def __init__(self, wire: ByteStream, addr: int, times: LinkTimes) -> None:
        self._wire = wire
        self._addr = addr
        self._times = times
        self._codec = LinkCodec()
        self._dropped = 0
        self._seq = int(wire.now_s() * 1000) & 0xFF  # a host that restarts does not begin where it was
        self._events: deque[Frame] = deque(maxlen=_EVENTS_KEPT)
        self._known: deque[tuple[float, object]] = deque(maxlen=32)

    @property
    def discarded_bytes(self) -> int:
        """Bytes that were thrown away."""
        return self._dropped + self._codec.discarded

    async def call(self, cmd: Cmd, payload: Payload | None = None) -> Payload:
        """Return the machine's answer to a command.

        Raises WireTimeout when none came (it may have been carried out all the same), DeviceFault when the
        machine refuses, WireClosed.
        """
        self._seq = (self._seq + 1) & 0xFF
        frame = Frame(self._addr, self._seq, Kind.CMD, cmd, payload or {})
        for _ in range(self._times.tries):
            await self._wire.write(encode(frame))
            try:
                return await self._answer(frame)
            except WireTimeout:
                self._codec.reset()  # half a frame that never ends would hide all that follow
        raise WireTimeout(f"no answer to {cmd.name}")

    async def listen(self, wait_s: float) -> None:
        """Take what the machine says unasked, for at most `wait_s`; see `heard`.  Raises WireClosed."""
        deadline_s = self._wire.now_s() + wait_s
        try:
            while not self._events:
                for frame in self._codec.feed(await read_until(self._wire, deadline_s)):
                    await self._take(frame)
        except WireTimeout:
            self._codec.reset()

    def heard(self) -> list[Frame]:
        """Return the events since the last call, oldest first."""
        events = list(self._events)
        self._events.clear()
        return events

    async def clear(self) -> None:
        """Throw away what came before this connection."""
        self._codec.reset()
        self._dropped += await drain(self._wire, _LATE)

    async def _answer(self, asked: Frame) -> Payload:
        """Wait for ACK and then for RSP; RSP alone will do.  Raises WireTimeout, DeviceFault."""
        deadline_s = self._wire.now_s() + self._times.ack_s
        while True:
            for frame in self._codec.feed(await read_until(self._wire, deadline_s)):
                await self._take(frame)
                if (frame.addr, frame.seq, frame.cmd) != (asked.addr, asked.seq, asked.cmd):
                    continue
                if frame.kind is Kind.RSP:
                    return frame.payload
                if frame.kind is Kind.NAK:
                    self._refused(frame)
                elif frame.kind is Kind.ACK:
                    deadline_s = max(deadline_s, self._wire.now_s() + self._times.answer_s)

    def _refused(self, frame: Frame) -> None:
        reason = frame.payload.get("reason")
        if reason == Refusal.CRC:
            raise WireTimeout("the machine got a damaged frame")  # sent again at once
        why = frame.payload.get("why", "")
        try:
            word = why if isinstance(why, str) and why else Refusal(int(str(reason))).name.lower()
        except ValueError:
            raise ProtocolError("a refusal without a reason that the page lists") from None
        raise DeviceFault(word.replace("_", "-"), f"the machine refuses: {word}")

    async def _take(self, frame: Frame) -> None:
        """Acknowledge what wants it, and keep events once."""
        if frame.addr != self._addr or frame.kind not in (Kind.RSP, Kind.EVT):
            return
        await self._wire.write(encode(Frame(frame.addr, frame.seq, Kind.ACK, frame.cmd)))
        if frame.kind is Kind.EVT:
            now_s = self._wire.now_s()
            key = frame.key
            if not any(known == key and now_s - at_s < _KNOWN_S for at_s, known in self._known):
                self._known.append((now_s, key))
                self._events.append(frame)
