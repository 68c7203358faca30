"""The handshake of STX card dispensers: a frame, ACK, ENQ; only then does the machine act or answer.

What is known after each step decides whether a card may be let out again, so it is told exactly:
before ENQ nothing moves; after ENQ everything may have.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.codecs.stx import ACK, ENQ, NAK, STX, Signal, StxCodec
from devices.errors import DeviceFault, WireTimeout
from devices.transports.base import ByteStream, drain, read_until

_LATE = 2048  # bytes of late answers thrown away at once: noise without end must not hold the caller


@dataclass(frozen=True, slots=True)
class HandshakeTimes:
    """How long to wait for ACK and for an answer after ENQ, and how often a question is asked in all."""

    ack_s: float = 0.3
    answer_s: float = 0.5
    tries: int = 3


class AckEnq:
    """One dispenser's wire.  `in_vain` counts ENQs after which no answer came, though one was asked for.

    Such an ENQ may have set off what the machine was told before.
    """

    def __init__(self, wire: ByteStream, codec: StxCodec, times: HandshakeTimes) -> None:
        self._wire = wire
        self._codec = codec
        self._times = times
        self._dropped = 0
        self.in_vain = 0

    @property
    def discarded_bytes(self) -> int:
        """Bytes that were thrown away."""
        return self._dropped + self._codec.discarded

    async def order(self, text: bytes) -> None:
        """Have the machine do `text`.  Returns when ENQ was sent: it may act from now on.

        Raises WireTimeout when no ACK came (no ENQ was sent, but the machine may know the order),
        DeviceFault `refused` when the machine said NAK each time, WireClosed.
        """
        for left in reversed(range(self._times.tries)):
            try:
                refused = not await self._is_acked(text)
            except WireTimeout:
                if not left:
                    raise
                continue
            if not refused:
                await self._wire.write(self._codec.signal(ENQ))
                return
        raise DeviceFault("refused", "the dispenser does not take the command")

    async def ask(self, text: bytes) -> bytes:
        """Return the answer to `text`.  Raises WireTimeout, DeviceFault `refused`, WireClosed."""
        for left in reversed(range(self._times.tries)):
            try:
                await self.order(text)
                return await self._answer()
            except WireTimeout:
                if not left:
                    raise
        raise WireTimeout("no answer")

    async def _is_acked(self, text: bytes) -> bool:
        """Send a frame; say whether ACK or NAK came first.  Raises WireTimeout."""
        self._codec.reset()
        self._dropped += await drain(self._wire, _LATE)
        await self._wire.write(self._codec.frame(text))
        return (await self._next({ACK, NAK}, self._times.ack_s)).kind == ACK

    async def _answer(self) -> bytes:
        try:
            return (await self._next({STX}, self._times.answer_s)).text
        except WireTimeout:
            self.in_vain += 1
            raise

    async def _next(self, kinds: set[int], wait_s: float) -> Signal:
        deadline_s = self._wire.now_s() + wait_s
        while True:
            for signal in self._codec.feed(await read_until(self._wire, deadline_s)):
                if signal.kind in kinds:
                    return signal
