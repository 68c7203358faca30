"""A WLED strip above a window as its light: one colour per state of the window, over DDP (UDP).

DDP is not answered: what was sent is believed, and sent again every `refresh_s`, which WLED needs anyway: it
goes back to its own effect when nothing came for a while.
Source: protocols section 4.2; page docs/devices/light-wled.md.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs import ddp
from devices.contracts.window_display import WindowState
from devices.errors import WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import ByteStream, drain

HexColour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
COLOURS: dict[WindowState, HexColour] = {
    WindowState.CLOSED: "#000000",
    WindowState.FREE: "#00ff00",
    WindowState.CALLING: "#ff8000",
    WindowState.SERVING: "#ff0000",
    WindowState.PAUSED: "#0000ff",
}


class WledSettings(BaseModel):
    """The `[device.settings]` table of a WLED strip."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pixels: int = Field(default=30, ge=1, le=4096, description="lamps of the strip")
    colours: dict[WindowState, HexColour] = Field(
        default=COLOURS, description="window state -> #RRGGBB; a state left out is dark"
    )
    brightness: int = Field(default=255, ge=1, le=255, description="all colours are dimmed by this, of 255")
    refresh_s: float = Field(
        default=1.0, ge=0.2, le=60, description="how often the colour is sent; WLED lets go after 2.5 s"
    )
    refusal_s: float = Field(
        default=0.2, gt=0, le=5, description="how long a host that does not listen has to refuse a packet"
    )


class WledLight:
    """A WLED strip behind a datagram wire."""

    def __init__(self, device_id: str, wire: ByteStream, settings: WledSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.refresh_s = settings.refresh_s
        self._wire = wire
        self._settings = settings

    async def probe(self) -> None:
        """Send a packet without pixels and wait whether it is refused: that nothing comes is good."""
        await self._send([ddp.DdpPacket(b"", push=False).encode()])
        try:
            self.discarded_bytes += len(await self._wire.read(self._settings.refusal_s))
        except WireTimeout:
            return

    async def show_state(self, state: WindowState) -> None:
        """Give the whole strip the state's colour; see devices.kinds.Light."""
        await self._send(ddp.packets([self._colour(state)] * self._settings.pixels))

    def _colour(self, state: WindowState) -> ddp.Colour:
        red, green, blue = bytes.fromhex(self._settings.colours.get(state, "#000000")[1:])
        level = self._settings.brightness
        return (red * level // 255, green * level // 255, blue * level // 255)

    async def _send(self, datagrams: list[bytes]) -> None:
        self.discarded_bytes += await drain(self._wire)
        for datagram in datagrams:
            await self._wire.write(datagram)


SPEC = DriverSpec(
    name="light-wled",
    kind="light",
    wire="bytes",
    settings=WledSettings,
    build=WledLight,
    doc="docs/devices/light-wled.md",
    answers=False,
    places=("udp",),
    source="the DDP specification and WLED's documentation; no strip seen yet",
)
