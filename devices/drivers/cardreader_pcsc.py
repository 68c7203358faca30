"""Smart-card readers through pcscd: social-security cards, staff cards by serial number, T-Union cards.

What a card is, is found out when it comes (its application is selected); whom it belongs to is read only when
somebody asks for a card.  Each card is given once: it must be taken out and put in again to be read anew.
Source: protocols sections 2.1 and 2.2; page docs/devices/cardreader-pcsc.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import apdu, ssc, tunion
from devices.codecs.apdu import Script
from devices.contracts.id_reader import CardKind, CardMedium, IdCard
from devices.errors import DeviceFault, ProtocolError
from devices.kinds import CardChange
from devices.spec import DriverSpec
from devices.transports.base import ApduChannel

Readable = Literal["social-security", "t-union", "staff-card"]
Sex = Literal["0", "1", "2", "9"]  # the codec lets no other through
Result = TypeVar("Result")
_MOST_COMMANDS = 64  # of one script; more than any card needs
_TRIES = 3  # to speak to one card before it is given up
_SHORTEST_UID = 4
_RANDOM_UID = 0x08  # first byte of a serial number of 4 that is made up anew each time, as by telephones


class PcscSettings(BaseModel):
    """The `[device.settings]` table of a smart-card reader."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reads: tuple[Readable, ...] = Field(
        default=("social-security", "t-union"),
        description="what cards may be, tried in this order; a reader for staff at a window: staff-card",
    )
    apdu_timeout_s: float = Field(
        default=2.0, gt=0, le=30, description="one command; a reader that takes longer is given up"
    )


class PcscCardReader:
    """A smart-card reader.  Keeps no card: each is returned once and forgotten."""

    def __init__(self, device_id: str, wire: ApduChannel, settings: PcscSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0  # a reader hands over whole answers only
        self._wire = wire
        self._settings = settings
        self._seen = -1  # the change that was told last
        self._given = -1  # the card that was read last
        self._inside = False
        self._tries = 0  # to speak to the card that came

    async def probe(self) -> None:
        """Ask pcscd for the reader.  Raises WireClosed, WireTimeout."""
        await self._wire.seat()

    async def look(self, wait_s: float) -> CardChange | None:
        """See devices.kinds.CardReader."""
        seat = await self._wire.seat(wait_s)
        if seat.change == self._seen:
            return None
        if not seat.card:
            was_inside, self._inside, self._seen, self._tries = self._inside, False, seat.change, 0
            return CardChange(None) if was_inside else None
        try:
            async with self._powered():
                change = await self._identify()
        except DeviceFault:
            self._tries += 1
            if self._tries < _TRIES:
                return None  # a card in motion: the next look tries again
            self._inside, self._seen, self._tries = True, seat.change, 0
            raise
        self._inside, self._seen, self._tries = True, seat.change, 0
        return change

    async def poll_card(self) -> IdCard | None:
        """Look once and read a social-security card; see devices.kinds.IdReader.

        Raises DeviceFault with advice `other-card` when the card that came says nobody's name.
        """
        seat = await self._wire.seat()
        if not seat.card or seat.change == self._given or "social-security" not in self._settings.reads:
            return None
        try:
            async with self._powered():
                card = await self._read_holder()
        except DeviceFault:
            self._given = seat.change  # told once; a call that is stopped half-way may be made again
            raise
        self._given = seat.change
        return card

    async def _read_holder(self) -> IdCard:
        if not await self._run(ssc.find()):
            raise DeviceFault("not-usable", "this card says nobody's name", advice=apdu.OTHER_CARD)
        return _id_card(await self._run(ssc.read_holder()))

    @asynccontextmanager
    async def _powered(self) -> AsyncIterator[None]:
        try:
            await self._wire.connect()
            yield
        finally:
            await self._wire.disconnect()

    async def _identify(self) -> CardChange:
        for medium in self._settings.reads:
            if medium == "social-security" and await self._run(ssc.find()):
                return CardChange(CardMedium.SOCIAL_SECURITY)
            if medium == "t-union" and (card := await self._run(tunion.find())) is not None:
                return CardChange(CardMedium.T_UNION, number=card.number)
            if medium == "staff-card" and _is_lasting(uid := await self._run(apdu.uid())):
                return CardChange(CardMedium.STAFF_CARD, uid=uid)
        return CardChange(CardMedium.UNKNOWN)

    async def _run(self, script: Script[Result]) -> Result:
        """Give a script the card.  Raises DeviceFault: the card's own, or `card-data`; ProtocolError."""
        try:
            command = next(script)
            for _ in range(_MOST_COMMANDS):
                command = script.send(await self._wire.transmit(command, self._settings.apdu_timeout_s))
        except StopIteration as done:
            return cast(Result, done.value)
        except ValueError as error:
            raise DeviceFault(
                "card-data", f"the card's data are unusable: {error}", advice="place-again"
            ) from None
        raise ProtocolError(f"{self.device_id}: the card kept asking for more")


def _is_lasting(uid: bytes) -> bool:
    """Say whether a serial number will be the same next time."""
    return len(uid) >= _SHORTEST_UID and not (len(uid) == _SHORTEST_UID and uid[0] == _RANDOM_UID)


def _id_card(holder: ssc.Holder) -> IdCard:
    """Return the holder in the shape of an identity card, whose number it is."""
    return IdCard(
        kind=_kind_of(holder.id_number),
        name=holder.name,
        sex=cast(Sex, holder.sex),
        nation=holder.nation,
        birth=holder.birth,
        id_number=holder.id_number,
        valid_from=holder.issued,
        valid_to=holder.expires,
        medium=CardMedium.SOCIAL_SECURITY,
    )


def _kind_of(number: str) -> CardKind:
    """Say what sort of number it is by its first digits (protocols sections 1.5 and 2.1)."""
    if number[0] == "9" and number[3:6] != "000":  # 9, place, country
        return CardKind.FOREIGNER_2023
    return CardKind.HMT if number[:2] in ("81", "82", "83") else CardKind.CITIZEN


SPEC = DriverSpec(
    name="cardreader-pcsc",
    kind="card-reader",
    wire="apdu",
    settings=PcscSettings,
    build=PcscCardReader,
    doc="docs/devices/cardreader-pcsc.md",
    level="silver",
    source="five public sources; tried against a real pcscd with a virtual reader; no reader seen yet",
)
