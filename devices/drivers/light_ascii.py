"""Lamp boxes that take ASCII commands: the coloured lamps above a window, one lamp per meaning.

The box says nothing back: what was sent is believed, and sent again every `refresh_s`.
Source: see devices.codecs.ascii_lamps; page docs/devices/light-ascii.md.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.codecs import ascii_lamps
from devices.codecs.ascii_lamps import LampCommand
from devices.contracts.window_display import WindowState
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain

DEFAULT: dict[WindowState, dict[int, int]] = {WindowState.CALLING: {15: ascii_lamps.BLINK}}


class AsciiLightSettings(BaseModel):
    """The `[device.settings]` table of a lamp box."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    box: int = Field(default=0, ge=0, le=99, description="the box's number on its line")
    lamps: tuple[int, ...] = Field(
        default=(15,), min_length=1, description="the lamps of this window, 11 to 15 seen"
    )
    states: dict[WindowState, dict[int, int]] = Field(
        default=DEFAULT,
        description="window state -> lamp -> mode (2 blink; 1 steady is believed); other lamps are put out",
    )
    refresh_s: float = Field(default=10.0, ge=0.5, le=600, description="how often the lamps are told again")

    @field_validator("states")
    @classmethod
    def _modes(cls, states: dict[WindowState, dict[int, int]]) -> dict[WindowState, dict[int, int]]:
        if any(not 0 <= mode <= 9 for lamps in states.values() for mode in lamps.values()):
            raise ValueError("a mode has one digit")
        return states


class AsciiLight:
    """A lamp box on a wire."""

    def __init__(self, device_id: str, wire: ByteStream, settings: AsciiLightSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.refresh_s = settings.refresh_s
        self._wire = wire
        self._settings = settings

    async def probe(self) -> None:
        """Learn whether the wire is there; the box cannot be asked whether it is."""
        self.discarded_bytes += await drain(self._wire)
        await self._wire.write(b"")

    async def show_state(self, state: WindowState) -> None:
        """Set every lamp of this window; see devices.kinds.Light."""
        modes = self._settings.states.get(state, {})
        commands = [
            LampCommand(lamp, modes.get(lamp, ascii_lamps.OFF), self._settings.box)
            for lamp in self._settings.lamps
        ]
        self.discarded_bytes += await drain(self._wire)
        await self._wire.write(b"".join(command.encode() for command in commands))


SPEC = DriverSpec(
    name="light-ascii",
    kind="light",
    wire="bytes",
    settings=AsciiLightSettings,
    build=AsciiLight,
    doc="docs/devices/light-ascii.md",
    answers=False,
    baud=9600,
    source="one source, a program for service halls; no box seen yet",
)
