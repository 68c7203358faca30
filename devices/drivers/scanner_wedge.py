"""USB scanners that type like a keyboard: read through evdev, grabbed, so that no screen gets the keys.

Source: protocols section 8 and 5.2; page docs/devices/scanner-wedge.md.
"""

from __future__ import annotations

from collections import deque

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.input_event import InputCodec
from devices.codecs.scan_text import Repeats, ScanText, split_aim
from devices.codecs.wedge_text import TypedLines
from devices.errors import WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, read_until

MOST_WAITING = 16
"""Scans that nobody has fetched yet; older ones are dropped."""


class WedgeSettings(BaseModel):
    """The `[device.settings]` table of a wedge scanner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key_gap_s: float = Field(
        default=0.1, gt=0, le=2, description="a longer pause between two keys breaks the text off"
    )
    same_within_s: float = Field(
        default=2.5,
        ge=0,
        le=60,
        description="the same code this soon after it was last seen is the same scan",
    )
    aim_ids: bool = Field(default=True, description="take a prefix such as ]Q1 off and tell what it means")
    most_chars: int = Field(default=2048, ge=16, le=8192, description="a longer text is garbage")


class WedgeScanner:
    """A typing scanner on an input wire.  See devices.kinds.Scanner."""

    def __init__(self, device_id: str, wire: ByteStream, settings: WedgeSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        """Bytes that were no record, and characters of texts that were broken off."""
        self._wire = wire
        self._settings = settings
        self._codec = InputCodec()
        self._lines = TypedLines(settings.key_gap_s, settings.most_chars)
        self._repeats = Repeats(settings.same_within_s)
        self._scans: deque[ScanText] = deque(maxlen=MOST_WAITING)

    async def probe(self) -> None:
        """Learn whether the device is there; it cannot be asked how it is."""
        await self._wire.write(b"")
        try:
            self._take(await self._wire.read(0))
        except WireTimeout:
            return  # nothing typed is as it should be

    async def trigger(self) -> None:
        """Do nothing: a typing scanner looks by itself."""

    async def look(self, wait_s: float) -> ScanText | None:
        """Return the next code, waiting at most `wait_s`; see devices.kinds.Scanner."""
        deadline_s = self._wire.now_s() + wait_s
        while not self._scans:
            try:
                self._take(await read_until(self._wire, deadline_s))
            except WireTimeout:
                return None
        return self._scans.popleft()

    def _take(self, data: bytes) -> None:
        now_s = self._wire.now_s()
        for event in self._codec.feed(data):
            line = self._lines.feed(event, now_s)
            if line is not None and not self._repeats.is_repeat(line, now_s):
                self._scans.append(split_aim(line) if self._settings.aim_ids else ScanText(line))
        self.discarded_bytes = self._codec.discarded + self._lines.dropped


SPEC = DriverSpec(
    name="scanner-wedge",
    kind="scanner",
    wire="bytes",
    settings=WedgeSettings,
    build=WedgeScanner,
    doc="docs/devices/scanner-wedge.md",
    answers=False,
    places=("input",),
    level="silver",
    source="the kernel's headers; no scanner seen yet",
)
