"""A USB keypad as a window's call pad: keys become presses and ratings, through evdev, grabbed.

A key of its own means something at once; digits mean something together with Enter, as on a call pad
(`6`, Enter: no-show).
Source: protocols section 5.2 (from memory); page docs/devices/buttons-evdev.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs.input_event import (
    DROPPED,
    EV_KEY,
    KEY_ENTER,
    KEY_KPENTER,
    PRESSED,
    RELEASED,
    InputCodec,
    InputEvent,
)
from devices.codecs.wedge_text import PLAIN
from devices.contracts.call_pad import PadKey
from devices.kinds import Button, NoDisplay, PadPress, PadRating
from devices.spec import DriverSpec
from devices.transports.base import ByteStream

DIGITS = "0123456789"
KEYS: dict[str, PadPress | PadRating] = {
    "+": PadPress(1, PadKey.CALL_NEXT),
    "-": PadPress(1, PadKey.RECALL),
    "*": PadPress(1, PadKey.ASK_RATING),
    "/": PadPress(1, PadKey.PAUSE),
}
# The digits are those of the FF 68 call pad, so that a clerk need not learn new ones.
ENTRIES: dict[str, PadPress | PadRating] = {
    "": PadPress(1, PadKey.CALL_NEXT),
    "6": PadPress(1, PadKey.NO_SHOW),
    "0": PadPress(1, PadKey.HOLD),
    "3": PadPress(1, PadKey.RESUME_HELD),
}


class KeypadSettings(BaseModel):
    """The `[device.settings]` table of a USB keypad.  Meanings: `call-next`, `2:recall`, `rate-5`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: dict[str, Button] = Field(
        default=KEYS, description="character of a key (`+`, `a`) or its number (`#59`) -> meaning, at once"
    )
    entries: dict[str, Button] = Field(default=ENTRIES, description="digits typed before Enter -> meaning")
    entry_s: float = Field(default=5.0, gt=0, le=60, description="digits older than this are forgotten")

    @field_validator("keys")
    @classmethod
    def _one_key_each(cls, keys: dict[str, Button]) -> dict[str, Button]:
        for name in keys:
            if not (name[:1] == "#" and name[1:].isdecimal()) and len(name) != 1:
                raise ValueError(f"{name!r} is no key: write one character, or # and the key's number")
        return keys

    @field_validator("entries")
    @classmethod
    def _digits(cls, entries: dict[str, Button]) -> dict[str, Button]:
        if any(set(digits) - set(DIGITS) or len(digits) > 8 for digits in entries):
            raise ValueError("an entry is at most eight digits; Enter alone is an empty text")
        return entries


class EvdevButtons(NoDisplay):
    """A keypad on an input wire.  Only `presses` reads."""

    def __init__(self, device_id: str, wire: ByteStream, settings: KeypadSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.unknown_keys = 0
        """Keys and entries that mean nothing here."""
        self._wire = wire
        self._settings = settings
        self._codec = InputCodec()
        self._digits = ""
        self._last_s = float("-inf")
        self._held: set[int] = set()

    async def probe(self) -> None:
        """Learn whether the device is there; it cannot be asked how it is."""
        await self._wire.write(b"")

    async def presses(self) -> AsyncIterator[PadPress | PadRating]:
        """Yield each press once; see devices.kinds.PadLine."""
        while True:
            data = await self._wire.read()
            now_s = self._wire.now_s()
            for event in self._codec.feed(data):
                press = self._meaning(event, now_s)
                if press is not None:
                    yield press
            self.discarded_bytes = self._codec.discarded

    def _meaning(self, event: InputEvent, now_s: float) -> PadPress | PadRating | None:
        if event == DROPPED:
            self._digits = ""  # a digit may be missing
            self._held.clear()
        if event.type != EV_KEY or not self._goes_down(event):
            return None
        if now_s - self._last_s > self._settings.entry_s:
            self._digits = ""
        self._last_s = now_s
        char = PLAIN.get(event.code, "")
        if event.code in (KEY_ENTER, KEY_KPENTER):
            press, self._digits = self._settings.entries.get(self._digits), ""
        else:
            press = self._settings.keys.get(f"#{event.code}") or self._settings.keys.get(char)
            if press is None and char and char in DIGITS:
                self._digits = (self._digits + char)[-9:]  # one more than any entry has
                return None
            self._digits = ""
        self.unknown_keys += press is None
        return press

    def _goes_down(self, event: InputEvent) -> bool:
        """Say whether a key that was up is down now; a key held down repeats with a value of its own."""
        before = event.code in self._held
        if event.value == PRESSED:
            self._held.add(event.code)
        elif event.value == RELEASED:
            self._held.discard(event.code)
        return event.value == PRESSED and not before


SPEC = DriverSpec(
    name="buttons-evdev",
    kind="pad-line",
    wire="bytes",
    settings=KeypadSettings,
    build=EvdevButtons,
    doc="docs/devices/buttons-evdev.md",
    answers=False,
    places=("input",),
    level="silver",
    source="the kernel's headers; no keypad seen yet",
)
