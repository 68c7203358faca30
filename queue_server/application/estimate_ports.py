"""What estimates need of a store; a part of `Tx` and of `View`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from queue_server.domain.desk import Desk
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import Hall


@dataclass(frozen=True, slots=True)
class Queued:
    """Somebody in a line; `place` as in Ticket."""

    service_id: str
    priority: str | None
    place: int


@dataclass(frozen=True, slots=True)
class AtWindow:
    """A ticket called to or served at a window."""

    window: str
    service_id: str
    called_at: datetime


class Teller(Protocol):
    """What a store keeps in memory for estimates (`application.estimate.Forecasts`)."""

    def tell(
        self,
        source: EstimateSource,
        hall: Hall,
        now: datetime,
        service_id: str,
        *,
        ahead: int,
        green: bool = False,
        asked: Collection[str] = (),
    ) -> Estimate:
        """Return the wait of somebody with `ahead` people before them."""
        ...


class EstimateSource(Protocol):
    """A consistent reading of the lines and windows."""

    @property
    def forecasts(self) -> Teller:
        """What the store keeps in memory for estimates."""
        ...

    def desks(self) -> dict[str, Desk]:
        """Return every window's desk."""
        ...

    def queued(self, day: str, services: Collection[str], most: int) -> list[Queued]:
        """Return the first `most` of each service's line, in order, reserved tickets left out."""
        ...

    def sent_to(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for that window alone."""
        ...

    def at_windows(self, windows: Collection[str]) -> list[AtWindow]:
        """Return who is at these windows."""
        ...

    def lasted(self, day: str, windows: Collection[str], most: int) -> Sequence[tuple[str, float]]:
        """Return (service, seconds from call to finish) of the newest `most` served at each of `windows`."""
        ...

    def passed_at(self, day: str, windows: Collection[str]) -> int:
        """Count tickets that were called to these windows, did not come and have not come back."""
        ...

    def newest_issued(self, day: str, service_id: str, most: int) -> list[datetime]:
        """Return when the `most` newest tickets of a service were taken, the newest first."""
        ...
