"""Identity-card readers with a SAM_V module (CVR, Huaxu, Synthesis, ZKT …), on a serial line at 115200 8N1.

A card is found, selected and read, in this order and each time anew.  After a read the reader answers "no
new card" until the card is lifted, so one card on the plate is read once.  The 1024 photo bytes are dropped.
Source: protocols section 1; page docs/devices/idreader-samv.md.
"""

from __future__ import annotations

from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import id_text, samv
from devices.contracts import persons
from devices.contracts.id_reader import CardKind, IdCard
from devices.errors import DeviceFault, ProtocolError, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

Sex = Literal["0", "1", "2", "9"]  # id_text lets no other through
_TEXT_LEN = id_text.TEXT_BYTES
_PHOTO_LEN = 1024
_NOT_HEARD = (samv.HOST_CHECKSUM, samv.HOST_LENGTH)
_TRIES = 3  # of one command whose request was damaged on its way
_STALE = 8  # whole answers that fit no question, before the line counts as out of step

# command -> (status word of success, bytes of data that come with it); None: not checked here
_ANSWERS: dict[bytes, tuple[int, int | None]] = {
    samv.STATUS: (samv.OK, None),
    samv.FIND: (samv.FOUND, 4),
    samv.SELECT: (samv.OK, 8),
    samv.READ_TEXT_PHOTO: (samv.OK, 4 + _TEXT_LEN + _PHOTO_LEN),
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
        description="refuse a card whose 18-character number has a wrong check character or date",
    )


class SamvIdReader:
    """A SAM_V reader on a wire.  Keeps no card: each is returned once and forgotten."""

    def __init__(self, device_id: str, wire: ByteStream, settings: SamvSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = samv.SamvCodec()
        self._unasked = 0  # bytes of answers that came when nothing was asked

    async def probe(self) -> None:
        """Ask the security module for its self test.  Raises DeviceFault with advice `call-staff`."""
        sw3, _ = await self._ask(samv.STATUS, self._wire.now_s() + self._settings.find_timeout_s)
        if sw3 != samv.OK:
            raise _fault(sw3)

    async def poll_card(self) -> IdCard | None:
        """Look once; see devices.kinds.IdReader."""
        times = self._settings
        latest_s = self._wire.now_s() + times.overall_timeout_s
        sw3, _ = await self._ask(samv.FIND, self._until(times.find_timeout_s, latest_s))
        if sw3 == samv.NO_NEW_CARD:
            return None
        if sw3 != samv.FOUND:
            raise _fault(sw3)
        sw3, _ = await self._ask(samv.SELECT, self._until(times.select_timeout_s, latest_s))
        if sw3 != samv.OK:
            raise _fault(sw3)
        try:
            sw3, data = await self._ask(samv.READ_TEXT_PHOTO, self._until(times.read_timeout_s, latest_s))
        except (WireTimeout, ProtocolError) as error:
            # The reader may have read the card and now knows it: only a card placed anew is found again.
            raise DeviceFault(
                "read-failed", f"the answer to reading was spoilt: {error}", advice="place-again"
            ) from error
        if sw3 != samv.OK:
            raise _fault(sw3)
        return self._card(data)

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
        if data[:4] != _TEXT_LEN.to_bytes(2, "big") + _PHOTO_LEN.to_bytes(2, "big"):
            raise ProtocolError(f"{self.device_id}: the answer's text and photo are not 256 and 1024 bytes")
        try:
            text = id_text.decode(data[4 : 4 + _TEXT_LEN])
        except ValueError as error:
            raise DeviceFault(
                "card-data", f"the card's text is unusable: {error}", advice="place-again"
            ) from None
        wrong = persons.problem(text.id_number) if self._settings.check_id_number else None
        if wrong and text.kind != CardKind.FOREIGNER_2017:  # whose number is of another sort
            raise DeviceFault("card-data", f"the card's number is unusable: {wrong}", advice="place-again")
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
        )


def _fits(command: bytes, frame: samv.SamvFrame) -> bool:
    """Say whether a frame can be the answer to `command`: its own success, or any refusal (no data)."""
    success, size = _ANSWERS[command]
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
)
