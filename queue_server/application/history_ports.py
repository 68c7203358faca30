"""What a ticket's history needs of a store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from queue_server.application.records import Event
from queue_server.domain.ticket import Ticket


class HistoryView(Protocol):
    """A part of `View`."""

    def events_of(self, ticket: Ticket) -> Sequence[Event]:
        """Return everything that was kept of a ticket, in order, up to two days after its issue."""
        ...
