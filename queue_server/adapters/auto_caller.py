"""自动呼叫: windows that call by themselves when they are free and somebody waits."""

from __future__ import annotations

import asyncio
import logging

from queue_server.application.call_next import call_next
from queue_server.application.ports import Event, Store, Tx
from queue_server.contracts.events import EventName
from queue_server.domain.errors import QueueError

log = logging.getLogger(__name__)
_IDLE = frozenset({EventName.TICKET_PRINT, EventName.TICKET_RATED, EventName.TICKET_RECALLED})


class AutoCaller:
    """Looks at free windows after each commit that may let one call."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._woken = asyncio.Event()
        self._stale = True
        self._windows: list[str] = []

    def wake(self, events: list[Event]) -> None:
        """Something happened; most halls have no such window, so nothing is read unless one changed."""
        if any(event.name is EventName.WINDOW_CHANGED for event in events):
            self._stale = True
            self._woken.set()
        elif self._windows and any(event.name not in _IDLE for event in events):
            self._woken.set()

    async def run_forever(self) -> None:
        """Call, for ever."""
        while True:
            self._woken.clear()
            if self._stale:
                self._stale = False
                desks = await self._store.read(lambda view: view.desks())
                self._windows = [desk.window for desk in desks.values() if desk.auto_call]
            for window in self._windows:
                await self._call(window)
            await self._woken.wait()

    async def _call(self, window: str) -> None:
        def job(tx: Tx) -> None:
            desk = tx.desk(window)
            if desk.auto_call and desk.is_taking and tx.at_window(window) is None:
                call_next(tx, window)

        try:
            await self._store.change(job, "auto-call")
        except QueueError as error:
            log.info("auto-call refused", extra={"window": window, "code": error.error_code})
