"""A WLED strip as a window's light, told over the site's broker: for strips that are on the broker anyway.

WLED says on its `/status` whether it is there; what it shows it does not confirm in a way that two sources
know, so it is told again every `refresh_s`.
Source: protocols section 4.2 (`/col`, `/api` and ON/OFF/0-255: two sources; `/status`: from memory);
page docs/devices/light-wled-mqtt.md.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from devices.contracts.window_display import WindowState
from devices.errors import DeviceFault, WireTimeout
from devices.spec import DriverSpec
from devices.transports.base import TopicWire

HexColour = Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")]
COLOURS: dict[WindowState, HexColour] = {
    WindowState.CLOSED: "#000000",
    WindowState.FREE: "#00ff00",
    WindowState.CALLING: "#ff8000",
    WindowState.SERVING: "#ff0000",
    WindowState.PAUSED: "#0000ff",
}
DARK = "#000000"
AWAY = "light-away"
_MOST_HEARD = 100  # messages of one look; a strip says far less


class WledMqttSettings(BaseModel):
    """The `[device.settings]` table of a WLED strip on the broker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str = Field(
        pattern=r"^[^#+\x00/]+(/[^#+\x00/]+)*$",
        description="the strip's MQTT device topic, such as wled/lobby",
    )
    colours: dict[WindowState, HexColour] = Field(
        default=COLOURS, description="window state -> #RRGGBB; a state left out is dark"
    )
    brightness: int = Field(default=255, ge=1, le=255, description="of the whole strip, of 255")
    speaks: Literal["col", "api"] = Field(
        default="col", description="col: brightness, then /col; api: one JSON message to /api, ending effects"
    )
    refresh_s: float = Field(default=10.0, ge=0.5, le=600, description="how often the colour is told again")


class WledMqttLight:
    """A WLED strip behind a broker.  See devices.kinds.Light."""

    def __init__(self, device_id: str, wire: TopicWire, settings: WledMqttSettings) -> None:
        self.device_id = device_id
        self.discarded_bytes = 0
        self.refresh_s = settings.refresh_s
        self._wire = wire
        self._settings = settings
        self._listens = False
        self._away = False

    async def probe(self) -> None:
        """Listen to the strip's status; raise DeviceFault when it is known to be away."""
        if not self._listens:
            await self._wire.subscribe(f"{self._settings.topic}/status")
            self._listens = True
        await self._hear()
        if self._away:
            raise DeviceFault(
                AWAY, f"{self.device_id}: the strip {self._settings.topic} is not on the broker"
            )

    async def show_state(self, state: WindowState) -> None:
        """Give the whole strip the state's colour; see devices.kinds.Light."""
        await self._hear()
        for topic, text in self._messages(self._settings.colours.get(state, DARK).upper()):
            await self._wire.publish(f"{self._settings.topic}{topic}", text.encode("ascii"))

    def _messages(self, colour: str) -> list[tuple[str, str]]:
        """Return what to say: (topic after the strip's own, text).  Nothing is retained."""
        lit, level = colour != DARK, self._settings.brightness
        if self._settings.speaks == "api":
            segment = {"fx": 0, "col": [list(bytes.fromhex(colour[1:]))]}
            wanted = {"on": True, "bri": level, "seg": [segment]} if lit else {"on": False}
            return [("/api", json.dumps(wanted, separators=(",", ":")))]
        return [("/col", colour), ("", str(level))] if lit else [("", "OFF")]

    async def _hear(self) -> None:
        for _ in range(_MOST_HEARD):
            try:
                message = await self._wire.read(0)
            except WireTimeout:
                return
            word = message.payload.strip().lower()
            if word in (b"online", b"offline"):
                self._away = word == b"offline"
            else:
                self.discarded_bytes += len(message.payload)


SPEC = DriverSpec(
    name="light-wled-mqtt",
    kind="light",
    wire="topics",
    settings=WledMqttSettings,
    build=WledMqttLight,
    doc="docs/devices/light-wled-mqtt.md",
    places=("mqtt",),
    level="silver",
    source="two sources; tried against mosquitto; no strip seen yet",
)
