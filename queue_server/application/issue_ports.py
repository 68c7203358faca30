"""What the issue rules need of a store: counted slots, and people who may not take tickets for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from queue_server.domain.limits import Blacklisted


class IssueRulesTx(Protocol):
    """The writing half; part of `Tx`."""

    def take_slot(self, service_id: str, slot: str, limit: int) -> bool:
        """Count one more ticket of today's slot; False (and not counted) when `limit` were there already.

        One look at one row, however many tickets there are.
        """
        ...

    def return_slot(self, service_id: str, slot: str) -> None:
        """Count one ticket less in today's slot; nothing when none is counted."""
        ...

    def blacklisted(self, person: str) -> Blacklisted | None:
        """Return a person's entry, over or not; None when there is none."""
        ...

    def save_blacklisted(self, entry: Blacklisted) -> None:
        """Add an entry; a person's earlier one is replaced."""
        ...

    def drop_blacklisted(self, person: str) -> bool:
        """Remove a person's entry; False when there is none."""
        ...


class IssueRulesView(Protocol):
    """The reading half; part of `View`."""

    def slots_taken(self, day: str) -> dict[str, dict[str, int]]:
        """Service id -> slot -> how many tickets were given out in it."""
        ...

    def blacklist(self) -> Sequence[Blacklisted]:
        """Return every entry, the one that ends first first."""
        ...
