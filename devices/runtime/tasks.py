"""Ending tasks for certain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_S = 0.5


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` and return when all have ended; how they ended is nobody's matter any more.

    They are told again as long as one goes on: before Python 3.12 `asyncio.wait_for`, also inside libraries,
    loses a cancellation that comes together with its result.
    """
    left = set(tasks)
    ended: set[asyncio.Future[Any]] = set()
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=AGAIN_S)
        for task in ended:
            if not task.cancelled():
                task.exception()
