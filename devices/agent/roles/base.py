"""What every role gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from devices.agent.buses import Buses
from devices.agent.settings import DeviceSettings
from devices.session import Session

MakeSession = Callable[..., Session]


@dataclass(frozen=True, slots=True)
class Post:
    """Where a role works: its machine's settings, the buses, and how to make the session.

    `make_session(check=…, listen=…, arrived=…)` takes the hooks of devices.session.Parts.
    """

    device: DeviceSettings
    buses: Buses
    make_session: MakeSession
    staff_card_salt: str | None = field(default=None, repr=False)
    state_dir: str | None = None


class Role(Protocol):
    """One machine at work."""

    async def run(self) -> None:
        """Work until cancelled."""
        ...
