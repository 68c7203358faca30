"""Identity-card readers with a SAM_V module (CVR, Huaxu, Synthesis, ZKT …), on a serial line at 115200 8N1.

A card is found, selected and read, in this order and each time anew.  After a read the reader answers "no
new card" until the card is lifted, so one card on the plate is read once.  The 1024 photo bytes are dropped
unless the settings say otherwise; fingerprints are never asked for.
Source: protocols section 1; page docs/devices/idreader-samv.md.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs import id_number, id_text, photo, samv, samv_content
from devices.contracts import persons
from devices.contracts.id_reader import CardKind, IdCard
from devices.errors import DeviceFault, ProtocolError, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

Sex = Literal["0", "1", "2", "9"]  # id_text lets no other through
_NOT_HEARD = (samv.HOST_CHECKSUM, samv.HOST_LENGTH)
_TRIES = 3  # of one command whose request was damaged on its way
_STALE = 8  # whole answers that fit no question, before the line counts as out of step

# command -> (status word of success, bytes of data that come with it); None: not checked here
_ANSWERS: dict[bytes, tuple[int, int | None]] = {
    samv.STATUS: (samv.OK, None),
    samv.FIND: (samv.FOUND, 4),
    samv.SELECT: (samv.OK, 8),
    samv.READ_TEXT_PHOTO: (samv.OK, 4 + samv_content.TEXT_BYTES + samv_content.PHOTO_BYTES),
    samv.NEWEST_ADDRESS: (samv.OK, samv_content.ADDRESS_BYTES),
    samv.SAM_NUMBER: (samv.OK, samv_content.SAM_NUMBER_BYTES),
    samv.RESET: (samv.OK, 0),
    samv.MAX_RF: (samv.OK, 0),
    **dict.fromkeys(samv.SET_BAUD.values(), (samv.OK, 0)),
}


class SamvSettings(BaseModel):
    """The `[device.settings]` table of a SAM_V reader.  Times are those of protocols section 1.3."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    find_timeout_s: float = Field(default=0.5, gt=0, le=10, description="find a card; also the self test")
    select_timeout_s: float = Field(default=0.5, gt=0, le=10, description="select the card")
    read_timeout_s: float = Field(default=3.0, gt=0, le=10, description="read text and photo")
    overall_timeout_s: float = Field(default=5.0, gt=0, le=30, description="all three together")
    check_id_number: bool = Field(
        default=True,
        description="refuse a card whose number has a wrong check character or another birth date",
    )
    newest_address: Literal["no", "before", "after"] = Field(
        default="no",
        description="read the address added to the chip, before or after the text; some readers find a card"
        " that was read only when it is placed anew, and need `before`",
    )
    photo: str = Field(
        default=photo.DROP, description="drop, raw (WLT as it is), or the name of an installed decoder"
    )
    max_rf_bytes: int | None = Field(
        default=None, ge=16, le=255, description="longest radio frame, told at each connection; 80 is usual"
    )

    @field_validator("photo")
    @classmethod
    def _can_be_done(cls, name: str) -> str:
        photo.find(name)
        return name


