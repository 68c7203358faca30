"""What leases need of a store: blocks of numbers, places under a cap, what was handed in, settled keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from queue_server.domain.lease import Handed, Lease


class LeaseView(Protocol):
    """Part of `View`, and of `Tx`."""

    def lease_marks(self, lease_ids: Collection[str]) -> Mapping[str, str]:
        """Ticket id -> why it would have been refused online, for the tickets of these leases that would."""
        ...


class LeaseTx(LeaseView, Protocol):
    """Part of `Tx`."""

    def take_block(self, service_id: str, start: int, count: int) -> int:
        """Take `count` consecutive numbers of the business day, from `start`; return the first."""
        ...

    def slot_count(self, day: str, service_id: str, slot: str) -> int:
        """Return how many tickets count in a slot."""
        ...

    def add_to_slot(self, day: str, service_id: str, slot: str, count: int) -> None:
        """Count so many more in a slot, or fewer when negative; never below none."""
        ...

    def lease(self, lease_id: str) -> Lease | None:
        """Return a lease."""
        ...

    def save_lease(self, lease: Lease) -> None:
        """Add or change a lease."""
        ...

    def open_leases(self, holder: str) -> list[Lease]:
        """Return the leases of a terminal that are not closed, the oldest first."""
        ...

    def open_leases_before(self, moment: datetime) -> list[Lease]:
        """Return the leases that are not closed and whose life was over before `moment`."""
        ...

    def handed(self, lease_id: str, service_id: str, n: int) -> Handed | None:
        """Return what was handed in for a number of a lease."""
        ...

    def add_handed(self, handed: Handed) -> None:
        """Remember that a number was handed in; a second time for one number raises."""
        ...

    def settled(self, actor: str, key: str) -> str | None:
        """Return the body of the answer that `key` of `actor` got, None when it never had one."""
        ...

    def refuse_key(self, actor: str, key: str) -> None:
        """Let no request with this key of `actor` do anything any more: it is refused as a mismatch."""
        ...
