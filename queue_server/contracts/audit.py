"""The audit as auditors read it."""

from __future__ import annotations

from pydantic import AwareDatetime

from queue_server.contracts.base import Answer


class AuditOut(Answer):
    """One row: who, when, from where, what, on which ticket or window, and how it ended.

    `result` is `ok` or the code of the refusal.  `hash` binds the row to all rows before it.
    """

    seq: int
    at: AwareDatetime
    actor: str
    source: str
    action: str
    ticket: str | None = None
    window: str | None = None
    result: str
    detail: str = ""
    hash: str
