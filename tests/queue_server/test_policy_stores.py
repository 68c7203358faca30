"""The policy through the use cases: every store finds the same ticket, and the ticket says why."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters import sqlite_heads
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.hall_policy import PolicyTable, PriorityTable, policy_of
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.announce import public_event
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Tx
from queue_server.application.queries import ticket_out, windows
from queue_server.application.requeue import requeue
from queue_server.application.sign import sign_in
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.hall import CallRules, Hall
from queue_server.domain.policy import Policy, PriorityClass
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall

POLICY = Policy(
    classes={
        "ELDER": PriorityClass("ELDER", "老年人", "senior citizen", "age>=70", 30, min_age=70),
        "URGENT": PriorityClass("URGENT", "加急事项", "urgent matter", "staff", 5, 3.0),
    },
    overdue_min=60,
)
Step = tuple[str, str, str | None]
STEPS = st.one_of(
    st.tuples(st.just("take"), st.sampled_from(["A", "C"]), st.sampled_from([None, "ELDER", "URGENT"])),
    st.tuples(st.just("come"), st.sampled_from(["A", "C"]), st.sampled_from(["-600", "0", "900"])),
    st.tuples(st.just("call"), st.sampled_from(["1", "2"]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from(["1", "300", "2400"]), st.none()),
)


def policy_hall() -> Hall:
    return replace(
        small_hall(calling=CallRules(debounce_s=0, next_while_called="no-show")),
        policy=POLICY,
        priorities=frozenset(POLICY.classes),
    )


def issued(service: str, priority: str | None = None, **more: object) -> Callable[[Tx], Ticket]:
    wanted = TicketIn(service_id=service, channel=Channel.KIOSK, priority=priority, **more)  # type: ignore[arg-type]
    return lambda tx: issue_ticket(tx, wanted)


def booked_for(tx: Tx, ticket: Ticket, due_at: datetime) -> None:
    """Make it the ticket of an appointment whose slot begins at `due_at`."""
    tx.save(replace(ticket, appointment=f"CODE{ticket.number}", due_at=due_at))


async def history(store: MemoryStore | SqliteStore, clock: FixedClock, steps: list[Step]) -> list[str]:
    """Do the steps; return what was called and why, and what each window owes in the end."""
    told = []
    for window in ("1", "2"):
        await store.change(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))
    for what, name, priority in steps:
        clock.advance(1)
        if what == "take":
            await store.change(issued(name, priority))
        elif what == "come":
            due_at = clock.now() + timedelta(seconds=float(priority or 0))
            await store.change(lambda tx, name=name, at=due_at: booked_for(tx, issued(name)(tx), at))
        elif what == "wait":
            clock.advance(float(name))
        else:
            called = await store.change(lambda tx, name=name: call_next(tx, name))
            told.append(f"{called.number} {called.why}" if called else "nobody")
    desks = await store.read(lambda view: view.desks())
    await store.close()
    return [*told, *(f"{desk.window} owes {desk.green_debt}" for desk in desks.values())]


@settings(max_examples=15, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=40))
def test_every_store_calls_the_same_tickets_for_the_same_reasons(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:

        async def both() -> tuple[list[str], list[str]]:
            clock, other = FixedClock(MONDAY), FixedClock(MONDAY)
            memory = MemoryStore(policy_hall(), clock, Identity(b"k" * 32))
            file = SqliteStore(Path(folder) / "hall.db", policy_hall(), other, Identity(b"k" * 32))
            return await history(memory, clock, steps), await history(file, other, steps)

        in_memory, in_file = asyncio.run(both())
        assert in_memory == in_file


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
async def store(clock: FixedClock, tmp_path: Path):  # type: ignore[no-untyped-def]
    made = SqliteStore(tmp_path / "hall.db", policy_hall(), clock, Identity(b"k" * 32))
    for window in ("1", "2"):
        await made.change(lambda tx, window=window: sign_in(tx, window, f"clerk{window}"))
    yield made
    await made.close()


async def test_the_heads_are_index_look_ups_however_long_the_lines_are(
    store: SqliteStore, tmp_path: Path
) -> None:
    db = connect(tmp_path / "hall.db", read_only=True)
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    for priority in (None, "ELDER", "URGENT"):
        await store.change(issued("A", priority))
    await store.change(lambda tx: booked_for(tx, issued("A")(tx), MONDAY))
    rows = sqlite_heads.line_heads(db, "2026-11-23", MONDAY, ["A", "C"], POLICY.classes)
    db.set_trace_callback(None)
    plans = [row[3] for sql in asked for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    db.close()

    assert len(rows) == 4
    assert any("ticket_green" in plan for plan in plans)
    assert any("ticket_due" in plan for plan in plans)
    reads = [plan for plan in plans if plan.startswith(("SEARCH ticket", "SCAN ticket"))]
    indexes = ("INDEX ticket_line (", "INDEX ticket_green (", "INDEX ticket_due (")
    assert all(any(index in plan for index in indexes) for plan in reads)
    assert not any("SCAN ticket" in plan or "TEMP B-TREE" in plan for plan in plans)


async def test_a_called_ticket_says_why_in_both_languages(store: SqliteStore, clock: FixedClock) -> None:
    await store.change(issued("A"))
    clock.advance(300)
    elder = await store.change(issued("A", "ELDER"))
    clock.advance(120)
    await store.change(lambda tx: call_next(tx, "1"))

    def shown(view) -> tuple[object, object]:  # type: ignore[no-untyped-def]
        window = windows(view, policy_hall(), clock.now(), "1")[0]
        return ticket_out(policy_hall(), view.ticket(elder.id)).why, window.ticket and window.ticket.why

    why, at_window = await store.read(shown)
    assert why == at_window
    assert why.model_dump() == {
        "code": "head-start",
        "zh": "绿色通道(老年人),已等候2分钟;A001已等候7分钟",
        "en": "Green channel (senior citizen), waited 2 min; A001 has waited 7 min.",
    }


async def test_a_ticket_nobody_called_has_no_reason_and_a_chosen_one_names_the_clerks_choice(
    store: SqliteStore, clock: FixedClock
) -> None:
    waiting = await store.change(issued("A"))
    clock.advance(61)
    chosen = await store.change(lambda tx: call_this(tx, "2", waiting.id))

    assert ticket_out(policy_hall(), waiting).why is None
    assert chosen.why == "chosen waited=1"


async def test_the_card_grants_the_elder_class_and_the_record_alone_says_so(store: SqliteStore) -> None:
    citizen = CitizenIn(name="张三", id_number=RESIDENT, birth=date(1949, 12, 31))
    ticket = await store.change(issued("A", citizen=citizen))
    asked = await store.change(issued("A", "URGENT", priority_reason="court date today"))
    events = await store.read(lambda view: list(view.events(0, 100)))
    reasons = [event.reason for event in events if event.ticket_id in (ticket.id, asked.id)]

    assert (ticket.priority, asked.priority) == ("ELDER", "URGENT")
    assert reasons == ["priority ELDER: by birth date, 70 or older", "priority URGENT: court date today"]
    assert {public_event(event).reason for event in events} == {None}


async def test_who_missed_a_call_comes_back_behind_so_many_others(
    store: SqliteStore, clock: FixedClock
) -> None:
    late = await store.change(issued("A"))
    for _ in range(4):
        clock.advance(60)
        await store.change(issued("A"))
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: no_show(tx, "1"))
    await store.change(lambda tx: requeue(tx, late.id))
    called = [await store.change(lambda tx: call_next(tx, "1")) for _ in range(5)]

    assert [one.number for one in called if one] == ["A002", "A003", "A004", "A001", "A005"]


async def test_a_returned_priority_ticket_stays_behind_its_own_line(
    store: SqliteStore, clock: FixedClock
) -> None:
    late = await store.change(issued("A", "ELDER"))
    await store.change(lambda tx: call_next(tx, "1"))
    await store.change(lambda tx: no_show(tx, "1"))
    for priority in (None, None, "ELDER"):
        clock.advance(60)
        waiting = await store.change(issued("A", priority))
    back = await store.change(lambda tx: requeue(tx, late.id))

    assert back.place > waiting.place


async def test_a_window_remembers_what_it_owes_to_normal_tickets(
    store: SqliteStore, clock: FixedClock
) -> None:
    for priority in (None, None, "ELDER", "ELDER", "ELDER", "ELDER"):
        clock.advance(1)
        await store.change(issued("A", priority))
    called = [await store.change(lambda tx: call_next(tx, "1")) for _ in range(6)]

    assert [one.number for one in called if one] == ["A003", "A004", "A001", "A005", "A002", "A006"]


def test_the_tables_of_the_hall_file_become_the_policy() -> None:
    made = policy_of(
        PolicyTable(overdue_min=45), [PriorityTable(code="ELDER", name="老年人", min_age=70, rate=1.5)]
    )

    assert (made.overdue_min, made.classes["ELDER"].rate) == (45, 1.5)
    assert policy_of(PolicyTable(), []) == Policy()


def test_a_hall_without_the_new_columns_is_migrated_and_serves_on(tmp_path: Path) -> None:
    from sqlite_utils import Database

    from queue_server.adapters.migrations.sqlite import migrations
    from queue_server.adapters.sqlite_file import prepare

    db = sqlite3.connect(tmp_path / "old.db")
    migrations.apply(Database(db), stop_before="m010_calling_policy")
    db.execute("INSERT INTO desk VALUES ('1', 'wang', 0, '', NULL, NULL, NULL, NULL, 0)")
    db.commit()
    db.close()
    applied = prepare(tmp_path / "old.db")

    async def desk() -> tuple[str | None, int]:
        made = SqliteStore(tmp_path / "old.db", policy_hall(), FixedClock(MONDAY), Identity(b"k" * 32))
        try:
            found = (await made.read(lambda view: view.desks()))["1"]
            return found.operator, found.green_debt
        finally:
            await made.close()

    assert "m010_calling_policy" in applied
    assert asyncio.run(desk()) == ("wang", 0)
