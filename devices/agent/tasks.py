"""Running several coroutines as one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from devices.runtime.tasks import end


async def run_together(*jobs: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends or fails; then cancel the rest and raise that one's error, if any."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(tasks)
