"""What a window shows, newest first of all: the site's retained display of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from devices.bus.base import Bus
from devices.contracts import topics
from devices.contracts.window_display import WindowDisplay


async def newest_displays(bus: Bus, site: str, window: str) -> AsyncIterator[WindowDisplay]:
    """Yield each display of a window that is not older (by `seq`) than the one before.  Raises BusClosed."""
    newest: int | None = None
    async for message in await bus.subscribe(topics.window_display(site, window), WindowDisplay):
        if newest is None or message.body.seq >= newest:
            newest = message.body.seq
            yield message.body
