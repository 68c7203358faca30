"""What pages and routes read: typed, from snapshots; the board is kept encoded until something happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from queue_server.application import queries
from queue_server.application.ports import Clock, Store, TicketFilter
from queue_server.application.ticket_shown import ticket_shown
from queue_server.contracts.base import Listing
from queue_server.contracts.board import BoardOut
from queue_server.contracts.services import ServiceOut
from queue_server.contracts.tickets import TicketOut, TrackOut
from queue_server.contracts.windows import WindowOut
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import State

FRESH = timedelta(seconds=2)
"""A board without a new event is made anew after this long: doors open and close by the clock."""


class HallReader:
    """Reads the hall.  All methods may be called from any request."""

    def __init__(self, store: Store, hall: Hall, clock: Clock, seq: Callable[[], int]) -> None:
        """`seq` returns the newest event that was committed."""
        self._store, self._hall, self._clock, self._seq = store, hall, clock, seq
        self._boards: dict[str | None, tuple[int, datetime, BoardOut, bytes]] = {}
        self._lock = asyncio.Lock()

    async def board(self, zone: str | None = None) -> BoardOut:
        """Return the state of the hall, or of one zone."""
        return (await self._board(zone))[2]

    async def board_json(self, zone: str | None = None) -> tuple[int, bytes]:
        """Return the board's seq and its JSON."""
        made = await self._board(zone)
        return made[0], made[3]

    async def _board(self, zone: str | None) -> tuple[int, datetime, BoardOut, bytes]:
        zone = zone if zone in self._hall.zones else None
        if (kept := self._kept(zone)) is not None:
            return kept
        async with self._lock:  # many ask after each event: one of them reads
            if (kept := self._kept(zone)) is not None:
                return kept
            now = self._clock.now()
            board = await self._store.read(lambda view: queries.board(view, self._hall, now, zone))
            made = (board.seq, now, board, board.model_dump_json().encode())
            self._boards[zone] = made
            return made

    def _kept(self, zone: str | None) -> tuple[int, datetime, BoardOut, bytes] | None:
        kept = self._boards.get(zone)
        if kept is None or kept[0] < self._seq():
            return None
        age = self._clock.now() - kept[1]
        return kept if timedelta() <= age < FRESH else None

    async def services(self) -> Listing[ServiceOut]:
        """Return every service with its line as it is now."""
        now = self._clock.now()
        return await self._store.read(lambda view: queries.services(view, self._hall, now))

    async def windows(self) -> list[WindowOut]:
        """Return every window."""
        now = self._clock.now()
        return await self._store.read(lambda view: queries.windows(view, self._hall, now))

    async def window(self, window_id: str) -> WindowOut:
        """Return one window.  Raises NotFound."""
        now = self._clock.now()
        found = await self._store.read(lambda view: queries.windows(view, self._hall, now, window_id))
        return found[0]

    async def ticket(self, ticket_id: str) -> TicketOut:
        """Return one ticket.  Raises NotFound."""
        return await self._store.read(lambda view: ticket_shown(view, self._hall, view.ticket(ticket_id)))

    async def tickets(
        self,
        state: str | None = None,
        service: str | None = None,
        window: str | None = None,
        day: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Listing[TicketOut]:
        """Return a page of tickets of `day` (default: today), newest first.  Raises QueueError."""
        wanted = TicketFilter(
            state=State(state) if state else None,
            service_id=service or None,
            window=window or None,
            day=day or self._hall.business_day(self._clock.now()),
            before=queries.cursor_of(cursor),
            limit=limit,
        )
        return await self._store.read(lambda view: queries.tickets(view, self._hall, wanted))

    async def track(self, token: str) -> TrackOut:
        """Return what the holder of a ticket may see.  Raises NotFound."""
        now = self._clock.now()
        return await self._store.read(lambda view: queries.track(view, self._hall, now, token))
