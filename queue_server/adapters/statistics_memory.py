"""The stored edges that figures are made of, in the reference store; a part of MemoryTx."""

from __future__ import annotations

from datetime import datetime

from queue_server.adapters.memory_tables import Tables
from queue_server.application.statistics import DeskEdge, Expired, Facts, Rated
from queue_server.domain.ticket import State


class MemoryStatistics:
    """Reading for the figures."""

    _tables: Tables

    def facts(self, start: datetime, end: datetime) -> Facts:
        """Return everything that happened from `start` (included) to `end` (not)."""
        tables = self._tables
        before: dict[str, DeskEdge] = {}
        for edge in tables.desk_edges:
            if edge.at < start:
                before[edge.window] = edge
        within = [edge for edge in tables.desk_edges if start <= edge.at < end]
        late = [one for one in tables.tickets.values() if one.state is State.EXPIRED]
        return Facts(
            start,
            end,
            events=[event for event in tables.events if start <= event.at < end],
            expired=[Expired(t.issued_at, t.service_id) for t in late if start <= t.issued_at < end],
            desks=[*before.values(), *within],
            ratings=[
                Rated(one.at, one.window, one.level)
                for one in tables.evaluations.values()
                if start <= one.at < end
            ],
        )
