"""No statement of a day reads a whole table that grows with the years: a million old tickets cost nothing."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from queue_server.adapters import store_sqlite
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application import queries
from queue_server.application.audit import AuditFilter
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.cancel import cancel
from queue_server.application.evaluate import Rating, evaluate
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.hold import hold
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Outcome, RequestKey, TicketFilter, Tx, View
from queue_server.application.print_result import print_result
from queue_server.application.recall import recall
from queue_server.application.requeue import requeue
from queue_server.application.resume_held import resume_held
from queue_server.application.sign import pause, resume, sign_in, sign_out
from queue_server.application.slip import issued_answer
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.evaluations import Level
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.caps import Caps
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.ticket import State
from tests.queue_server.halls import MONDAY, small_hall

GROWS = (
    "ticket",
    "event",
    "answer",
    "audit",
    "evaluation",
    "desk_edge",
    "issue_count",
    "counter",
    "held_ticket",
)
SMALL = ("ticket_at_window", "ticket_open", "ticket_held", "ticket_reserved")
"""Partial indexes that hold only what is open now; reading one through is reading the hall as it stands."""


def job(act: Callable[[Tx], object]) -> Callable[[Tx], Outcome]:
    def run(tx: Tx) -> Outcome:
        act(tx)
        return Outcome(200)

    return run


def take(service: str, number: str | None = None) -> Callable[[Tx], Outcome]:
    citizen = CitizenIn(name="张三", id_type="other", id_number=number) if number else None
    wanted = TicketIn(service_id=service, channel=Channel.KIOSK, citizen=citizen)
    return lambda tx: Outcome(201, issued_answer(tx, issue_ticket(tx, wanted)).model_dump_json())


def morning() -> list[Callable[[Tx], Outcome]]:
    """Return the jobs of a morning: every action once at least; A001 … A006 are t1 … t6."""

    def on(number: str, act: Callable[[Tx, str], object]) -> Callable[[Tx], Outcome]:
        def run(tx: Tx) -> object:
            mine = [one for one in tx.tickets_of(tx.person_of("other", f"P{number}")) if one.number == number]
            return act(tx, mine[0].id)

        return job(run)

    rated = Rating(Level.SATISFIED, (), "", "tablet")
    return [
        *(job(partial(sign_in, window_id=window, operator=f"clerk {window}")) for window in "12"),
        *(take("A", f"PA{n:03d}") for n in range(1, 7)),
        take("C"),
        job(lambda tx: call_next(tx, "1")),
        job(lambda tx: recall(tx, "1")),
        job(lambda tx: start_service(tx, "1")),
        job(lambda tx: finish_service(tx, "1")),
        on("A001", lambda tx, one: evaluate(tx, tx.ticket(one), rated)),
        job(lambda tx: call_next(tx, "1")),
        job(lambda tx: no_show(tx, "1")),
        on("A002", requeue),
        job(lambda tx: call_next(tx, "1")),
        job(lambda tx: hold(tx, "1")),
        job(lambda tx: resume_held(tx, "1")),
        job(lambda tx: transfer(tx, "1", "C", None, "front")),
        job(lambda tx: call_next(tx, "2")),
        job(lambda tx: transfer(tx, "2", None, "1", "keep")),
        job(lambda tx: call_next(tx, "1")),
        on("A004", cancel),
        on("A005", lambda tx, one: print_result(tx, one, "printed")),
        on("A006", lambda tx, one: call_this(tx, "2", one)),
        job(lambda tx: pause(tx, "2", "暂离")),
        job(lambda tx: resume(tx, "2")),
        job(lambda tx: start_service(tx, "2")),
        job(lambda tx: finish_service(tx, "2")),
        job(lambda tx: sign_out(tx, "2")),
        job(lambda tx: tx.set_cursor("mqtt", 3)),
    ]


def reads(hall: Hall) -> list[Callable[[View], object]]:
    """Return what screens, consoles and phones ask for."""
    day = "2026-11-23"
    filters = [
        TicketFilter(day=day),
        TicketFilter(day=day, state=State.PASSED),
        TicketFilter(day=day, service_id="A"),
        TicketFilter(day=day, window="1"),
        TicketFilter(day=day, before=5),
    ]
    return [
        lambda view: queries.board(view, hall, MONDAY),
        lambda view: queries.services(view, hall, MONDAY),
        lambda view: queries.windows(view, hall, MONDAY),
        lambda view: queries.track(view, hall, MONDAY, view.tickets(TicketFilter(day=day))[0][1].token),
        *(partial(lambda view, wanted: queries.tickets(view, hall, wanted), wanted=one) for one in filters),
        lambda view: view.events(0, 100),
        lambda view: view.facts(MONDAY, MONDAY + timedelta(hours=1)),
        lambda view: view.slots_taken(day),
        lambda view: view.cursor("mqtt"),
        lambda view: view.audit(AuditFilter(limit=50)),
        lambda view: (view.seq, view.session("x"), view.token("x"), view.user("x")),
    ]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, None]:
    """Every statement that the store runs, on any of its connections, in order."""
    found: dict[str, None] = {}

    def traced(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
        db = connect(path, read_only=read_only)
        db.set_trace_callback(lambda statement: found.setdefault(statement))
        return db

    monkeypatch.setattr(store_sqlite, "connect", traced)
    return found


async def live_a_day(path: Path) -> None:
    hall = small_hall(calling=CallRules(debounce_s=0))
    caps = Caps(1000, 1000, per_interval=1000)
    hall.services["A"] = replace(hall.services["A"], caps=caps)
    clock = FixedClock(MONDAY)
    store = SqliteStore(path, hall, clock, Identity(b"k" * 32))
    for n, one in enumerate(morning()):
        clock.advance(1)
        await store.run(RequestKey(f"k{n}", "test", "d"), one)
    for query in reads(hall):
        await store.read(query)
    clock.advance(86400)
    await store.change(expire_day)
    await store.close()


NEWEST = re.compile(r"FROM \w+ (WHERE 1 )?ORDER BY seq DESC LIMIT \d+$")
"""The newest rows of a table by its key: a scan by its name, but it stops after so many."""


def plan_of(db: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]


def scanned(step: str) -> str | None:
    """Return the growing table that a step of a plan reads through."""
    words = step.split()
    if words[0] != "SCAN" or words[1] not in GROWS:
        return None
    return None if words[-1] in SMALL else words[1]


def test_no_statement_of_a_whole_day_reads_a_growing_table_through(
    tmp_path: Path, seen: dict[str, None]
) -> None:
    asyncio.run(live_a_day(tmp_path / "hall.db"))
    db = connect(tmp_path / "hall.db")
    asked = [one for one in seen if one.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
    asked = [one for one in asked if not NEWEST.search(one)]
    bad = {one: step for one in asked for step in plan_of(db, one) if scanned(step)}
    db.close()

    assert len(asked) > 150
    assert any("FROM held_ticket" in one for one in asked)
    assert bad == {}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT * FROM ticket WHERE citizen = 'x'", "ticket"),
        ("SELECT count(*) FROM event WHERE actor = 'x'", "event"),
        ("SELECT * FROM ticket WHERE day = 'x'", None),
        ("SELECT * FROM ticket WHERE state IN ('called', 'serving')", None),
        ("SELECT * FROM desk", None),
    ],
)
def test_a_table_read_through_is_noticed(tmp_path: Path, statement: str, told: str | None) -> None:
    store_sqlite.prepare(tmp_path / "hall.db")
    db = connect(tmp_path / "hall.db")
    found = [scanned(step) for step in plan_of(db, statement)]
    db.close()

    assert told in found
