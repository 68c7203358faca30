"""What one agent owns: its buses and its machines."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from devices.bus.tls import TlsSettings
from devices.codecs.loudness import parse_hours
from devices.transports.places import parse_place


def _is_a_name(text: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", text) is None:
        raise ValueError(f"{text!r} is no name; use a to z, 0 to 9 and -, at most 41, for example led-3")
    return text


Name = Annotated[str, AfterValidator(_is_a_name)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttSettings(_Table, TlsSettings):
    """The site's broker.  Leave the table out for a terminal that works alone."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password: str | None = Field(default=None, repr=False)
    clock_skew_s: float = Field(
        default=5.0, ge=0, le=300, description="a command may be dated so far ahead of this machine's clock"
    )
    session_s: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="so long the broker keeps commands for an agent that is away (if not expired)",
    )


class HomeAssistantSettings(_Table):
    """Announcing the machines to a Home Assistant on the same broker.

    Leave the table out to announce nothing; `enabled = false` takes back what was announced.
    """

    enabled: bool = False
    prefix: str = Field(
        default="homeassistant", pattern=r"^[a-z0-9_/-]+$", description="Home Assistant's discovery prefix"
    )


class DeviceSettings(_Table):
    """One `[[device]]`."""

    id: Name = Field(description="name on the bus, for example led-3")
    driver: str = Field(description="see `device-agent list`")
    wire: str = Field(description="serial:/dev/…?baud=9600, tcp://host:port, pcsc:READER or alsa:default")
    window: str | None = Field(default=None, description="the window of a board or light")
    windows: dict[int, str] = Field(default={}, description="pad and digit lines: address -> window")
    audio_zone: str | None = Field(default=None, description="the audio zone that a speaker serves")
    volume: dict[str, float] = Field(
        default={},
        description='speakers: how loud from which local time on, {"08:00" = 1.0, "18:00" = 0}; 0 is silence',
    )
    joins: str | None = Field(
        default=None,
        description="smart-card readers: the ID reader of this terminal whose requests this one answers too",
    )
    retell_s: float = Field(
        default=60.0, gt=0, description="boards: how often a text is told again, in case it restarted"
    )
    check_s: float = Field(default=5.0, gt=0, description="how often an idle machine is asked how it is")
    supplies: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default={},
        description="how much a filling holds, for example paper = 700 (tickets), to tell when it ends",
    )
    settings: dict[str, Any] = Field(default={}, description="the driver's own settings")

    @field_validator("volume")
    @classmethod
    def _is_a_day(cls, table: dict[str, float]) -> dict[str, float]:
        parse_hours(table)
        return table

    @field_validator("wire")
    @classmethod
    def _is_a_place(cls, text: str) -> str:
        parse_place(text)
        return text


class AgentSettings(_Table):
    """One agent process."""

    id: Name = Field(description="name of this agent, for example hall-1f")
    site: Name = Field(default="demo", description="the same as [hall] site on the server")
    mqtt: MqttSettings | None = None
    home_assistant: HomeAssistantSettings | None = None
    local_socket: str | None = Field(
        default=None,
        description="where the terminal's own programs meet this agent; personal data stays there",
    )
    staff_card_salt: str | None = Field(
        default=None,
        min_length=16,
        repr=False,
        description="the site's secret under which staff cards are hashed; the same in all agents of a site",
    )
    state_dir: str | None = Field(
        default=None,
        description="where printers, dispensers and tax machines keep what must outlive the agent; without "
        "it a command that the agent's end interrupted is forgotten",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    device: list[DeviceSettings] = []

    @model_validator(mode="after")
    def _staff_cards_are_hashed(self) -> Self:
        for device in self.device:
            if "staff-card" in device.settings.get("reads", ()) and not (
                device.window and self.staff_card_salt
            ):
                raise ValueError(f"{device.id} reads staff cards: set its window, and staff_card_salt above")
        return self

    @field_validator("device")
    @classmethod
    def _ids_differ(cls, devices: list[DeviceSettings]) -> list[DeviceSettings]:
        seen: set[str] = set()
        for device in devices:
            if device.id in seen:
                raise ValueError(f"two devices are called {device.id!r}; give each an id of its own")
            seen.add(device.id)
        return devices
