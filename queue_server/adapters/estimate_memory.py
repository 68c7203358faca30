"""Lines and windows for estimates in the reference store; a part of MemoryTx."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime

from queue_server.adapters.memory_tables import Tables
from queue_server.application.estimate import Forecasts
from queue_server.application.estimate_ports import AtWindow, Queued
from queue_server.domain.ticket import AT_WINDOW, State, Ticket


class MemoryEstimates:
    """EstimateSource over `Tables`, without `desks`."""

    _tables: Tables

    @property
    def forecasts(self) -> Forecasts:
        """What is kept in memory for estimates."""
        return self._tables.forecasts

    def _found(self, wanted: Callable[[Ticket], bool]) -> list[Ticket]:
        return [one for one in self._tables.tickets.values() if wanted(one)]

    def queued(self, day: str, services: Collection[str], most: int) -> list[Queued]:
        """Return the first `most` of each line, in order."""
        waiting = self._found(lambda one: one.state is State.WAITING and one.day == day)
        return [
            Queued(one.service_id, one.priority, one.place)
            for service_id in services
            for one in sorted(
                (one for one in waiting if one.service_id == service_id and one.reserved_for is None),
                key=lambda one: one.ahead_key,
            )[:most]
        ]

    def sent_to(self, day: str) -> dict[str, int]:
        """Window id -> how many wait for that window alone."""
        waiting = self._found(lambda one: one.state is State.WAITING and one.day == day)
        return dict(Counter(one.reserved_for for one in waiting if one.reserved_for is not None))

    def at_windows(self, windows: Collection[str]) -> list[AtWindow]:
        """Return who is at these windows."""
        here = self._found(lambda one: one.state in AT_WINDOW)
        return [
            AtWindow(window, one.service_id, one.called_at or one.issued_at)
            for window in windows
            for one in here
            if one.window == window
        ]

    def lasted(self, day: str, windows: Collection[str], most: int) -> list[tuple[str, float]]:
        """Return (service, seconds) of the newest served at each window."""
        done = self._found(lambda one: one.state is State.DONE and one.day == day)[::-1]
        return [
            (one.service_id, (one.finished_at - one.called_at).total_seconds())
            for window in windows
            for one in [one for one in done if one.window == window][:most]
            if one.finished_at is not None and one.called_at is not None
        ]

    def passed_at(self, day: str, windows: Collection[str]) -> int:
        """Count who did not come."""
        return len(
            self._found(lambda one: one.state is State.PASSED and one.day == day and one.window in windows)
        )

    def newest_issued(self, day: str, service_id: str, most: int) -> list[datetime]:
        """Return when the newest tickets of a service were taken."""
        mine = self._found(lambda one: one.service_id == service_id and one.day == day)
        return [one.issued_at for one in sorted(mine, key=lambda one: -one.n)[:most]]
