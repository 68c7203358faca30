"""The record of who did and saw what: rows that are chained, so that no row can be changed unnoticed.

`hash(n) = SHA-256(hash(n-1) + canonical(row n))`, from 64 zeros.  A row names staff, machines, tickets and
windows by their ids, never a citizen.  The store writes the row of a job into the job's own transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime

from queue_server.application.records import Event
from queue_server.domain.errors import QueueError

FIRST = "0" * 64
OK = "ok"
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What the outside says of a job: `action` asked for, `source` it came from, and on what.

    `writes` is False for a request that only reads; its job is recorded when it says so (`Tx.note`).
    """

    action: str
    source: str
    ticket: str | None = None
    window: str | None = None
    writes: bool = True


TRACE: ContextVar[Callable[[], Told] | None] = ContextVar("audit_trace", default=None)
"""Set where a request enters; read where its jobs are handed to the store."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a job says of itself; empty fields say nothing."""

    detail: str = ""
    action: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row.  `at` is UTC text of fixed width, `result` is `ok` or the code of the refusal."""

    seq: int
    at: str
    actor: str
    source: str
    action: str
    ticket: str | None
    window: str | None
    result: str
    detail: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What may be asked for; `since` is included, `until` is not; `before` is a cursor (a seq)."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its newest row's number and hash."""

    seq: int = 0
    hash: str = FIRST


@dataclass(frozen=True, slots=True)
class Broken:
    """The first row that does not fit."""

    seq: int
    reason: str


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def canonical(row: AuditRow) -> bytes:
    """Return the bytes of a row that are hashed: a JSON list of every field but the hash."""
    values = (row.seq, row.at, row.actor, row.source, row.action, row.ticket, row.window)
    return _encode((*values, row.result, row.detail)).encode()


def link(previous: str, row: AuditRow) -> str:
    """Return the hash of `row` after the row whose hash is `previous`."""
    return hashlib.sha256(previous.encode() + canonical(row)).hexdigest()


def row_of_job(
    head: Head,
    at: str,
    actor: str,
    told: Told | None,
    events: Sequence[Event],
    note: Note | None,
    error: BaseException | None = None,
) -> AuditRow | None:
    """Return the next row of the chain for a job that ended; None when there is nothing to record.

    Recorded: what a request wrote or was refused, what emitted events, and what says so itself.
    """
    if note is None and not events and (told is None or not told.writes):
        return None
    said = note or Note()
    result = said.result or (OK if error is None else _code(error))
    action = said.action or (told.action if told else "")
    if not action:
        action = "+".join(dict.fromkeys(event.name.value for event in events))
    ticket, window, others = _on_what(told, events)
    source = told.source if told else "server"
    detail = said.detail or others
    values = (head.seq + 1, at, actor, source, action, ticket, window, result, detail)
    # as link() does, without making the row twice: this is on the way of every write
    made = hashlib.sha256(head.hash.encode() + _encode(values).encode()).hexdigest()
    return AuditRow(*values, made)


def chained(head: Head, row: AuditRow) -> AuditRow:
    """Return `row` with its place in the chain after `head`."""
    placed = replace(row, seq=head.seq + 1, hash="")
    return replace(placed, hash=link(head.hash, placed))


def _code(error: BaseException) -> str:
    return error.error_code if isinstance(error, QueueError) else "internal"


def _on_what(told: Told | None, events: Sequence[Event]) -> tuple[str | None, str | None, str]:
    """Return the ticket and window a job was about, and the other tickets it touched."""
    ticket, window = (told.ticket, told.window) if told else (None, None)
    touched = dict.fromkeys(event.ticket_id for event in events if event.ticket_id is not None)
    if touched:
        ticket = next(reversed(touched))
        window = window or events[-1].window
        touched.pop(ticket)
    others = f"+{len(touched)} tickets" if len(touched) > MOST_NAMED else " ".join(touched)
    return ticket, window, others


def first_broken(rows: Iterable[AuditRow], last: int | None = None) -> tuple[Broken | None, Head]:
    """Return the first row that does not fit, or None, and the head of what was sound before it.

    `rows` in the order of `seq`; `last` is how many rows were ever written, to find rows cut off the end.
    """
    head = Head()
    for row in rows:
        if row.seq != head.seq + 1:
            return Broken(head.seq + 1, f"row {head.seq + 1} is missing: row {row.seq} follows"), head
        if row.hash != link(head.hash, row):
            return Broken(row.seq, "the row does not fit its hash: it or a row before it was changed"), head
        head = Head(row.seq, row.hash)
    if last is not None and last != head.seq:
        return Broken(head.seq + 1, f"rows {head.seq + 1} to {last} are missing at the end"), head
    return None, head
