"""How a machine is, in the words of XFS4IoT (protocols, section 6.4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from devices.contracts.base import Message


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


class DeviceHealth(Message):
    """The retained state of one machine.

    `reason` is a stable code such as `paper-out` or `no-answer`, empty when all is well;
    `discarded_bytes` counts line noise since the agent started; `paper` is for printers only, `storage`
    (name of a stack or bin -> how it is) for machines that give or keep something.
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


class AgentState(Message):
    """An agent process: `online`, or `offline` by its last will."""

    agent_id: str
    status: DeviceStatus
