"""A hall's database with very many tickets of earlier days, made fast through the real schema.

One day is made of real `Ticket` values; SQL copies it to as many days as it takes, each with its own ids,
tokens, numbers and four events per ticket (issued, called, started, finished).  The audit stays empty: it is
appended to and never looked up on the way of a ticket.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

from queue_server.adapters.hall_file import load_hall
from queue_server.adapters.outbox_relay import EventStream, OutboxRelay
from queue_server.adapters.retention_sqlite import CURSOR
from queue_server.adapters.sqlite_file import connect, prepare
from queue_server.adapters.sqlite_rows import TICKET_COLUMNS, row_of
from queue_server.contracts.events import EventName
from queue_server.domain.hall import Hall
from queue_server.domain.numbering import number_of
from queue_server.domain.ticket import State, Ticket

PER_DAY = 1111
DAY_ZERO = date(2000, 1, 1)
NEW = {
    "id": "'t_' || lower(hex(randomblob(8)))",
    "token": "lower(hex(randomblob(11)))",
    "day": ":day",
    "person": "CASE WHEN :named AND person IS NOT NULL THEN lower(hex(randomblob(32))) END",
    "citizen": "CASE WHEN :named THEN citizen ELSE '' END",
    **{
        name: f":day || substr({name}, 11)"
        for name in ("issued_at", "called_at", "started_at", "finished_at")
    },
}
LIFE = (
    (EventName.TICKET_ISSUED, "issued_at", "waiting", "NULL"),
    (EventName.TICKET_CALLED, "called_at", "called", "window"),
    (EventName.TICKET_STARTED, "started_at", "serving", "window"),
    (EventName.TICKET_FINISHED, "finished_at", "done", "window"),
)
ONE_EVENT = """
    SELECT '{name}' AS name, {moment} AS moment, id, number, service_id, {window} AS window,
        '{state}' AS state, calls, print_state FROM ticket WHERE state = 'done' AND day = :day
"""
ALL_EVENTS = " UNION ALL ".join(
    ONE_EVENT.format(name=name, moment=moment, state=state, window=window)
    for name, moment, state, window in LIFE
)
EVENTS = f"""
    INSERT INTO event (name, at, ticket_id, number, service_id, window, state, calls, print_state, actor)
    SELECT name, moment, id, number, service_id, window, state, calls, print_state, 'operator:old'
    FROM ({ALL_EVENTS}) ORDER BY moment
"""
FOLLOWERS = (OutboxRelay.name, EventStream.name)
KNOWN_DAYS = 30
"""Older tickets name nobody any more, as the retention leaves them."""


def one_day(hall: Hall) -> list[Ticket]:
    """Return the tickets of a finished day, one after another from eight to four (UTC hours of one date)."""
    windows = {name: cycle(window.id for window in found) for name, found in hall.windows_of.items() if found}
    numbers = dict.fromkeys(windows, 0)
    made = []
    for n, service_id in enumerate(islice(cycle(windows), PER_DAY)):
        service = hall.services[service_id]
        numbers[service_id] += 1
        number = service.start + numbers[service_id] - 1
        at = datetime(DAY_ZERO.year, 1, 1, 0, tzinfo=UTC) + timedelta(seconds=20 * n)
        made.append(
            Ticket(
                id=f"t_{n}",
                number=number_of(service, number),
                n=number,
                service_id=service_id,
                day=DAY_ZERO.isoformat(),
                place=n,
                issued_at=at,
                token=f"x{n}",
                state=State.DONE,
                window=next(windows[service_id]),
                person=hashlib.sha256(str(n).encode()).hexdigest() if n % 2 else None,
                citizen="王*" if n % 2 else "",
                called_at=at + timedelta(minutes=9),
                started_at=at + timedelta(minutes=10),
                finished_at=at + timedelta(minutes=20),
                calls=1,
                print_state="printed",
                prints=1,
                rated=True,
                why="order",
            )
        )
    return made


def preload(path: Path, tickets: int, hall_file: Path, today: date) -> float:
    """Fill a new database with at least `tickets` tickets of the days before `today`; return the seconds."""
    began = time.perf_counter()
    prepare(path)
    hall = load_hall(hall_file)
    db = connect(path)
    # nothing is written twice; whoever opens the file next turns the journal on again
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
        db.execute(f"PRAGMA {pragma}")
    _add_days(db, one_day(hall), today, -(-tickets // PER_DAY))
    db.close()
    return time.perf_counter() - began


def _add_days(db: sqlite3.Connection, day: list[Ticket], today: date, days: int) -> None:
    columns = (*TICKET_COLUMNS, "numbered_by", "cls")
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    db.execute(f"CREATE TEMP TABLE one_day ({names})")
    rows = [(*row_of(one), one.service_id, one.ahead_key[0]) for one in day]
    db.executemany(f"INSERT INTO one_day VALUES ({marks})", rows)
    copied = ", ".join(NEW.get(name, name) for name in columns)
    db.execute("BEGIN")
    for back in range(days, 0, -1):
        old = {"day": (today - timedelta(days=back)).isoformat(), "named": back <= KNOWN_DAYS}
        db.execute(f"INSERT INTO ticket ({names}) SELECT {copied} FROM one_day", old)
        db.execute(EVENTS, old)
        db.execute("INSERT INTO counter SELECT service_id, :day, max(n) FROM one_day GROUP BY 1", old)
        if back == KNOWN_DAYS + 1:
            db.execute("INSERT INTO consumer SELECT ?, max(key) FROM ticket", (CURSOR,))
    for follower in FOLLOWERS:
        db.execute("INSERT INTO consumer SELECT ?, max(seq) FROM event", (follower,))
    db.execute("COMMIT")
    db.execute("DROP TABLE one_day")
