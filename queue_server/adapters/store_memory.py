"""The reference store: plain dictionaries, copied before each job and put back when it fails.

It exists for tests and simulations and says in the simplest way what a Store must do; nothing is durable.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import TypeVar

from queue_server.adapters.identity import Identity
from queue_server.adapters.memory_tables import Tables
from queue_server.adapters.memory_tx import MemoryTx
from queue_server.application.audit import TRACE, Head, row_of_job
from queue_server.application.estimate import Forecasts
from queue_server.application.ports import (
    Clock,
    Event,
    Outcome,
    RequestKey,
    Tx,
    View,
)
from queue_server.domain.errors import Busy, QueueError, Refused
from queue_server.domain.hall import Hall

T = TypeVar("T")


class MemoryStore:
    """Store over dictionaries."""

    def __init__(self, hall: Hall, clock: Clock, identity: Identity) -> None:
        self._hall, self._clock, self._identity = hall, clock, identity
        self._tables = Tables()
        self._listeners: list[Callable[[list[Event]], None]] = []
        self._closed = False

    def on_commit(self, listener: Callable[[list[Event]], None]) -> None:
        """Tell `listener` the events of each job."""
        self._listeners.append(listener)

    @property
    def pending(self) -> int:
        """Nothing ever waits."""
        return 0

    async def run(self, request: RequestKey | None, job: Callable[[Tx], Outcome], actor: str = "") -> Outcome:
        """Run `job` once for `request`."""
        if request is None:
            return self._attempt(job, actor)
        kept = self._tables.answers.get((request.actor, request.key))
        if kept is not None:
            if kept[0] != request.digest:
                raise Refused("idempotency-mismatch")
            return Outcome(kept[1].status, kept[1].body, replayed=True)
        outcome = self._attempt(job, actor or request.actor)
        self._tables.answers[request.actor, request.key] = (request.digest, outcome)
        return outcome

    async def change(self, job: Callable[[Tx], T], actor: str = "") -> T:
        """Run `job`."""
        return self._attempt(job, actor)

    async def read(self, query: Callable[[View], T]) -> T:
        """Run `query`."""
        return query(MemoryTx(self._tables, self._hall, self._clock.now(), self._identity, ""))

    def forget_estimates(self) -> None:
        """Learn anew for estimates, as a server does that starts again."""
        self._tables.forecasts = Forecasts()

    async def close(self) -> None:
        """Take nothing more."""
        self._closed = True

    def _attempt(self, job: Callable[[Tx], T], actor: str) -> T:
        if self._closed:
            raise Busy
        draft = self._tables.snapshot()
        tx = MemoryTx(draft, self._hall, self._clock.now(), self._identity, actor)
        try:
            result = job(tx)
        except QueueError as error:
            self._record(self._tables, tx, actor, [], error)
            raise
        fresh = draft.events[len(self._tables.events) :]
        self._record(draft, tx, actor, fresh, None)
        self._tables = draft
        for listener in self._listeners if fresh else ():
            listener(fresh)
        return result

    def _record(
        self, tables: Tables, tx: MemoryTx, actor: str, events: list[Event], error: QueueError | None
    ) -> None:
        """Write the job's row of the audit, if it has one."""
        trace = TRACE.get()
        head = Head(tables.audit[-1].seq, tables.audit[-1].hash) if tables.audit else Head()
        at = tx.now.astimezone(UTC).isoformat(timespec="microseconds")
        row = row_of_job(head, at, actor, trace() if trace else None, events, tx.noted, error)
        if row is not None:
            tables.audit.append(row)
