"""AlphaSign and BetaBrite boards: ASCII text, so the hall's Chinese sentences are said in other words.

A sign does not acknowledge what it shows; so it is asked for its text afterwards, and only what it gives back
was shown.  Source: protocols section 4.2; page docs/devices/ledboard-alphasign.md.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import alphasign
from devices.codecs.alphasign import AlphaPacket, TextFile
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain, read_until

WORDS = {
    "请": "",
    "到": " -> ",
    "号窗口": "",
    "暂停服务": "PAUSED",
    "未登录!": "CLOSED",
    "欢迎光临!": "WELCOME",
}


class AlphaSignSettings(BaseModel):
    """The `[device.settings]` table of an Alpha sign."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(default="00", pattern="^[0-9A-F]{2}$", description="the sign's address; 00 all")
    label: str = Field(
        default="A", pattern="^[0A-Z]$", description="the TEXT file that is shown; 0 is the priority file"
    )
    columns: int = Field(default=16, ge=4, le=120, description="characters that fit; a longer text rotates")
    words: dict[str, str] = Field(
        default=WORDS, description="Chinese -> ASCII, longest first; what is left must be ASCII"
    )
    confirm: Literal["read-back", "none"] = Field(
        default="read-back", description="ask for the text afterwards; none for a sign that cannot answer"
    )
    settle_s: float = Field(default=0.1, ge=0, le=5, description="pause between writing and asking")
    reply_timeout_s: float = Field(default=2.0, gt=0, le=30)
    tries: int = Field(
        default=3, ge=1, le=10, description="how often a text is written until it is confirmed"
    )


class AlphaSignBoard:
    """A sign on a wire, showing one line of text."""

    def __init__(self, device_id: str, wire: ByteStream, settings: AlphaSignSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = alphasign.AlphaCodec()
        self._unasked = 0  # bytes that came when nothing was asked

    async def probe(self) -> None:
        """Ask for the sign's text; without read-back, learn only whether the wire is there."""
        if self._settings.confirm == "none":
            self._unasked += await drain(self._wire)
            self.discarded_bytes = self._codec.discarded + self._unasked
            await self._wire.write(b"")
        else:
            await self._held()

    async def show(self, text: str) -> None:
        """Show `text` in ASCII, still when it fits, else rotating.  Raises DeviceFault, WireTimeout."""
        shown = self._in_ascii(text)
        mode = alphasign.HOLD if len(shown) <= self._settings.columns else alphasign.ROTATE
        await self._write(TextFile(shown, self._settings.label, mode))

    async def clear(self) -> None:
        """Go dark."""
        await self._write(TextFile("", self._settings.label))

    def _in_ascii(self, text: str) -> str:
        words = self._settings.words
        for word in sorted(words, key=len, reverse=True):
            text = text.replace(word, words[word])
        plain = unicodedata.normalize("NFKC", text).strip()
        if not all(" " <= char <= "~" for char in plain):
            raise DeviceFault(
                "board-text-impossible",
                f"{self.device_id}: a sign shows ASCII only; say in `words` how {plain!r} is written",
            )
        return plain

    async def _write(self, wanted: TextFile) -> None:
        """Write, and write again until the sign gives back what was written."""
        settings = self._settings
        for left in reversed(range(settings.tries)):
            await self._send(wanted.write())
            if settings.confirm == "none":
                return
            await self._settle()
            try:
                if await self._held() == wanted:
                    return
            except WireTimeout:
                if not left:
                    raise
        raise DeviceFault(
            "board-not-confirmed", f"{self.device_id}: the sign holds another text than it was told"
        )

    async def _held(self) -> TextFile:
        """Return the TEXT file that the sign says it holds.  Raises WireTimeout, WireClosed."""
        await self._send(alphasign.read(self._settings.label))
        deadline_s = self._wire.now_s() + self._settings.reply_timeout_s
        while True:
            packets = self._codec.feed(await read_until(self._wire, deadline_s))
            self.discarded_bytes = self._codec.discarded + self._unasked
            for packet in packets:
                found = alphasign.text_file(packet.body)
                if packet.kind == alphasign.ANSWER and found and found.label == self._settings.label:
                    return found

    async def _send(self, body: bytes) -> None:
        self._codec.reset()
        self._unasked += await drain(self._wire)
        await self._wire.write(alphasign.encode(AlphaPacket(body, address=self._settings.address)))

    async def _settle(self) -> None:
        """Give the sign time; what it says meanwhile answers nothing."""
        until_s = self._wire.now_s() + self._settings.settle_s
        try:
            while self._wire.now_s() < until_s:
                self._unasked += len(await read_until(self._wire, until_s))
        except WireTimeout:
            return


SPEC = DriverSpec(
    name="ledboard-alphasign",
    kind="led-board",
    wire="bytes",
    settings=AlphaSignSettings,
    build=AlphaSignBoard,
    doc="docs/devices/ledboard-alphasign.md",
    baud=9600,
    level="silver",
    source="the maker's manual and alphasignpy, which reads our packets too; no sign seen yet",
)
