"""How a machine is, in the words of XFS4IoT (protocols, section 6.4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from devices.contracts.base import Message, Utc


class DeviceStatus(StrEnum):
    """XFS4IoT `Common.Status` device words."""

    ONLINE = "online"
    OFFLINE = "offline"
    NO_DEVICE = "noDevice"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    DEVICE_BUSY = "deviceBusy"
    STARTING = "starting"


class Paper(StrEnum):
    """XFS4IoT `Printer` paper words."""

    FULL = "full"
    LOW = "low"
    OUT = "out"
    JAMMED = "jammed"
    UNKNOWN = "unknown"


class Storage(StrEnum):
    """XFS4IoT `replenishment` words: how a stack of cards, sheets or a bin is."""

    OK = "ok"
    FULL = "full"
    HIGH = "high"
    LOW = "low"
    EMPTY = "empty"


class SupplyLevel(BaseModel):
    """How much a machine has of something it uses up, in pieces (tickets, cards).

    `left_percent` in steps of five and `empty_at` (at the present pace) are None while nobody can tell.
    """

    model_config = ConfigDict(frozen=True)

    capacity: float
    used: float = 0.0
    left_percent: int | None = None
    empty_at: Utc | None = None


class DeviceHealth(Message):
    """The retained state of one machine.

    `reason` is a stable code such as `paper-out` or `no-answer`, empty when all is well;
    `discarded_bytes` counts line noise since the agent started; `paper` is for printers only, `storage`
    (name of a stack or bin -> how it is) for machines that give or keep something.
    `supplies` (paper, cards …) are those whose capacity is configured.
    """

    device_id: str
    kind: str
    driver: str = ""
    status: DeviceStatus
    since_at: datetime
    reason: str = ""
    paper: Paper | None = None
    errors: int = 0
    discarded_bytes: int = 0
    storage: dict[str, Storage] = {}
    supplies: dict[str, SupplyLevel] = {}


class AgentState(Message):
    """An agent process: `online`, or `offline` by its last will."""

    agent_id: str
    status: DeviceStatus
