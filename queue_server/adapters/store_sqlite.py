"""The hall's database: one writer thread, group commit, WAL with synchronous=FULL.

Jobs wait in a queue; the writer takes all that are there (at most BATCH), runs each inside its own savepoint
between one BEGIN IMMEDIATE and one COMMIT, and wakes the event loop once.  So an answer is given only after
its commit is on disk, and many waiting jobs share one fsync.  Reads go to read-only connections.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from queue_server.adapters import audit_sqlite
from queue_server.adapters.about_file import KEY, SITE
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect, prepare
from queue_server.adapters.sqlite_rows import to_text
from queue_server.adapters.sqlite_tx import Shared, SqliteTx
from queue_server.adapters.sqlite_view import SqliteView
from queue_server.application.audit import TRACE, Told, row_of_job
from queue_server.application.ports import Clock, Event, Outcome, RequestKey, Tx, View
from queue_server.domain.errors import Busy, Refused
from queue_server.domain.hall import Hall

T = TypeVar("T")
Listener = Callable[[list[Event]], None]

BATCH = 64
MAX_PENDING = 4096
READERS = 2


@dataclass(slots=True)
class _Job:
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    request: RequestKey | None
    work: Callable[[Tx], Any]
    actor: str
    told: Told | None
    result: Any = None
    error: BaseException | None = None


class SqliteStore:
    """Store over one file.  `on_commit` is called on the event loop with the events of each commit."""

    def __init__(self, path: Path, hall: Hall, clock: Clock, identity: Identity) -> None:
        """Open, check and migrate.  Raises DatabaseProblem."""
        prepare(path, {SITE: hall.site, KEY: identity.key_mark})
        self._path, self._hall, self._clock = path, hall, clock
        self._shared = Shared(hall, identity)
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._listeners: list[Listener] = []
        self._closed = False
        self._version = -1
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._readers = ThreadPoolExecutor(READERS, "store-read")
        self._writer = threading.Thread(target=self._write_forever, name="store-write", daemon=True)
        self._writer.start()

    def on_commit(self, listener: Listener) -> None:
        """Tell `listener` the events of each commit, on the event loop, in order."""
        self._listeners.append(listener)

    @property
    def pending(self) -> int:
        """How many jobs wait for the writer."""
        return self._queue.qsize()

    async def run(self, request: RequestKey | None, job: Callable[[Tx], Outcome], actor: str = "") -> Outcome:
        """Run `job` once for `request`.  Raises what it raises, Refused idempotency-mismatch, Busy."""
        outcome: Outcome = await self._submit(request, job, actor or (request.actor if request else ""))
        return outcome

    async def change(self, job: Callable[[Tx], T], actor: str = "") -> T:
        """Run `job`; durable when this returns."""
        result: T = await self._submit(None, job, actor)
        return result

    def _submit(
        self, request: RequestKey | None, work: Callable[[Tx], Any], actor: str
    ) -> asyncio.Future[Any]:
        if self._closed or self._queue.qsize() > MAX_PENDING:
            raise Busy
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        trace = TRACE.get()
        self._queue.put(_Job(loop, future, request, work, actor, trace() if trace else None))
        return future

    async def read(self, query: Callable[[View], T]) -> T:
        """Run `query` on a snapshot, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read_now, query)

    def _read_now(self, query: Callable[[View], T]) -> T:
        db: sqlite3.Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect(self._path, read_only=True)
            self._read_connections.append(db)
        db.execute("BEGIN")
        try:
            return query(SqliteView(db, self._hall, self._shared.forecasts))
        finally:
            db.execute("COMMIT")

    async def close(self) -> None:
        """Finish what was accepted, then close the file."""
        if self._closed:
            return
        self._closed = True
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._writer.join)
        self._readers.shutdown(wait=True)
        for db in self._read_connections:
            db.close()

    # ---- the writer's thread -------------------------------------------------------------------

    def _write_forever(self) -> None:
        db = connect(self._path)
        self._shared.seq = SqliteView(db, self._hall).seq
        self._shared.audit = audit_sqlite.head_of(db)
        stop = False
        while not stop:
            batch: list[_Job] = []
            first = self._queue.get()
            while first is not None:
                batch.append(first)
                if len(batch) >= BATCH:
                    break
                try:
                    first = self._queue.get_nowait()
                except Empty:
                    break
            stop = first is None
            if batch:
                self._commit(db, batch)
        db.close()

    def _commit(self, db: sqlite3.Connection, batch: list[_Job]) -> None:
        """Run a batch in one transaction; whoever waits hears of it after the commit, or of its failure."""
        seq, desks, audit = self._shared.seq, self._shared.desks, self._shared.audit
        try:
            db.execute("BEGIN IMMEDIATE")
            self._notice_others(db)
            seq, desks, audit = self._shared.seq, self._shared.desks, self._shared.audit
            for job in batch:
                self._run_one(db, job)
            db.execute("COMMIT")
        except sqlite3.Error as error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._shared.seq, self._shared.desks, self._shared.audit = seq, desks, audit
            self._shared.events.clear()
            for job in batch:
                job.error = error
        events, self._shared.events = self._shared.events, []
        for loop in {job.loop for job in batch}:
            mine = [job for job in batch if job.loop is loop]
            try:
                loop.call_soon_threadsafe(self._wake, mine, events)
            except RuntimeError:  # that loop was closed while its job ran: the commit stands, nobody listens
                continue
            events = []

    def _notice_others(self, db: sqlite3.Connection) -> None:
        """Read anew what is kept in memory after another program (a command) wrote to the file."""
        version = db.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            self._version = version
            self._shared.seq = SqliteView(db, self._hall).seq
            self._shared.audit = audit_sqlite.head_of(db)
            self._shared.desks = None

    def _run_one(self, db: sqlite3.Connection, job: _Job) -> None:
        shared = self._shared
        seq, desks, told = shared.seq, shared.desks, len(shared.events)
        tx = SqliteTx(db, shared, self._clock.now(), job.actor)
        db.execute("SAVEPOINT job")
        try:
            job.result = job.work(tx) if job.request is None else _once(db, tx, job.request, job.work)
        except sqlite3.OperationalError:
            raise  # disk full, file gone: the whole batch failed
        except BaseException as error:  # the job's own refusal, or its bug: only this job fails
            db.execute("ROLLBACK TO job")
            job.error = error
            shared.seq, shared.desks = seq, desks
            del shared.events[told:]
        self._record(db, job, tx, shared.events[told:])
        db.execute("RELEASE job")

    def _record(self, db: sqlite3.Connection, job: _Job, tx: SqliteTx, events: list[Event]) -> None:
        """Write the job's row of the audit into its transaction; a repeated answer wrote nothing."""
        if isinstance(job.result, Outcome) and job.result.replayed:
            return
        at = str(to_text(tx.now))
        row = row_of_job(self._shared.audit, at, job.actor, job.told, events, tx.noted, job.error)
        if row is not None:
            self._shared.audit = audit_sqlite.add(db, row)

    def _wake(self, batch: list[_Job], events: list[Event]) -> None:
        """On the event loop: hand out the results, then the events."""
        for job in batch:
            if job.future.cancelled():
                continue
            if job.error is not None:
                job.future.set_exception(job.error)
            else:
                job.future.set_result(job.result)
        if events:
            for listener in self._listeners:
                listener(events)


def _once(
    db: sqlite3.Connection, tx: SqliteTx, request: RequestKey, work: Callable[[Tx], Outcome]
) -> Outcome:
    """Answer a repeat from the table of answers; else run the job and keep its answer with its changes."""
    row = db.execute(
        "SELECT digest, status, body FROM answer WHERE actor = ? AND key = ?", (request.actor, request.key)
    ).fetchone()
    if row is not None:
        if row[0] != request.digest:
            raise Refused("idempotency-mismatch")
        return Outcome(row[1], row[2], replayed=True)
    outcome = work(tx)
    db.execute(
        "INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?)",
        (request.actor, request.key, request.digest, outcome.status, outcome.body, to_text(tx.now)),
    )
    return outcome
