"""Call pads and evaluators of the FF 68 family: many on one RS-232/485 line, told apart by address.

A pad sends a key and repeats it until the host echoes the frame; an evaluator's rating is acknowledged with
command 01 and the same data.  Frames carry no number, so an equal frame soon after is the same press.
Pads acknowledge nothing: what is shown on them is sent and believed.
Source: protocols section 5.1 (framing two sources, codes one); page docs/devices/padline-ff68.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs import ff68
from devices.contracts.call_pad import PadKey
from devices.kinds import PadPress, PadRating
from devices.spec import DriverSpec
from devices.transports.base import ByteStream

# Single-sourced; the key is the end of the data, so digits typed before a one-byte key do not matter.
KEYS = {
    "0c": PadKey.CALL_NEXT,
    "0d": PadKey.RECALL,
    "0b": PadKey.ASK_RATING,
    "0e": PadKey.CANCEL,
    "12": PadKey.PAUSE,
    "13": PadKey.TRANSFER,
    "060f": PadKey.NO_SHOW,
    "000f": PadKey.HOLD,
    "030f": PadKey.RESUME_HELD,
}
# The source's four answers: 0 dissatisfied, 1 the default, 2 satisfied, anything else very satisfied.
RATINGS = {0: 2, 1: 3, 2: 4}
OTHER_RATING = 5


class PadLineSettings(BaseModel):
    """The `[device.settings]` table of a pad line.  Key codes and ratings have one source: check yours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: dict[str, PadKey] = Field(default=KEYS, description="last data bytes of a key frame (hex) -> key")
    ratings: dict[int, int] = Field(default=RATINGS, description="rating byte -> level 5 (best) to 1")
    other_rating: int = Field(
        default=OTHER_RATING,
        ge=0,
        le=5,
        description="level of a rating byte not in `ratings`; 0: not counted",
    )
    repeat_within_s: float = Field(
        default=0.7, ge=0, le=5, description="an equal frame this soon after the last one is the same press"
    )

    @field_validator("keys")
    @classmethod
    def _hex_keys(cls, keys: dict[str, PadKey]) -> dict[str, PadKey]:
        """Accept any way to write hex; at most the three data bytes that a pad can send."""
        plain = {bytes.fromhex(code).hex(): key for code, key in keys.items()}
        if any(not 1 <= len(code) // 2 <= ff68.HOST_MAX_L - 2 for code in plain):
            raise ValueError("a key code has one to three bytes in hex, such as 0c or 060f")
        return plain

    @field_validator("ratings")
    @classmethod
    def _levels(cls, ratings: dict[int, int]) -> dict[int, int]:
        if any(not 1 <= level <= 5 for level in ratings.values()):
            raise ValueError("a level is 1 to 5")
        if any(not 0 <= value <= 255 for value in ratings):
            raise ValueError("a rating byte is 0 to 255")
        return ratings


class Ff68PadLine:
    """All pads on one line.  Only `presses` reads; the other methods write one whole frame each."""

    def __init__(self, device_id: str, wire: ByteStream, settings: PadLineSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.unknown_frames = 0
        """Whole frames with no known key or rating: acknowledged, so that the pad stops, and dropped."""
        self._wire = wire
        self._settings = settings
        self._codec = ff68.PadCodec(ff68.HOST_MAX_L)
        self._last_s: dict[tuple[int, int], tuple[bytes, float]] = {}

    async def probe(self) -> None:
        """Learn whether the wire is there; no pad can be asked whether it is."""
        await self._wire.write(b"")

    async def presses(self) -> AsyncIterator[PadPress | PadRating]:
        """Yield each press once, acknowledged; see devices.kinds.PadLine."""
        while True:
            frames = self._codec.feed(await self._wire.read())
            self.discarded_bytes = self._codec.discarded
            for frame in frames:
                await self._wire.write(ff68.encode(_acknowledgement(frame)))
                press = self._meaning(frame)
                if press is None:
                    self.unknown_frames += 1
                elif not self._is_repeat(frame):
                    yield press

    async def show_ticket(self, addr: int, number: str) -> None:
        """Show the last three digits of `number`; empty blanks the whole display."""
        await self._send(addr, ff68.CMD_SHOW, ff68.ticket_digits(number))

    async def show_waiting(self, addr: int, waiting: int) -> None:
        """Show how many wait, at most 999."""
        await self._send(addr, ff68.CMD_SHOW, ff68.waiting_digits(waiting))

    async def beep(self, addr: int) -> None:
        """Sound the pad once."""
        await self._send(addr, ff68.CMD_BEEP, b"")

    async def ask_rating(self, addr: int) -> None:
        """Wake the evaluator."""
        await self._send(addr, ff68.CMD_KEY, ff68.ASK_RATING)

    async def _send(self, addr: int, cmd: int, data: bytes) -> None:
        await self._wire.write(ff68.encode(ff68.PadFrame(addr, cmd, data)))

    def _meaning(self, frame: ff68.PadFrame) -> PadPress | PadRating | None:
        if frame.cmd == ff68.CMD_RATING and frame.data:
            level = self._settings.ratings.get(frame.data[0], self._settings.other_rating)
            return PadRating(frame.addr, level) if level else None
        if frame.cmd != ff68.CMD_KEY:
            return None
        endings = (frame.data[-width:].hex() for width in (3, 2, 1))
        key = next((self._settings.keys[code] for code in endings if code in self._settings.keys), None)
        return PadPress(frame.addr, key) if key is not None else None

    def _is_repeat(self, frame: ff68.PadFrame) -> bool:
        """Say whether this is the frame before once more; each repeat keeps the press alive for the next."""
        now_s = self._wire.now_s()
        data, last_s = self._last_s.get((frame.addr, frame.cmd), (b"", float("-inf")))
        self._last_s[frame.addr, frame.cmd] = (frame.data, now_s)
        return data == frame.data and now_s - last_s <= self._settings.repeat_within_s


def _acknowledgement(frame: ff68.PadFrame) -> ff68.PadFrame:
    """Return the echo of a key frame, or command 01 with the same data for a rating."""
    cmd = ff68.CMD_KEY if frame.cmd == ff68.CMD_RATING else frame.cmd
    return ff68.PadFrame(frame.addr, cmd, frame.data)


SPEC = DriverSpec(
    name="padline-ff68",
    kind="pad-line",
    wire="bytes",
    settings=PadLineSettings,
    build=Ff68PadLine,
    doc="docs/devices/padline-ff68.md",
    answers=False,
    baud=9600,
    level="silver",
    explain=ff68.explain,
    source="framing two sources, key codes one; no pad seen yet",
)
