"""Forgetting in the reference store; a part of MemoryTx.  It keeps no time with answers: they all stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from queue_server.adapters.memory_tables import Tables


class MemoryRetention:
    """Forgetting."""

    _tables: Tables

    def forget_answers(self, before: datetime, most: int) -> int:
        """Forget nothing: this store ends with its process."""
        return 0

    def forget_identities(self, before_day: str, most: int) -> tuple[int, int]:
        """Unlink up to `most` tickets of days before `before_day`; return (looked at, unlinked)."""
        old = [
            one
            for one in self._tables.tickets.values()
            if one.day < before_day and (one.person is not None or one.citizen)
        ][:most]
        for one in old:
            self._tables.tickets[one.id] = replace(one, person=None, citizen="")
        return len(old), len(old)
