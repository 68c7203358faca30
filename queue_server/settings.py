"""`server.toml`: the settings of the hall server.  Every key may be set as `TINGTONG_TABLE__KEY`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from devices.bus.tls import TlsSettings
from devices.runtime.toml_settings import load


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Table):
    """`[http]`.  `public_url` stands in the QR code of a ticket; empty: made of host and port."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = ""
    open_tablets: bool = False
    """Let every browser that opens /tablet/N rate there.  For demonstrations."""


class MqttSettings(_Table, TlsSettings):
    """`[mqtt]`.  `embedded` starts a broker for this machine alone; else `host` names the hall's."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    embedded: bool = False
    username: str | None = None
    password: SecretStr | None = None


class CallingSettings(_Table):
    """`[calling]`: how the call key behaves (docs/adr/0011)."""

    call_debounce_s: float = Field(default=2, ge=0, le=60)
    next_while_called: Literal["refuse", "no-show"] = "refuse"
    next_while_serving: Literal["finish", "refuse"] = "finish"
    next_while_paused: Literal["resume", "refuse"] = "resume"
    takeover: Literal["allow", "refuse"] = "allow"
    card_toggles: bool = False
    """A staff card shown where its holder is signed in signs out; else it changes nothing."""


class DemoSettings(_Table):
    """`[demo]`: never in a real hall."""

    always_open: bool = False
    auto_sign_in: bool = False
    caps_times: int = Field(default=1, ge=1, le=1_000_000)
    """Every cap of the hall times this: to measure with all rules on and tickets left."""


class LabSettings(_Table):
    """`[lab]`: simulated machines under the hand of a person.  Never in a real hall."""

    enabled: bool = False
    sims_url: str = ""
    kiosk_url: str = ""


class AccountSettings(_Table):
    """`[accounts]`: how people sign in (docs/security-privacy.md)."""

    lock_after: int = Field(default=5, ge=1, le=100)
    lock_minutes: float = Field(default=15, gt=0, le=24 * 60)
    session_hours: float = Field(default=12, gt=0, le=24 * 30)
    idle_minutes: float = Field(default=120, gt=0, le=24 * 60)
    min_password: int = Field(default=8, ge=8, le=128)
    failures_per_minute: int = Field(default=20, ge=1)
    """Wrong passwords for one name from one address."""
    logins_per_address: int = Field(default=60, ge=1)
    """Tries of one address in a minute, whoever it names, so that it cannot use up everybody's."""
    logins_per_minute: int = Field(default=300, ge=1)
    """Logins of all people together: each costs the processor a password hash."""
    totp_roles: frozenset[Literal["operator", "supervisor", "admin", "auditor"]] = frozenset()
    """Who must have a second factor; others may."""
    argon2_time_cost: int = Field(default=2, ge=1, le=20)
    argon2_memory_kib: int = Field(default=19456, ge=8192, le=1048576)
    argon2_parallelism: int = Field(default=1, ge=1, le=16)


class RetentionSettings(_Table):
    """`[retention]`: after how many days what is forgotten."""

    answer_days: int = Field(default=3, ge=1, le=365)
    identity_days: int = Field(default=30, ge=1, le=3650)


class WebhookSettings(_Table):
    """`[webhooks]`: how receivers of events are told (docs/webhooks.md)."""

    tries: int = Field(default=8, ge=1, le=100)
    timeout_s: float = Field(default=5, gt=0, le=60)
    first_retry_s: float = Field(default=1, gt=0, le=3600)
    most_retry_s: float = Field(default=300, gt=0, le=86400)
    allow_private: bool = True
    """Receivers in the hall's own network; link-local and multicast addresses are never told."""
    allow_loopback: bool = False
    """Receivers on this very machine."""
    most: int = Field(default=20, ge=0, le=200)
    """So many receivers."""
    most_dead: int = Field(default=1000, ge=1, le=100_000)
    """So many dead letters of each receiver are kept."""


class LogSettings(_Table):
    """`[log]`.  `format` auto: JSON lines unless stderr is a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"


class ServerSettings(_Table):
    """The whole file.  Relative paths are relative to the file."""

    hall: Path = Path("hall.toml")
    state_dir: Path = Path("/var/lib/tingtong")
    database: Path | None = None
    http: HttpSettings = HttpSettings()
    mqtt: MqttSettings = MqttSettings()
    calling: CallingSettings = CallingSettings()
    demo: DemoSettings = DemoSettings()
    lab: LabSettings = LabSettings()
    log: LogSettings = LogSettings()
    accounts: AccountSettings = AccountSettings()
    retention: RetentionSettings = RetentionSettings()
    webhooks: WebhookSettings = WebhookSettings()
    printers: dict[str, str] = {}
    """Terminal -> device id of its ticket printer."""

    @property
    def database_path(self) -> Path:
        """Where the hall's database is."""
        return self.database or self.state_dir / "hall.db"

    @property
    def public_url(self) -> str:
        """The address that citizens' phones open."""
        return self.http.public_url or f"http://{self.http.host}:{self.http.port}"


def read_settings(path: Path | None, environ: Mapping[str, str] | None = None) -> ServerSettings:
    """Return the settings of `path`, environment applied, paths made absolute.  Raises SettingsError."""
    read = load(path, ServerSettings, environ=environ)
    base = path.absolute().parent if path is not None else Path.cwd()
    paths = {"hall": base / read.hall, "state_dir": base / read.state_dir}
    if read.database is not None:
        paths["database"] = base / read.database
    return read.model_copy(update=paths)
