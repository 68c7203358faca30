"""Serial code scanners (QR and bars): the GM65/GM812 family, and any other that sends lines of text.

Text comes as lines that end in CR, LF or both.  GM scanners also take settings and say whether they are
there; switch `heartbeat` off for others.
Source: protocols section 8; page docs/devices/scanner-gm65.md.
"""

from __future__ import annotations

from collections import deque

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs import gm65
from devices.codecs.scan_text import Repeats, ScanText, decode, split_aim
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, read_until

TRIES = 3  # the manual: three heartbeats missed is lost
MOST_WAITING = 16
"""Scans that nobody has fetched yet; older ones are dropped."""


class Gm65Settings(BaseModel):
    """The `[device.settings]` table of a serial scanner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    heartbeat: bool = Field(default=True, description="ask for signs of life; false for other makers")
    zones: dict[int, int] = Field(
        default={},
        description="settings written at every connection: zone -> byte (GM manual); not saved to flash",
    )
    aim_ids: bool = Field(default=True, description="take a prefix such as ]Q1 off and tell what it means")
    same_within_s: float = Field(
        default=2.5,
        ge=0,
        le=60,
        description="the same code this soon after it was last seen is the same scan",
    )
    line_gap_s: float = Field(
        default=0.5, gt=0, le=10, description="a line that stands still for longer is broken and dropped"
    )
    reply_s: float = Field(default=0.5, gt=0, le=5, description="how long an answer may take")
    most_bytes: int = Field(default=4096, ge=16, le=16384, description="a longer line is garbage")

    @field_validator("zones")
    @classmethod
    def _bytes(cls, zones: dict[int, int]) -> dict[int, int]:
        if any(not (0 <= zone <= 0xFFFF and 0 <= value <= 0xFF) for zone, value in zones.items()):
            raise ValueError("a zone is 0 to 65535 and its value 0 to 255")
        return zones


class Gm65Scanner:
    """A scanner on a serial wire.  See devices.kinds.Scanner."""

    def __init__(self, device_id: str, wire: ByteStream, settings: Gm65Settings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.garbled_lines = 0
        self._garbled_bytes = 0
        self._wire = wire
        self._settings = settings
        self._codec = gm65.ScannerCodec(settings.most_bytes)
        self._repeats = Repeats(settings.same_within_s)
        self._scans: deque[ScanText] = deque(maxlen=MOST_WAITING)
        self._heard_s = 0.0
        self._is_set = False

    async def probe(self) -> None:
        """Write the settings once, then ask for a sign of life; see devices.kinds.Driver."""
        if not self._is_set:
            for zone, value in self._settings.zones.items():
                await self._set(gm65.Request(gm65.WRITE, zone, bytes((value,))))
            self._is_set = True
        if not self._settings.heartbeat:
            await self._wire.write(b"")
            return
        await self._ask(gm65.heartbeat(), gm65.ALIVE)

    async def trigger(self) -> None:
        """Look for one code now.  Raises DeviceFault when the scanner refuses."""
        await self._set(gm65.trigger())

    async def look(self, wait_s: float) -> ScanText | None:
        """Return the next code, waiting at most `wait_s`; see devices.kinds.Scanner."""
        deadline_s = self._wire.now_s() + wait_s
        while not self._scans:
            try:
                await self._hear(deadline_s)
            except WireTimeout:
                break
        return self._scans.popleft() if self._scans else None

    async def _set(self, request: gm65.Request) -> None:
        reply = await self._ask(request, gm65.ANSWERED)
        if reply.data != gm65.ACCEPTED:
            raise DeviceFault("setting-refused", f"{self.device_id} refuses to set zone {request.zone:04X}")

    async def _ask(self, request: gm65.Request, kind: int) -> gm65.Reply:
        for _ in range(TRIES):
            await self._wire.write(request.encode())
            deadline_s = self._wire.now_s() + self._settings.reply_s
            try:
                while True:
                    for reply in await self._hear(deadline_s):
                        if reply.kind == kind:
                            return reply
            except WireTimeout:
                continue
        raise WireTimeout(f"{self.device_id} does not answer")

    async def _hear(self, deadline_s: float) -> list[gm65.Reply]:
        """Read once; keep the scans, return the replies.  Raises WireTimeout at the deadline."""
        until_s = deadline_s
        if self._codec.held:
            until_s = min(deadline_s, self._heard_s + self._settings.line_gap_s)
        try:
            data = await read_until(self._wire, max(until_s, self._wire.now_s()))
        except WireTimeout:
            if self._codec.held and self._wire.now_s() >= self._heard_s + self._settings.line_gap_s:
                replies = self._sort(self._codec.settle())
                if replies:
                    return replies
            if self._wire.now_s() >= deadline_s:
                raise
            return []
        self._heard_s = self._wire.now_s()
        replies = self._sort(self._codec.feed(data))
        if self._heard_s > deadline_s and not replies:
            raise WireTimeout("nothing of use came in time")  # a wire that babbles without end
        return replies

    def _sort(self, found: list[bytes | gm65.Reply]) -> list[gm65.Reply]:
        for line in found:
            if isinstance(line, bytes):
                self._take(line)
        self.discarded_bytes = self._codec.discarded + self._garbled_bytes
        return [one for one in found if isinstance(one, gm65.Reply)]

    def _take(self, line: bytes) -> None:
        text = decode(line)
        if text is None:
            self.garbled_lines += 1
            self._garbled_bytes += len(line)
        elif not self._repeats.is_repeat(text, self._wire.now_s()):
            self._scans.append(split_aim(text) if self._settings.aim_ids else ScanText(text))


SPEC = DriverSpec(
    name="scanner-gm65",
    kind="scanner",
    wire="bytes",
    settings=Gm65Settings,
    build=Gm65Scanner,
    doc="docs/devices/scanner-gm65.md",
    baud=9600,
    level="silver",
    source="two sources for the trigger, one manual for the rest; no scanner seen yet",
)
