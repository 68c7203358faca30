"""Every sight of personal data is recorded before it is shown, once in a while for each place looked at.

A console reads its lists every few seconds; a row for each would hide the rows that matter.
"""

from __future__ import annotations

import asyncio

from queue_server.application.audit import TRACE
from queue_server.application.ports import Store

AGAIN_S = 300.0
MOST_KEPT = 4096


class Sights:
    """Remembers who saw what lately."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[tuple[str, ...], float] = {}

    async def saw(self, actor: str) -> None:
        """Record that `actor` sees what the present request shows; durable on return.  Raises Busy."""
        trace = TRACE.get()
        if trace is None:
            return
        told = trace()
        key = (actor, told.source, told.action, told.ticket or "", told.window or "")
        now_s = asyncio.get_running_loop().time()
        last_s = self._seen.get(key)
        if last_s is not None and now_s - last_s < AGAIN_S:
            return
        await self._store.change(lambda tx: tx.note(), actor)
        if len(self._seen) >= MOST_KEPT:
            self._seen.clear()
        self._seen[key] = now_s
