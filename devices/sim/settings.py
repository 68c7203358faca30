"""Which simulated machines there are and on which wires."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SimSettings(_Table):
    """One `[[sim]]`."""

    id: str
    kind: Literal[
        "id-reader",
        "card-reader",
        "printer",
        "led-board",
        "led-board-image",
        "led-board-alphasign",
        "digit-line",
        "light-wled",
        "light-ascii",
        "pad-line",
        "input-module",
        "button-box",
        "light-wled-mqtt",
        "keypad",
        "scanner",
        "scanner-wedge",
        "speaker",
        "dispenser",
        "tax-machine",
    ]
    place: str = Field(
        pattern=r"^(pty:.+|input:.+|tcp:\d+|udp:\d+|vpcd:\d+|mqtt:\d+)$",
        description="pty:PATH, input:PATH (what types), tcp:PORT (0: any), vpcd:PORT or mqtt:PORT (a broker)",
    )
    window: str | None = None
    windows: dict[int, str] = Field(default={}, description="pad and digit lines: address -> window")
    audio_zone: str | None = None
    settings: dict[str, Any] = {}


class SimHallSettings(_Table):
    """A hall of simulated machines with its control port (loopback only)."""

    port: int = Field(default=8090, ge=0, le=65535)
    log_level: str = "info"
    sim: list[SimSettings] = []
