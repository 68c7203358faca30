"""What a window does now: who sits there, whether it pauses, what it called last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from queue_server.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class Desk:
    """The changing half of a window.  `rate_ticket` may be rated on its tablet now."""

    window: str
    operator: str | None = None
    paused: bool = False
    pause_reason: str = ""
    since_at: datetime | None = None
    last_call_at: datetime | None = None
    last_ticket: str | None = None
    rate_ticket: str | None = None
    auto_call: bool = False
    green_debt: int = 0
    """Calls it owes to normal tickets (domain.policy)."""

    @property
    def is_open(self) -> bool:
        """Somebody is signed in."""
        return self.operator is not None

    @property
    def is_taking(self) -> bool:
        """Somebody is signed in and does not pause."""
        return self.operator is not None and not self.paused

    def require_open(self) -> None:
        """Raise Refused `window-not-signed-in` when nobody sits here."""
        if not self.is_open:
            raise Refused("window-not-signed-in", window=self.window)
