"""The same days under several policies, and what they are measured against."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.domain.hall import Hall, Window
from queue_server.domain.policy import Order
from queue_server.simulation.demand import WEEKDAYS, Demand, pauses_of, visits_of
from queue_server.simulation.virtual_day import DayLog, VirtualDay

MONDAY = date(2026, 11, 23)
MEMORY_DISK = Path("/dev/shm")  # noqa: S108 (a private folder is made in it)
OURS, BOUND = "ours", "bound"
POLICIES = (OURS, "priority-first", "fifo", "weighted")


@dataclass(frozen=True, slots=True)
class Task:
    """One day to run: picklable, for other processes."""

    hall: Hall
    demand: Demand
    weekday: str
    policy: str
    seed: int


def run_task(task: Task, pace: Callable[[float], None] = lambda at_s: None) -> DayLog:
    """Run one day in a fresh SqliteStore on a temporary file, on a memory disk where there is one.

    `bound` is the same day in a hall that no policy can have: see `relaxed`.
    """
    demand, hall = task.demand, hall_under(task.hall, task.policy)
    visits = visits_of(demand, task.weekday, task.seed)
    if task.policy == BOUND:
        hall = relaxed(hall)
        visits = [replace(one, misses_call=False) for one in visits if not one.misses_call or one.comes_back]
    pauses = {} if task.policy == BOUND else pauses_of(demand, list(hall.windows), task.seed)
    day = MONDAY + timedelta(days=WEEKDAYS.index(task.weekday))

    async def run(folder: str) -> DayLog:
        clock = FixedClock(datetime(day.year, day.month, day.day, tzinfo=UTC))
        store = SqliteStore(Path(folder) / "day.db", hall, clock, Identity(os.urandom(32)))
        try:
            return await VirtualDay(hall, store, clock, demand, day, pace).run(visits, pauses)
        finally:
            await store.close()

    place = MEMORY_DISK if os.access(MEMORY_DISK, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="tingtong-simulation-", dir=place) as folder:
        return asyncio.run(run(folder))


def run_tasks(tasks: Iterable[Task]) -> list[DayLog]:
    """Run many days on all processors; in the order of the tasks."""
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run_task, tasks))


def hall_under(hall: Hall, policy: str) -> Hall:
    """Return the hall by the book (opening hours hold) under one of POLICIES or BOUND."""
    order = hall.policy.order if policy == OURS else Order(Order.FIFO if policy == BOUND else policy)
    return replace(hall, policy=replace(hall.policy, order=order), always_open=False)


def relaxed(hall: Hall) -> Hall:
    """Return a hall where windows that share services, directly or by others, do all that their group does.

    Nobody could call better than it serves first come, first served: no line waits beside an idle window.
    """
    windows: dict[str, Window] = {}
    for group in _groups(list(hall.windows.values())):
        skills = dict.fromkeys(sorted({one for window in group for one in window.skills}), 1)
        windows |= {window.id: replace(window, skills=skills) for window in group}
    return replace(hall, windows={window_id: windows[window_id] for window_id in hall.windows})


def _groups(windows: list[Window]) -> list[list[Window]]:
    groups: list[list[Window]] = []
    for window in windows:
        joined = [group for group in groups if any(one.skills.keys() & window.skills.keys() for one in group)]
        groups = [group for group in groups if group not in joined]
        groups.append([one for group in joined for one in group] + [window])
    return groups
