"""The stored edges that figures are made of, in the reference store; a part of MemoryTx."""

from __future__ import annotations

from datetime import UTC, datetime

from queue_server.adapters.memory_tables import Tables
from queue_server.application.statistics import DeskEdge, Expired, Facts, Rated, Told
from queue_server.contracts.events import EventName
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
            told=self._told(start, end),
        )

    def lately_told(self, since: datetime, most: int) -> list[Told]:
        """Return the newest first calls since then whose tickets told a wait."""
        return self._told(since, datetime.max.replace(tzinfo=UTC))[::-1][:most]

    def _told(self, start: datetime, end: datetime) -> list[Told]:
        tables = self._tables
        first = (
            (event, tables.tickets[event.ticket_id])
            for event in tables.events
            if event.name is EventName.TICKET_CALLED and event.calls == 1 and event.ticket_id is not None
            if start <= event.at < end
        )
        return [
            Told(
                event.at,
                event.service_id or one.service_id,
                event.window,
                max(0.0, (event.at - one.issued_at).total_seconds()),
                one.est_low_s,
                one.est_likely_s,
                one.est_high_s,
            )
            for event, one in first
            if one.est_low_s is not None and one.est_likely_s is not None and one.est_high_s is not None
        ]