class SamvIdReader:
    """A SAM_V reader on a wire.  Keeps no card: each is returned once and forgotten."""

    def __init__(self, device_id: str, wire: ByteStream, settings: SamvSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = samv.SamvCodec()
        self._photo = photo.find(settings.photo)
        self._told_rf = False
        self._unasked = 0  # bytes of answers that came when nothing was asked

    async def probe(self) -> None:
        """Ask the security module for its self test.  Raises DeviceFault with advice `call-staff`."""
        sw3, _ = await self._ask(samv.STATUS, self._wire.now_s() + self._settings.find_timeout_s)
        if sw3 != samv.OK:
            raise _fault(sw3)
        if self._settings.max_rf_bytes is not None and not self._told_rf:
            await self._order(samv.MAX_RF + bytes((self._settings.max_rf_bytes,)))
            self._told_rf = True

    async def sam_number(self) -> str:
        """Return the security module's number; see devices.codecs.samv_content.  Raises DeviceFault."""
        return samv_content.sam_number(await self._order(samv.SAM_NUMBER))

    async def reset(self) -> None:
        """Restart the security module.  Raises DeviceFault."""
        await self._order(samv.RESET)

    async def set_baud(self, baud: int) -> None:
        """Change the line's speed; the reader answers at the old one, then the wire must be opened anew.

        Raises ValueError for a speed that the module does not have, DeviceFault when it refuses.
        """
        if baud not in samv.SET_BAUD:
            raise ValueError(
                f"a SAM_V module has the speeds {', '.join(map(str, samv.SET_BAUD))}, not {baud}"
            )
        await self._order(samv.SET_BAUD[baud])

    async def poll_card(self) -> IdCard | None:
        """Look once; see devices.kinds.IdReader."""
        when = self._settings.newest_address
        latest_s = self._wire.now_s() + self._settings.overall_timeout_s
        if not await self._select(latest_s):
            return None
        address = ""
        if when == "before":
            address = await self._newest_address(latest_s)
            if not await self._select(latest_s):  # it was there a moment ago
                raise DeviceFault("read-failed", "the card was lifted too early", advice=samv.PLACE_AGAIN)
        card = self._card(await self._read(latest_s))
        if when == "after":
            with suppress(DeviceFault, WireTimeout, ProtocolError):  # the card itself has been read
                if await self._select(latest_s):
                    address = await self._newest_address(latest_s)
        return card.model_copy(update={"newest_address": address})

    async def _select(self, latest_s: float) -> bool:
        """Find and select the card; False when no new one lies there."""
        times = self._settings
        sw3, _ = await self._ask(samv.FIND, self._until(times.find_timeout_s, latest_s))
        if sw3 == samv.NO_NEW_CARD:
            return False
        if sw3 != samv.FOUND:
            raise _fault(sw3)
        sw3, _ = await self._ask(samv.SELECT, self._until(times.select_timeout_s, latest_s))
        if sw3 != samv.OK:
            raise _fault(sw3)
        return True

    async def _read(self, latest_s: float) -> bytes:
        until_s = self._until(self._settings.read_timeout_s, latest_s)
        try:
            sw3, data = await self._ask(samv.READ_TEXT_PHOTO, until_s)
        except (WireTimeout, ProtocolError) as error:
            # The reader may have read the card and now knows it: only a card placed anew is found again.
            raise DeviceFault(
                "read-failed", f"the answer to reading was spoilt: {error}", advice="place-again"
            ) from error
        if sw3 != samv.OK:
            raise _fault(sw3)
        return data

    async def _newest_address(self, latest_s: float) -> str:
        """Return the address added to the selected card, empty when it has none or tells none."""
        sw3, data = await self._ask(samv.NEWEST_ADDRESS, self._until(self._settings.read_timeout_s, latest_s))
        try:
            return samv_content.newest_address(data) if sw3 == samv.OK else ""
        except ValueError:
            return ""  # an extra: the text decides whether the card is good

    async def _order(self, command: bytes) -> bytes:
        """Send a command that needs no card and return its data.  Raises DeviceFault."""
        sw3, data = await self._ask(command, self._wire.now_s() + self._settings.find_timeout_s)
        if sw3 != samv.OK:
            raise _fault(sw3)
        return data

    def _until(self, step_s: float, latest_s: float) -> float:
        return min(self._wire.now_s() + step_s, latest_s)

    async def _ask(self, command: bytes, deadline_s: float) -> tuple[int, bytes]:
        """Send a command and return (SW3, data).  Raises WireTimeout, WireClosed, ProtocolError."""
        sw3, data = samv.HOST_CHECKSUM, b""
        for _ in range(_TRIES):
            self._codec.reset()  # a frame that stopped half-way must not eat this command's answer
            self._unasked += await drain(self._wire)
            self._count()
            await self._wire.write(samv.encode(command))
            sw3, data = await self._answer(command, deadline_s)
            if sw3 not in _NOT_HEARD:
                break
        return sw3, data

    async def _answer(self, command: bytes, deadline_s: float) -> tuple[int, bytes]:
        strangers = 0
        while True:
            frames = self._codec.feed(await read_until(self._wire, deadline_s))
            self._count()
            for frame in frames:
                if _fits(command, frame):
                    return frame.body[2], frame.body[3:]
                strangers += 1
            if strangers >= _STALE:
                raise ProtocolError(f"{self.device_id}: {strangers} answers fit no question")

    def _count(self) -> None:
        self.discarded_bytes = self._codec.discarded + self._unasked

    def _card(self, data: bytes) -> IdCard:
        try:
            parts = samv_content.blobs(samv.READ_TEXT_PHOTO, data)
        except ValueError as error:
            raise ProtocolError(f"{self.device_id}: {error}") from None
        try:
            text = id_text.decode(parts.text)
        except ValueError as error:
            raise _unusable("text", str(error)) from None
        if self._settings.check_id_number and (wrong := _number_problem(text)):
            raise _unusable("number", wrong)
        picture_format, picture = self._picture(parts.photo)
        return IdCard(
            kind=CardKind(text.kind),
            name=text.name,
            english_name=text.english_name,
            sex=cast(Sex, text.sex),
            nation=text.nation,
            birth=text.birth,
            address=text.address,
            id_number=text.id_number,
            issuer=text.issuer,
            valid_from=text.valid_from,
            valid_to=text.valid_to,
            photo=b64encode(picture).decode(),
            photo_format=picture_format,
        )

    def _picture(self, wlt: bytes) -> tuple[str, bytes]:
        try:
            return self._photo(wlt)
        except ValueError:
            return "", b""  # a card without its picture is better than no card


def _number_problem(text: id_text.CardText) -> str | None:
    """Say what is wrong with a card's number, None when nothing is."""
    if text.kind == CardKind.FOREIGNER_2017:  # whose number is of another sort
        return id_number.permit_problem(text.id_number)
    wrong = persons.problem(text.id_number)
    return wrong or (None if persons.birth_of(text.id_number) == text.birth else "birth-date")


def _unusable(what: str, why: str) -> DeviceFault:
    return DeviceFault("card-data", f"the card's {what} is unusable: {why}", advice=samv.PLACE_AGAIN)


def _fits(command: bytes, frame: samv.SamvFrame) -> bool:
    """Say whether a frame can be the answer to `command`: its own success, or any refusal (no data)."""
    success, size = _ANSWERS[command[:2]]
    if frame.sw3 is None:
        return False
    if frame.sw3 == success:
        return size is None or len(frame.body) == 3 + size
    return len(frame.body) == 3 and frame.sw3 not in (samv.OK, samv.FOUND)


def _fault(sw3: int) -> DeviceFault:
    meaning = samv.meaning_of(sw3)
    return DeviceFault(meaning.code, meaning.text, advice=meaning.advice or samv.PLACE_AGAIN)


SPEC = DriverSpec(
    name="idreader-samv",
    kind="id-reader",
    wire="bytes",
    settings=SamvSettings,
    build=SamvIdReader,
    doc="docs/devices/idreader-samv.md",
    baud=115200,
    level="silver",
    explain=samv.explain,
    source="three to six public sources; no reader seen yet",
)
