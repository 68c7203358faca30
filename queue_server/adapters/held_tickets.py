"""How many open tickets a person holds of a service on a day, counted beside the tickets themselves.

`require_may_take` reads the tickets and refuses in a clerk's words; this count is the constraint behind it.
The limit is data, so no unique index can hold it: the count is a row that is raised only while it is below
the limit, in one statement, as a cap is (`issue_count`).  A row goes when its last ticket ends: after a
day's end nothing is left that links a person to a day.
"""

from __future__ import annotations

import sqlite3

from queue_server.domain.ticket import FINAL, Ticket

Line = tuple[str, str, str]
"""Business day, person (keyed hash), service."""

HELD_TABLE = (
    """
    CREATE TABLE held_ticket (
        day TEXT NOT NULL,
        person TEXT NOT NULL,
        service_id TEXT NOT NULL,
        n INTEGER NOT NULL CHECK (n > 0),
        PRIMARY KEY (day, person, service_id)
    ) WITHOUT ROWID
    """,
    """
    INSERT INTO held_ticket SELECT day, person, service_id, count(*) FROM ticket
    WHERE state IN ('waiting', 'called', 'serving', 'held', 'passed') AND person IS NOT NULL
    GROUP BY day, person, service_id
    """,
)
_HOLD = """
    INSERT INTO held_ticket VALUES (?, ?, ?, 1)
    ON CONFLICT (day, person, service_id) DO UPDATE SET n = n + 1 WHERE ? = 0 OR n < ? RETURNING n
"""
_LAST = "DELETE FROM held_ticket WHERE day = ? AND person = ? AND service_id = ? AND n = 1"
_LESS = "UPDATE held_ticket SET n = n - 1 WHERE day = ? AND person = ? AND service_id = ?"


def line_held(ticket: Ticket) -> Line | None:
    """Return where an open ticket counts; None for one that ended or belongs to nobody known."""
    if ticket.person is None or ticket.state in FINAL:
        return None
    return ticket.day, ticket.person, ticket.service_id


def hold(db: sqlite3.Connection, line: Line, most: int = 0) -> bool:
    """Count one more; False (and not counted) when `most` are counted already, 0: no limit."""
    return db.execute(_HOLD, (*line, most, most)).fetchone() is not None


def let_go(db: sqlite3.Connection, line: Line) -> None:
    """Count one less."""
    if db.execute(_LAST, line).rowcount == 0:
        db.execute(_LESS, line)


def move(db: sqlite3.Connection, before: Ticket, after: Ticket) -> None:
    """Follow a ticket that ended or went on to another service; that is never refused."""
    old, new = line_held(before), line_held(after)
    if old == new:
        return
    if old is not None:
        let_go(db, old)
    if new is not None:
        hold(db, new)


def recount(held: dict[Line, int], before: Ticket | None, after: Ticket, most: int = 0) -> bool:
    """Do all of it on a dictionary, for the reference store; False when `after` is one too many."""
    old, new = line_held(before) if before else None, line_held(after)
    if old == new:
        return True
    if new is not None and 0 < most <= held.get(new, 0):
        return False
    for line, by in ((old, -1), (new, 1)):
        if line is not None:
            held[line] = held.get(line, 0) + by
            if held[line] <= 0:
                del held[line]
    return True
