"""Onbon BX-5K/6K font cards: a line of Chinese text above a window, over TCP 5005 or a serial line.

The card draws GB2312 text with its own fonts.  Each command is answered by A0 00 (done) or A0 01 with an
error word; the answers carry no number, so what came before a command is thrown away.
Source: protocols section 4.1.1; page docs/devices/ledboard-onbon-font.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import onbon, onbon_text
from devices.codecs.onbon_text import DynamicText, FlagStyle
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

Colour = Literal["plain", "red", "green", "yellow"]
_ALIGN = {"left": 0, "right": 1, "centre": 2}
_MIDDLE = 2 << 2  # bits 2-3: centred from top to bottom
_PING = onbon.PING + b"\x01\0\0"
_AGAIN = (onbon.BUSY, onbon.CHECKSUM)


class OnbonFontSettings(BaseModel):
    """The `[device.settings]` table of a font card.  What the sources disagree on is a setting."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: int = Field(default=onbon.CARD, ge=1, le=0xFFFE, description="the card's number on its line")
    device_type: int = Field(default=onbon.ANY_DEVICE, ge=0, le=255, description="card type byte, FE any")
    width_px: int = Field(default=128, ge=8, le=2048, multiple_of=8, description="width of the board in dots")
    height_px: int = Field(default=16, ge=8, le=512, multiple_of=8, description="height of the board in dots")
    glyph_px: int = Field(
        default=16, ge=8, le=96, description="width of one Chinese character of the card's font"
    )
    colour: Colour = Field(default="plain", description="colour escape before the text; plain sends none")
    align: Literal["left", "right", "centre"] = "centre"
    unit: Literal["8px", "px"] = Field(default="8px", description="how x, y, width, height are written")
    flag: FlagStyle = Field(
        default="clear", description="r1 r2 of A3 06: clear (01 00), none (00 00) or length of what follows"
    )
    scroll_speed: int = Field(default=4, ge=0, le=24, description="0 is the fastest")
    tolerate_reply_crc: bool = Field(default=False, description="take answers whose CRC is wrong")
    reply_timeout_s: float = Field(default=3.0, gt=0, le=30)
    busy_wait_s: float = Field(default=0.2, gt=0, le=5, description="pause before a busy card is asked again")
    busy_tries: int = Field(default=4, ge=1, le=20)


class OnbonFontBoard:
    """A font card on a wire, showing one line of text."""

    def __init__(self, device_id: str, wire: ByteStream, settings: OnbonFontSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = onbon.OnbonCodec(check_crc=not settings.tolerate_reply_crc)
        self._unasked = 0  # bytes of answers that came when nothing was asked

    async def probe(self) -> None:
        """Ping the card."""
        await self._command(_PING)

    async def show(self, text: str) -> None:
        """Show `text`, standing when it fits and running to the left when not.  Raises DeviceFault."""
        await self._command(self._dynamic(text).encode(self._settings.flag))

    async def clear(self) -> None:
        """Go dark."""
        await self._command(onbon.CLEAR + b"\x01\0\0")

    def _dynamic(self, text: str) -> DynamicText:
        settings = self._settings
        shown = onbon_text.gb2312(text)
        fits = onbon_text.half_columns(shown) * settings.glyph_px <= 2 * settings.width_px
        return DynamicText(
            text=onbon_text.COLOURS.get(settings.colour, b"") + shown,
            width=self._size(settings.width_px),
            height=self._size(settings.height_px),
            mode=onbon_text.STATIC if fits else onbon_text.SCROLL_LEFT,
            align=_MIDDLE | (_ALIGN[settings.align] if fits else 0),
            speed=settings.scroll_speed,
        )

    def _size(self, pixels: int) -> int:
        return pixels // 8 if self._settings.unit == "8px" else pixels | 0x8000

    async def _command(self, data: bytes) -> None:
        """Send and wait for the answer.  Raises DeviceFault with the error word, WireTimeout, WireClosed."""
        frame = onbon.encode(
            onbon.OnbonFrame(data, dst=self._settings.address, device=self._settings.device_type)
        )
        deadline_s = self._wire.now_s() + self._settings.reply_timeout_s
        error = onbon.BUSY
        for _ in range(self._settings.busy_tries):
            self._codec.reset()
            self._unasked += await drain(self._wire)
            await self._wire.write(frame)
            error = await self._answer(deadline_s, any_frame=data == _PING)
            if error not in _AGAIN:
                break
            await self._pause(min(self._wire.now_s() + self._settings.busy_wait_s, deadline_s))
        if error:
            word = onbon.ERRORS.get(error, f"error-{error}")
            raise DeviceFault(f"board-{word}", f"{self.device_id}: the card refuses: {word}")

    async def _answer(self, deadline_s: float, *, any_frame: bool) -> int:
        """Return the error number of the next answer, 0 for done.

        `any_frame` takes a frame of another group for done: some cards answer a ping with their status.
        """
        while True:
            frames = self._codec.feed(await read_until(self._wire, deadline_s))
            self.discarded_bytes = self._codec.discarded + self._unasked
            for frame in frames:
                if len(frame.data) >= 3 and frame.data[0] == onbon.ACK_GROUP:
                    return frame.data[2] if frame.data[1] else 0
                if any_frame:
                    return 0

    async def _pause(self, until_s: float) -> None:
        """Let the card finish; what it says meanwhile answers nothing."""
        try:
            while self._wire.now_s() < until_s:
                self._unasked += len(await read_until(self._wire, until_s))
        except WireTimeout:
            return


SPEC = DriverSpec(
    name="ledboard-onbon-font",
    kind="led-board",
    wire="bytes",
    settings=OnbonFontSettings,
    build=OnbonFontBoard,
    doc="docs/devices/ledboard-onbon-font.md",
    baud=57600,
    level="silver",
    source="five public sources, which differ on two bytes; no card seen yet",
)
