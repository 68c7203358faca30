"""What a person holds and what a cancelled ticket gives back: counted with the tickets, on every store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.held_tickets import hold
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.call_next import call_next
from queue_server.application.cancel import cancel
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import TicketFilter, Tx
from queue_server.application.requeue import requeue
from queue_server.application.sign import sign_in
from queue_server.application.start_service import start_service
from queue_server.application.transfer import transfer
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.caps import Caps
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.hall import Hall, Limits
from queue_server.domain.limits import require_may_take
from queue_server.domain.ticket import FINAL, Ticket
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall

AnyStore = MemoryStore | SqliteStore
ACTIONS = ("take", "take", "take", "call", "start", "finish", "no-show", "requeue", "cancel", "transfer")
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40
)


def store_of(kind: str, folder: Path, hall: Hall, clock: FixedClock) -> AnyStore:
    identity = Identity(b"k" * 32)
    if kind == "memory":
        return MemoryStore(hall, clock, identity)
    return SqliteStore(folder / "hall.db", hall, clock, identity)


def wanted(person: int, service: str) -> TicketIn:
    citizen = CitizenIn(id_type="other", id_number=f"P{person:04d}")
    return TicketIn(service_id=service, channel=Channel.API, citizen=citizen)


def job_of(action: str, which: int, other: int) -> Callable[[Tx], object]:
    """Return what `action` does: `which` is a person or window, `other` a service or a ticket."""
    service, window = "ABC"[other], str(which + 1)

    def newest(tx: Tx) -> str:
        mine = tx.tickets_of(tx.person_of("other", f"P{which:04d}"))
        if not mine:
            raise Refused("nobody-waiting")
        return mine[-1 - other % len(mine)].id

    jobs: dict[str, Callable[[Tx], object]] = {
        "take": lambda tx: issue_ticket(tx, wanted(which, service)),
        "call": lambda tx: call_next(tx, window),
        "start": lambda tx: start_service(tx, window),
        "finish": lambda tx: finish_service(tx, window),
        "no-show": lambda tx: no_show(tx, window),
        "requeue": lambda tx: requeue(tx, newest(tx)),
        "cancel": lambda tx: cancel(tx, newest(tx)),
        "transfer": lambda tx: transfer(tx, window, service, None),
    }
    return jobs[action]


async def attempt(store: AnyStore, job: Callable[[Tx], object]) -> None:
    try:
        await store.change(job)
    except QueueError:
        return  # a refusal is as good an answer as any here; what counts is what is kept


def held_in(path: Path) -> Counter[tuple[str, str]]:
    db = connect(path, read_only=True)
    kept = db.execute("SELECT person, service_id, n FROM held_ticket").fetchall()
    db.close()
    return Counter({(person, service): n for person, service, n in kept})


def open_ones(tickets: list[Ticket]) -> Counter[tuple[str, str]]:
    return Counter((one.person, one.service_id) for one in tickets if one.person and one.state not in FINAL)


@settings(max_examples=25, deadline=None)
@given(STEPS, st.integers(0, 2))
def test_the_count_is_what_the_tickets_say_whatever_was_done_to_them_together(
    steps: list[tuple[str, int, int]], limit: int
) -> None:
    hall = small_hall(limits=Limits(0, limit, 0))

    async def run(folder: Path) -> tuple[list[Ticket], list[Ticket]]:
        clock = FixedClock(MONDAY)
        store = store_of("sqlite", folder, hall, clock)
        for window in hall.windows:
            await store.change(partial(sign_in, window_id=window, operator=f"clerk {window}"))
        await asyncio.gather(*(attempt(store, job_of(*step)) for step in steps))
        now = [one for _, one in await store.read(lambda view: view.tickets(TicketFilter(limit=200)))]
        assert held_in(folder / "hall.db") == open_ones(now)
        clock.advance(86400)
        await store.change(expire_day)
        after = [one for _, one in await store.read(lambda view: view.tickets(TicketFilter(limit=200)))]
        await store.close()
        return now, after

    with TemporaryDirectory() as name:
        now, after = asyncio.run(run(Path(name)))
        assert open_ones(after) == Counter()
        assert held_in(Path(name) / "hall.db") == Counter()
    untouched = [one for one in now if one.calls == 0]  # a transfer may bring two together, an issue never
    assert not limit or max(open_ones(untouched).values(), default=0) <= limit


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("limit", [1, 2, 0])
async def test_the_count_alone_refuses_one_too_many(kind: str, limit: int, tmp_path: Path) -> None:
    store = store_of(kind, tmp_path, small_hall(limits=Limits(0, limit, 0)), FixedClock(MONDAY))

    def forgetful(tx: Tx) -> Ticket:
        """Take a ticket as somebody does who forgot to look at the tickets first."""
        first = tx.tickets_of("p")[:1]
        made = Ticket(
            tx.new_id("t"), "A", tx.next_number("A", 1), "A", tx.day, 1, tx.now, tx.new_token(), person="p"
        )
        assert first == [] or first[0].person == "p"
        tx.add(made, most_open=limit)
        return made

    answers = await asyncio.gather(*(store.change(forgetful) for _ in range(4)), return_exceptions=True)
    await store.close()

    taken = [one for one in answers if isinstance(one, Ticket)]
    refused = [one for one in answers if isinstance(one, Refused)]
    assert len(taken) == (limit or 4)
    assert {one.error_code for one in refused} == (set() if limit == 0 else {"ticket-already-waiting"})
    assert all(one.values["ticket_id"] == taken[-1].id for one in refused)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_one_person_who_asks_twenty_times_at_once_holds_one_ticket(kind: str, tmp_path: Path) -> None:
    store = store_of(kind, tmp_path, small_hall(), FixedClock(MONDAY))
    answers = await asyncio.gather(
        *(store.change(lambda tx: issue_ticket(tx, wanted(1, "A"))) for _ in range(20)),
        return_exceptions=True,
    )
    await store.close()

    assert sum(isinstance(one, Ticket) for one in answers) == 1


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_transfer_to_a_line_where_one_waits_already_is_not_refused_and_counts_there(
    kind: str, tmp_path: Path
) -> None:
    store = store_of(kind, tmp_path, small_hall(), FixedClock(MONDAY))
    await store.change(partial(sign_in, window_id="1", operator="clerk"))
    moved = await store.change(lambda tx: issue_ticket(tx, wanted(1, "A")))
    await store.change(lambda tx: call_next(tx, "1"))
    waits = await store.change(lambda tx: issue_ticket(tx, wanted(1, "C")))
    await store.change(lambda tx: transfer(tx, "1", "C", None))
    await store.change(lambda tx: issue_ticket(tx, wanted(1, "A")))
    for ticket in (moved, waits):
        with pytest.raises(Refused):
            await store.change(lambda tx: issue_ticket(tx, wanted(1, "C")))
        await store.change(partial(cancel, ticket_id=ticket.id))

    assert (await store.change(lambda tx: issue_ticket(tx, wanted(1, "C")))).number == "C502"
    await store.close()


def test_a_file_of_an_older_version_counts_its_open_tickets(tmp_path: Path) -> None:
    async def fill() -> None:
        store = store_of("sqlite", tmp_path, small_hall(), FixedClock(MONDAY))
        for person in (1, 2):
            await store.change(lambda tx, person=person: issue_ticket(tx, wanted(person, "A")))  # type: ignore[misc]
        await store.change(lambda tx: cancel(tx, tx.tickets_of(tx.person_of("other", "P0002"))[0].id))
        await store.close()

    asyncio.run(fill())
    counted = held_in(tmp_path / "hall.db")
    with sqlite3.connect(tmp_path / "hall.db") as db:
        db.execute("DROP TABLE held_ticket")
        db.execute("DROP TABLE about")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm030_held_tickets'")
    store_of("sqlite", tmp_path, small_hall(), FixedClock(MONDAY))

    assert sum(counted.values()) == 1
    assert held_in(tmp_path / "hall.db") == counted


def test_the_table_itself_refuses_a_count_of_nothing(tmp_path: Path) -> None:
    store_of("sqlite", tmp_path, small_hall(), FixedClock(MONDAY))
    db = connect(tmp_path / "hall.db")
    assert hold(db, ("d", "p", "A"), 1)
    assert not hold(db, ("d", "p", "A"), 1)

    with pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE held_ticket SET n = n - 1")
    db.close()


# ---- caps come back -----------------------------------------------------------------------------


def capped(caps: Caps) -> Hall:
    hall = small_hall()
    return replace(hall, services={**hall.services, "A": replace(hall.services["A"], caps=caps)})


async def slots(store: AnyStore) -> dict[str, int]:
    taken = await store.read(lambda view: view.slots_taken("2026-11-23"))
    return {name: n for name, n in taken.get("A", {}).items() if n}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize(
    ("later_s", "left"),
    [
        (0, {}),
        (1799, {}),
        (1800, {"i20": 1}),  # the next interval of the same morning
        (7200, {"am": 1, "i20": 1}),  # the afternoon
        (86400, {"am": 1, "i20": 1}),  # tomorrow morning
    ],
)
async def test_a_cancelled_ticket_gives_its_place_back_to_what_still_runs(
    kind: str, later_s: int, left: dict[str, int], tmp_path: Path
) -> None:
    clock = FixedClock(MONDAY)
    store = store_of(kind, tmp_path, capped(Caps(1, 1, time(12), 1, 30)), clock)
    ticket = await store.change(lambda tx: issue_ticket(tx, wanted(1, "A")))
    clock.advance(later_s)
    await store.change(partial(cancel, ticket_id=ticket.id))

    assert await slots(store) == left
    await store.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_a_place_given_back_is_given_out_once(kind: str, tmp_path: Path) -> None:
    store = store_of(kind, tmp_path, capped(Caps(morning=1)), FixedClock(MONDAY))
    ticket = await store.change(lambda tx: issue_ticket(tx, wanted(1, "A")))
    await store.change(partial(cancel, ticket_id=ticket.id))
    with pytest.raises(QueueError):
        await store.change(partial(cancel, ticket_id=ticket.id))

    assert (await store.change(lambda tx: issue_ticket(tx, wanted(2, "A")))).number == "A002"
    with pytest.raises(Refused):
        await store.change(lambda tx: issue_ticket(tx, wanted(3, "A")))
    await store.close()


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("change", [{"calls": 1}, {"appointment": "Y1"}, {"lease": "l1"}])
async def test_a_called_a_booked_and_a_leased_ticket_give_nothing_back(
    kind: str, change: dict[str, object], tmp_path: Path
) -> None:
    store = store_of(kind, tmp_path, capped(Caps(morning=1)), FixedClock(MONDAY))
    ticket = await store.change(lambda tx: issue_ticket(tx, wanted(1, "A")))
    await store.change(lambda tx: tx.save(replace(tx.ticket(ticket.id), **change)))  # type: ignore[arg-type]
    await store.change(partial(cancel, ticket_id=ticket.id))

    assert await slots(store) == {"am": 1}
    await store.close()


def test_the_rule_in_words_still_comes_first_and_names_the_ticket() -> None:
    held = Ticket("t_1", "A001", 1, "A", "2026-11-23", 1, MONDAY, "x", person=RESIDENT[:1])

    with pytest.raises(Refused) as caught:
        require_may_take(Limits(), [held], "A")
    assert caught.value.values == {"number": "A001", "ticket_id": "t_1"}
