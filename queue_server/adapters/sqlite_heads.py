"""The heads of the lines a window may call: index look-ups, however long the lines are.

Priority lines come first in the index, so one look-up shows whether a priority ticket waits for a service;
only then are the normal line and the other classes (index `ticket_green`) asked as well.  A second look-up
(index `ticket_due`) finds the first whose appointment is due; the normal line then begins behind such.
"""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime

from queue_server.adapters.sqlite_rows import TICKET_COLUMNS, Row, to_text

_T = ", ".join(TICKET_COLUMNS)
_PRIORITY = TICKET_COLUMNS.index("priority")
_WAITING = f"""
    SELECT {_T} FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL AND day = ? AND service_id = ?
"""
_FIRST = f"{_WAITING} ORDER BY cls, place, n LIMIT 1"
_NORMAL = f"{_WAITING} AND cls = 1 ORDER BY place, n LIMIT 1"
_GREEN = f"{_WAITING} AND cls = 0 AND priority = ? ORDER BY place, n LIMIT 1"
# by name: without statistics the planner might walk the whole line instead
_DUE = f"""
    SELECT {_T} FROM ticket INDEXED BY ticket_due
    WHERE state = 'waiting' AND reserved_for IS NULL AND cls = 1 AND due_at IS NOT NULL
        AND day = ? AND service_id = ? AND due_at <= ? ORDER BY place, n LIMIT 1
"""
_NOT_DUE = f"{_WAITING} AND cls = 1 AND (due_at IS NULL OR due_at > ?) ORDER BY place, n LIMIT 1"


def line_heads(
    db: sqlite3.Connection, day: str, now: datetime, services: Iterable[str], classes: Collection[str]
) -> list[Row]:
    """Return the first row of each (service, class) line of `day`, in the order of TICKET_COLUMNS."""
    now_text = to_text(now)
    rows: list[Row] = []
    for service_id in services:
        first = db.execute(_FIRST, (day, service_id)).fetchone()
        if first is None:
            continue
        rows.append(first)
        due = db.execute(_DUE, (day, service_id, now_text)).fetchone()
        if due is not None:
            rows.append(due)
            rows += db.execute(_NOT_DUE, (day, service_id, now_text))
        if first[_PRIORITY] is not None:
            if due is None:
                rows += db.execute(_NORMAL, (day, service_id))
            for code in classes:
                if code != first[_PRIORITY]:
                    rows += db.execute(_GREEN, (day, service_id, code))
    return rows
