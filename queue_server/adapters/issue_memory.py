"""Slots and the blacklist in the reference store: a mix-in of its transaction."""

from __future__ import annotations

from queue_server.adapters.memory_tables import Tables
from queue_server.domain.limits import Blacklisted


class MemoryIssueRules:
    """IssueRulesTx and IssueRulesView over `Tables.issue`."""

    _tables: Tables
    day: str

    def take_slot(self, service_id: str, slot: str, limit: int) -> bool:
        """Count one more, unless `limit` were there."""
        slots, key = self._tables.issue.slots, (self.day, service_id, slot)
        if slots.get(key, 0) >= limit:
            return False
        slots[key] = slots.get(key, 0) + 1
        return True

    def return_slot(self, service_id: str, slot: str) -> None:
        """Count one less."""
        slots, key = self._tables.issue.slots, (self.day, service_id, slot)
        if slots.get(key, 0) > 0:
            slots[key] -= 1

    def blacklisted(self, person: str) -> Blacklisted | None:
        """Return a person's entry."""
        return self._tables.issue.blacklist.get(person)

    def save_blacklisted(self, entry: Blacklisted) -> None:
        """Add or replace an entry."""
        self._tables.issue.blacklist[entry.person] = entry

    def drop_blacklisted(self, person: str) -> bool:
        """Remove an entry."""
        return self._tables.issue.blacklist.pop(person, None) is not None

    def slots_taken(self, day: str) -> dict[str, dict[str, int]]:
        """Service id -> slot -> tickets."""
        found: dict[str, dict[str, int]] = {}
        for (on, service_id, slot), taken in self._tables.issue.slots.items():
            if on == day:
                found.setdefault(service_id, {})[slot] = taken
        return found

    def blacklist(self) -> list[Blacklisted]:
        """Return every entry."""
        return sorted(self._tables.issue.blacklist.values(), key=lambda one: (one.until, one.person))
