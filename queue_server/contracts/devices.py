"""The machines of the hall as staff see and command them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from devices.contracts.health import DeviceStatus, Paper, Storage, SupplyLevel
from queue_server.contracts.base import Answer, Body, Ident


class DeviceOut(Answer):
    """One machine: the retained state it told last."""

    id: str
    kind: str
    driver: str
    status: DeviceStatus
    since_at: AwareDatetime
    reason: str = ""
    paper: Paper | None = None
    errors: int = 0
    discarded_bytes: int = 0
    storage: dict[str, Storage] = {}
    """Name of a stack or bin -> how it is."""
    supplies: dict[str, SupplyLevel] = {}
    """Paper, cards …: how much is left and when it will be used up at the present pace."""


class DeviceCommandIn(Body):
    """`POST /devices/{id}/commands`: `beep` a window's call pad, or `print-test` a page."""

    name: Literal["beep", "print-test"]
    window: Ident | None = None


class ReprintIn(Body):
    """`POST /tickets/{id}/reprint`: on this printer, or on the one of the terminal that issued it."""

    device_id: Ident | None = None
