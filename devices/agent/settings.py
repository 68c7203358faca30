"""What one agent owns: its buses and its machines."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from devices.transports.places import parse_place


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttSettings(_Table):
    """The site's broker.  Leave the table out for a terminal that works alone."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password: str | None = None


class DeviceSettings(_Table):
    """One `[[device]]`."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$", description="name on the bus, for example led-3")
    driver: str = Field(description="see `device-agent list`")
    wire: str = Field(description="serial:/dev/…?baud=9600, tcp://host:port or alsa:default")
    window: str | None = Field(default=None, description="the window that a board hangs above")
    windows: dict[int, str] = Field(default={}, description="pad lines: bus address -> window")
    audio_zone: str | None = Field(default=None, description="the audio zone that a speaker serves")
    check_s: float = Field(default=5.0, gt=0, description="how often an idle machine is asked how it is")
    settings: dict[str, Any] = Field(default={}, description="the driver's own settings")

    @field_validator("wire")
    @classmethod
    def _is_a_place(cls, text: str) -> str:
        parse_place(text)
        return text


class AgentSettings(_Table):
    """One agent process."""

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,40}$", description="name of this agent, for example hall-1f"
    )
    site: str = Field(default="demo", pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    mqtt: MqttSettings | None = None
    local_socket: str | None = Field(
        default=None,
        description="where the terminal's own programs meet this agent; personal data stays there",
    )
    log_level: str = "info"
    device: list[DeviceSettings] = []

    @field_validator("device")
    @classmethod
    def _ids_differ(cls, devices: list[DeviceSettings]) -> list[DeviceSettings]:
        seen: set[str] = set()
        for device in devices:
            if device.id in seen:
                raise ValueError(f"two devices are called {device.id!r}")
            seen.add(device.id)
        return devices
