"""A smart-card reader without a reader: a simulated card on one end, the driver on the other.

Time is virtual as on the memory wire: waiting moves the clock.  Faults are attributes that a test sets.
"""

from __future__ import annotations

from typing import Protocol

from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.transports.base import Seat


class Card(Protocol):
    """The part of a simulated card that a reader needs."""

    def power_up(self) -> None:
        """Start afresh: nothing is selected."""
        ...

    def answer(self, command: bytes) -> bytes:
        """Return the answer with its status word."""
        ...


class MemoryChannel:
    """An ApduChannel whose cards are put in and taken out by a test.

    `hangs` lets the next call not come back, `mute` makes the card silent, `leaves_after` takes the card
    away after so many commands, `sent` keeps all commands.
    """

    def __init__(self, card: Card | None = None) -> None:
        self._card: Card | None = None
        self._change = 0
        self._connected = False
        self._said = -1
        self.open = True
        self.hangs = False
        self.mute = False
        self.leaves_after: int | None = None
        self.waited_s = 0.0
        self.sent: list[bytes] = []
        if card is not None:
            self.insert(card)

    def insert(self, card: Card) -> None:
        """Put a card in; one that is there falls out first."""
        self.remove()
        self._card, self._change = card, self._change + 1

    def remove(self) -> None:
        """Take the card out, if there is one."""
        if self._card is not None:
            self._card, self._connected, self._change = None, False, self._change + 1

    async def seat(self, wait_s: float = 0.0) -> Seat:
        """See ApduChannel."""
        self._check()
        if self._said == self._change:
            self.waited_s += wait_s
        self._said = self._change
        return Seat(self._card is not None, self._change)

    async def connect(self) -> None:
        """See ApduChannel."""
        self._check()
        card = self._there()
        if self.mute:
            raise DeviceFault("card-mute", "the card does not answer", advice="place-again")
        card.power_up()
        self._connected = True

    async def transmit(self, command: bytes, timeout_s: float) -> bytes:
        """See ApduChannel."""
        self._check()
        if self.leaves_after is not None:
            self.leaves_after -= 1
            if self.leaves_after < 0:
                self.leaves_after = None
                self.remove()
        card = self._there()
        if not self._connected:
            raise DeviceFault("card-removed", "no card is connected", advice="place-again")
        self.sent.append(command)
        return card.answer(command)

    async def disconnect(self) -> None:
        """See ApduChannel."""
        self._connected = False

    async def close(self) -> None:
        """Unplug the reader."""
        self.open = False

    def _check(self) -> None:
        if not self.open:
            raise WireClosed("the reader is unplugged")
        if self.hangs:
            raise WireTimeout("the reader did not come back")

    def _there(self) -> Card:
        if self._card is None:
            raise DeviceFault("card-removed", "the card was taken away too early", advice="place-again")
        return self._card
