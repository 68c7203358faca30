"""Leases in the reference store: a mix-in of its transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from queue_server.adapters.lease_tables import SETTLED
from queue_server.adapters.memory_tables import Tables
from queue_server.application.records import Outcome
from queue_server.domain.lease import Handed, Lease


class MemoryLeases:
    """LeaseTx over plain dictionaries."""

    _tables: Tables
    day: str

    def take_block(self, service_id: str, start: int, count: int) -> int:
        """Take consecutive numbers."""
        first = self._tables.numbers.get((service_id, self.day), start - 1) + 1
        self._tables.numbers[service_id, self.day] = first + count - 1
        return first

    def slot_count(self, day: str, service_id: str, slot: str) -> int:
        """Return what counts in a slot."""
        return self._tables.issue.slots.get((day, service_id, slot), 0)

    def add_to_slot(self, day: str, service_id: str, slot: str, count: int) -> None:
        """Count more or fewer."""
        self._tables.issue.slots[day, service_id, slot] = max(
            0, self.slot_count(day, service_id, slot) + count
        )

    def lease(self, lease_id: str) -> Lease | None:
        """Return a lease."""
        return self._tables.lease.leases.get(lease_id)

    def save_lease(self, lease: Lease) -> None:
        """Add or change a lease."""
        self._tables.lease.leases[lease.id] = lease

    def open_leases(self, holder: str) -> list[Lease]:
        """Return a terminal's open leases."""
        return [one for one in self._open() if one.holder == holder]

    def open_leases_before(self, moment: datetime) -> list[Lease]:
        """Return open leases whose life is over."""
        return [one for one in self._open() if one.expires_at < moment]

    def _open(self) -> list[Lease]:
        found = (one for one in self._tables.lease.leases.values() if one.closed_at is None)
        return sorted(found, key=lambda one: (one.made_at, one.id))

    def handed(self, lease_id: str, service_id: str, n: int) -> Handed | None:
        """Return what was handed in for a number."""
        return self._tables.lease.handed.get((lease_id, service_id, n))

    def lease_marks(self, lease_ids: Collection[str]) -> dict[str, str]:
        """Return the marks of the tickets of these leases."""
        found = (one for one in self._tables.lease.handed.values() if one.mark and one.lease_id in lease_ids)
        return {one.ticket_id: one.mark for one in found}

    def add_handed(self, handed: Handed) -> None:
        """Remember that a number was handed in."""
        place = (handed.lease_id, handed.service_id, handed.n)
        if place in self._tables.lease.handed:
            raise ValueError("this number was handed in before")
        self._tables.lease.handed[place] = handed

    def settled(self, actor: str, key: str) -> str | None:
        """Return the body of a key's answer."""
        kept = self._tables.answers.get((actor, key))
        return None if kept is None else kept[1].body

    def refuse_key(self, actor: str, key: str) -> None:
        """Let the key do nothing any more."""
        self._tables.answers[actor, key] = (SETTLED, Outcome(409))
