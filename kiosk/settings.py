"""What a kiosk is told by its TOML file and the environment (docs/kiosk.md)."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from devices.runtime.toml_settings import SettingsError


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerTable(_Table):
    """The queue server.  Names and ID numbers go there, so beyond this machine it must be https."""

    url: str = Field(default="http://127.0.0.1:8080", description="address of the queue server")
    token: SecretStr = Field(default=SecretStr(""), description="machine token of the role kiosk")
    token_file: Path | None = Field(default=None, description="file that holds the token, instead of `token`")

    @field_validator("url")
    @classmethod
    def _private(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            return url
        raise ValueError("must be https://…, or http:// on this machine: ID numbers go there")

    @model_validator(mode="after")
    def _one_token(self) -> ServerTable:
        if self.token.get_secret_value() and self.token_file is not None:
            raise ValueError("give either token or token_file")
        return self

    def read_token(self) -> str:
        """Return the token, empty when none is set.  Raises SettingsError when its file cannot be read."""
        if self.token_file is None:
            return self.token.get_secret_value()
        try:
            return self.token_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"server.token_file: {self.token_file}: {error.strerror}") from error


class DevicesTable(_Table):
    """The terminal's machines, behind its device agent."""

    socket: Path = Field(default=Path("/run/tingtong/local.sock"), description="socket of the local bus")
    id_reader: str = Field(default="IDR01", description="device id of the ID card reader")
    printer: str = Field(default="PRN01", description="device id of the ticket printer")
    scanner: str = Field(default="", description="device id of the code scanner; empty: there is none")


class WindowTable(_Table):
    """The window.  Without a display it is drawn offscreen."""

    width: int = Field(default=1080, ge=640, le=7680, description="pixels")
    height: int = Field(default=1920, ge=480, le=7680, description="pixels")
    fullscreen: bool = Field(default=False, description="borderless, whole screen, no pointer")


class OfflineTable(_Table):
    """Giving out numbers while the queue server is away (docs/offline.md)."""

    enabled: bool = Field(default=True, description="take leases and go on without the server")
    folder: Path | None = Field(
        default=None, description="where the journal lies; absent: state_dir, and without that no journal"
    )
    tries: int = Field(
        default=2, ge=1, le=4, description="tries of an order, 4 s each, before a number is given out here"
    )


class LabTable(_Table):
    """The lab interface, for demonstrations and tests.  Never in a hall."""

    port: int | None = Field(default=None, ge=0, le=65535, description="loopback port; absent: no lab")


class LogTable(_Table):
    """Logging to stderr."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    json_lines: bool | None = Field(default=None, description="absent: JSON unless stderr is a terminal")


class KioskSettings(_Table):
    """The whole file."""

    terminal: str = Field(default="QK01", min_length=1, max_length=64, description="this terminal's id")
    language: Literal["zh", "en"] = Field(default="zh", description="language of the home page")
    timezone: str = Field(default="Asia/Shanghai", description="for the clock on the screen")
    state_dir: Path | None = Field(default=None, description="writable directory; absent: a temporary one")
    server: ServerTable = ServerTable()
    devices: DevicesTable = DevicesTable()
    window: WindowTable = WindowTable()
    offline: OfflineTable = OfflineTable()
    lab: LabTable = LabTable()
    log: LogTable = LogTable()

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"no time zone is called {name!r}")
        return name

    @property
    def journal(self) -> Path | None:
        """The journal's file, None when this terminal keeps none."""
        folder = self.offline.folder or self.state_dir
        if not self.offline.enabled or folder is None:
            return None
        return folder / f"kiosk-{re.sub('[^A-Za-z0-9_-]', '_', self.terminal)}.db"

    @property
    def zone(self) -> ZoneInfo:
        """The hall's time zone."""
        return ZoneInfo(self.timezone)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
