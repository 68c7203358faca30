"""Onbon BX-6G image cards: we draw the text with the hall's own font and send the card a picture of it.

So every character can be shown.  Commands of group A7 go in the dynamic frame; each is answered by A0 00
(done) or A0 01 with an error.  What came before a command is thrown away: it answers nothing.
Source: protocols section 4.1.2; page docs/devices/ledboard-onbon-image.md.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import dot_text, onbon, onbon_image
from devices.codecs.dot_text import Face
from devices.codecs.onbon_image import ImageFrame
from devices.codecs.onbon_picture import Area, Packing, Page, pack
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

_PICTURES = 0xA7  # the command group that goes in the dynamic frame
_AGAIN = (onbon.BUSY, onbon.CHECKSUM)


class OnbonImageSettings(BaseModel):
    """The `[device.settings]` table of an image card.  What is not sure for every card is a setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: int = Field(
        default=onbon_image.CARD, ge=1, le=0xFFFF, description="the card's number; 65534 any"
    )
    device_type: int = Field(
        default=onbon_image.ANY_DEVICE, ge=0, le=0xFFFF, description="card type, 65534 any; a BX-6G sent 1620"
    )
    link: int = Field(default=onbon_image.BY_TCP, ge=0, le=2, description="0 serial, 1 TCP, 2 GPRS")
    width_px: int = Field(default=128, ge=8, le=1024, multiple_of=8, description="width of the board in dots")
    height_px: int = Field(default=32, ge=8, le=256, multiple_of=8, description="height of the board in dots")
    least_glyph_px: int = Field(
        default=12, ge=8, le=64, description="the smallest character that can be read"
    )
    font: str | None = Field(
        default=None, description="a TrueType font file instead of the hall's own Noto Sans SC"
    )
    packing: Packing = Field(
        default="one", description="bitmap: one colour, two-by-byte or two-by-row for two colours"
    )
    mode: int = Field(default=2, ge=0, le=255, description="how a page comes; 2 (at once) was recorded")
    speed: int = Field(default=5, ge=0, le=63)
    page_stay_s: float = Field(
        default=3.0, gt=0, le=60, description="how long a page of a long text stands (sent in units of 10 ms)"
    )
    frame_max: int = Field(default=6400, ge=1024, le=60_000, description="longest frame body the card takes")
    tolerate_reply_checks: bool = Field(default=False, description="take answers whose checksums are wrong")
    reply_timeout_s: float = Field(default=3.0, gt=0, le=30)
    busy_wait_s: float = Field(default=0.2, gt=0, le=5, description="pause before a busy card is asked again")
    busy_tries: int = Field(default=4, ge=1, le=20, description="how often a busy card is asked")


class OnbonImageBoard:
    """An image card on a wire, showing one text."""

    def __init__(self, device_id: str, wire: ByteStream, settings: OnbonImageSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = onbon_image.OnbonImageCodec(check=not settings.tolerate_reply_checks)
        self._unasked = 0  # bytes of answers that came when nothing was asked
        self._seq = 0
        self._face = Face(
            settings.width_px,
            settings.height_px,
            settings.least_glyph_px,
            Path(settings.font) if settings.font else dot_text.FONT,
        )

    async def probe(self) -> None:
        """Ping the card."""
        self._seq = (self._seq + 1) & 0xFFFF
        await self._command(onbon_image.PING, b"")

    async def show(self, text: str) -> None:
        """Show `text`, page after page when it is too long for one.  Raises DeviceFault."""
        try:
            pages = dot_text.pages(text, self._face)
        except OSError as error:
            raise DeviceFault(
                "board-no-font",
                f"{self.device_id}: the font {self._face.font.name} is missing; run the setup or set `font`",
            ) from error
        await self._command(onbon_image.SHOW, self._area(pages).encode())

    async def clear(self) -> None:
        """Go dark."""
        await self._command(onbon_image.DELETE, onbon_image.ALL_AREAS)

    def _area(self, pages: list[dot_text.Dots]) -> Area:
        settings = self._settings
        width, height = settings.width_px, settings.height_px
        return Area(
            0,
            0,
            width,
            height,
            tuple(
                Page(
                    pack(dots, width, height, settings.packing),
                    valid_width=width,
                    mode=settings.mode,
                    speed=settings.speed,
                    stay_10ms=round(settings.page_stay_s * 100),
                )
                for dots in pages
            ),
        )

    def _frame(self, code: bytes, data: bytes) -> bytes:
        """Return the bytes of a command.  Raises DeviceFault when no card takes that much."""
        settings = self._settings
        body = onbon_image.command(code, data)
        if len(body) > settings.frame_max:
            raise DeviceFault("board-text-too-long", f"{self.device_id}: the text needs too many pages")
        return onbon_image.encode(
            ImageFrame(
                body,
                dynamic=_is_dynamic(code),
                device=settings.device_type,
                dst=settings.address,
                seq=self._seq,
                link=settings.link,
                frame_max=settings.frame_max // 16,
            )
        )

    async def _command(self, code: bytes, data: bytes) -> None:
        """Send and wait for the answer.  Raises DeviceFault with the error word, WireTimeout, WireClosed."""
        frame = self._frame(code, data)
        deadline_s = self._wire.now_s() + self._settings.reply_timeout_s
        error = onbon.BUSY
        for _ in range(self._settings.busy_tries):
            self._codec.reset()
            self._unasked += await drain(self._wire)
            await self._wire.write(frame)
            error = await self._answer(deadline_s, code)
            if error not in _AGAIN:
                break
            await self._pause(min(self._wire.now_s() + self._settings.busy_wait_s, deadline_s))
        if error:
            word = onbon.ERRORS.get(error, f"error-{error}")
            raise DeviceFault(f"board-{word}", f"{self.device_id}: the card refuses: {word}")

    async def _answer(self, deadline_s: float, code: bytes) -> int:
        """Return the error number of the next answer to `code`, 0 for done."""
        while True:
            frames = self._codec.feed(await read_until(self._wire, deadline_s))
            self.discarded_bytes = self._codec.discarded + self._unasked
            for frame in frames:
                error = _error_in(frame, code)
                if error is not None:
                    return error

    async def _pause(self, until_s: float) -> None:
        """Let the card finish; what it says meanwhile answers nothing."""
        try:
            while self._wire.now_s() < until_s:
                self._unasked += len(await read_until(self._wire, until_s))
        except WireTimeout:
            return


def _is_dynamic(code: bytes) -> bool:
    return code[0] == _PICTURES


def _error_in(frame: ImageFrame, code: bytes) -> int | None:
    """Return what a frame says about a command; None when it says nothing about it."""
    said = onbon_image.read_answer(frame.body)
    if said is None:
        return None
    if said.command == onbon_image.REFUSED:
        return said.error or onbon.BUSY
    wanted = onbon_image.PING_ANSWER if code == onbon_image.PING else onbon_image.ACK
    # An acknowledgement of a common command must not be taken for the one of a picture.
    return said.error if said.command == wanted and frame.dynamic == _is_dynamic(code) else None


SPEC = DriverSpec(
    name="ledboard-onbon-image",
    kind="led-board",
    wire="bytes",
    settings=OnbonImageSettings,
    build=OnbonImageBoard,
    doc="docs/devices/ledboard-onbon-image.md",
    baud=57600,
    level="silver",
    source="frames recorded from the maker's SDK; no card seen yet",
)
