"""The SQLite store and the reference store in lock-step: the same jobs, the same answers."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.ports import Outcome, RequestKey, TicketFilter, Tx
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket

T = TypeVar("T")
MEMORY_DISK = Path("/dev/shm")
KEY = b"k" * 32


class CountedIdentity(Identity):
    """Gives out ids in order, so that two stores that do the same give the same."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self._given = count(1)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._given):06d}"

    def new_token(self) -> str:
        return f"token-{next(self._given):06d}"


@cache
def _empty_file() -> bytes:
    """Return a migrated database that holds nothing: made once, copied for each hall."""
    from tests.queue_server.halls import MONDAY, small_hall

    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        path = Path(folder) / "hall.db"
        runner.run(SqliteStore(path, small_hall(), FixedClock(MONDAY), Identity(KEY)).close())
        return path.read_bytes()


class TwoStores:
    """Both stores over one clock.  Every job goes to both; a difference is a failed assertion."""

    def __init__(self, hall: Hall, at: datetime) -> None:
        self.hall, self.clock = hall, FixedClock(at)
        self._runner = asyncio.Runner()
        on_memory = MEMORY_DISK if MEMORY_DISK.is_dir() else None
        self._folder = Path(tempfile.mkdtemp(dir=on_memory))
        self.path = self._folder / "hall.db"
        self.path.write_bytes(_empty_file())
        self._identity = CountedIdentity(KEY)
        self.sqlite = SqliteStore(self.path, hall, self.clock, self._identity)
        self.memory = MemoryStore(hall, self.clock, CountedIdentity(KEY))
        self._keys = count(1)
        self.kept: dict[RequestKey, tuple[Callable[[Tx], Outcome], Outcome]] = {}
        """What was acknowledged, under its key."""

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def do(self, job: Callable[[Tx], T]) -> T | None:
        """Run a job under a key of its own on both; return what it returned, None when it was refused."""
        results: list[T] = []

        def answered(tx: Tx) -> Outcome:
            results.append(job(tx))
            return Outcome(200, repr(results[-1]))

        request = RequestKey(f"k{next(self._keys)}", "test", "digest")
        first, second = (self._attempt(store, request, answered) for store in (self.sqlite, self.memory))
        assert first == second
        if isinstance(first, Outcome):
            self.kept[request] = (answered, first)
            return results[0]
        return None

    def _attempt(self, store: Any, request: RequestKey, job: Callable[[Tx], Outcome]) -> object:
        try:
            return self.run(store.run(request, job))
        except QueueError as refusal:
            return (refusal.error_code, refusal.values)

    def repeat(self, request: RequestKey) -> None:
        """Ask again under a key: the first answer comes, and nothing changes."""
        job, first = self.kept[request]
        before = self.seq()
        for store in (self.sqlite, self.memory):
            again = self.run(store.run(request, job))
            assert again == Outcome(first.status, first.body, replayed=True)
        assert self.seq() == before

    def reopen(self) -> None:
        """Close the file and open it again, as after a restart."""
        self.run(self.sqlite.close())
        self.sqlite = SqliteStore(self.path, self.hall, self.clock, self._identity)
        self.memory.forget_estimates()

    def seq(self) -> int:
        found: int = self.run(self.sqlite.read(lambda view: view.seq))
        return found

    def tickets(self) -> list[Ticket]:
        """Return every ticket, oldest first, after both stores showed that they have the same."""
        shown = [
            self.run(
                store.read(
                    lambda view: (
                        [one for _, one in view.tickets(TicketFilter(limit=5000))],
                        view.desks(),
                        view.seq,
                        list(view.events(max(0, view.seq - 30), 30)),
                    )
                )
            )
            for store in (self.sqlite, self.memory)
        ]
        assert shown[0] == shown[1]
        return list(reversed(shown[0][0]))

    def close(self) -> None:
        self.run(self.sqlite.close())
        self._runner.close()
        shutil.rmtree(self._folder)
