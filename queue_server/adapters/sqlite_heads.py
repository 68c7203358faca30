"""The heads of the lines a window may call: index look-ups, however long the lines are.

A service's normal line and its priority lines are asked together; only where a priority ticket waits are the
other classes asked one by one (index `ticket_green`).
"""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from queue_server.adapters.sqlite_rows import TICKET_COLUMNS, Row

_T = ", ".join(TICKET_COLUMNS)
_PRIORITY = TICKET_COLUMNS.index("priority")
_FIRST = f"""
    SELECT {_T} FROM ticket WHERE state = 'waiting' AND reserved_for IS NULL
        AND day = :day AND service_id = :service AND cls = {{cls}} ORDER BY place, n LIMIT 1
"""
_BOTH = f"SELECT * FROM ({_FIRST.format(cls=0)}) UNION ALL SELECT * FROM ({_FIRST.format(cls=1)})"
_GREEN = f"""
    SELECT {_T} FROM ticket INDEXED BY ticket_green
    WHERE state = 'waiting' AND reserved_for IS NULL AND cls = 0
        AND day = ? AND service_id = ? AND priority = ? ORDER BY place, n LIMIT 1
"""


def line_heads(
    db: sqlite3.Connection, day: str, services: Iterable[str], classes: Collection[str]
) -> list[Row]:
    """Return the first row of each (service, class) line of `day`, in the order of TICKET_COLUMNS."""
    rows: list[Row] = []
    for service_id in services:
        for row in db.execute(_BOTH, {"day": day, "service": service_id}):
            rows.append(row)
            if row[_PRIORITY] is not None:
                others = (one for one in classes if one != row[_PRIORITY])
                for code in others:
                    rows += db.execute(_GREEN, (day, service_id, code))
    return rows
