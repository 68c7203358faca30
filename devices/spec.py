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

Level = Literal["bronze", "silver", "gold"]
"""How far a driver is proved.

bronze: golden bytes (vectors) only; silver: a simulator and the contract suite over every bad line besides;
gold: seen with a real machine, its model and firmware named on the driver's page, a transcript kept.
"""


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """One driver.  `build(device_id, wire, settings)`; `doc` is its page; `baud` the usual serial speed.

    `wire` is what the driver needs: `bytes` (serial, TCP …), `audio` (a place to play sound), `apdu`
    (a smart-card reader), `spool` (a queue of the print system) or `topics` (a message broker).
    """

    name: str
    kind: Kind
    wire: Literal["bytes", "audio", "apdu", "spool", "topics"]
    settings: type[BaseModel]
    build: Callable[[str, Any, Any], Driver]  # the wire's and settings' own types differ by driver
    doc: str
    baud: int = 9600
    places: tuple[str, ...] = ("serial", "tcp")
    """Where a driver on a `bytes` wire may be: the kinds of place of its address."""
    level: Level = "bronze"
    source: str = ""
    """Where the level comes from: what the protocol was taken from and what it was tried against."""
    answers: bool = True
    """False: the machine cannot be asked, so that a test only learns whether the wire opens."""
    explain: Callable[[Literal["tx", "rx"], bytes], str] | None = None
    """Says in words what a chunk on the wire is (`tx`: to the machine), empty when it cannot; for `trace`."""
