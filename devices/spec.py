"""What a driver declares about itself, so that the agent needs to know nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from devices.kinds import Driver

Kind = Literal[
    "id-reader",
    "card-reader",
    "printer",
    "document-printer",
    "led-board",
    "digit-line",
    "light",
    "pad-line",
    "scanner",
    "speaker",
    "dispenser",
    "tax-machine",
]


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """One driver.  `build(device_id, wire, settings)`; `doc` is its page; `baud` the usual serial speed.

    `wire` is what the driver needs: `bytes` (serial, TCP …), `audio` (a place to play sound), `apdu`
    (a smart-card reader) or `spool` (a queue of the print system).
    """

    name: str
    kind: Kind
    wire: Literal["bytes", "audio", "apdu", "spool"]
    settings: type[BaseModel]
    build: Callable[[str, Any, Any], Driver]  # the wire's and settings' own types differ by driver
    doc: str
    baud: int = 9600
    places: tuple[str, ...] = ("serial", "tcp")
    """Where a driver on a `bytes` wire may be: the kinds of place of its address."""
