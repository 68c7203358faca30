"""Staff cards: shown at a window they sign in, once, and open nothing else."""

from __future__ import annotations

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.id_reader import StaffCardShown
from queue_server.__main__ import main
from queue_server.adapters.card_listener import CardListener
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.machine_jobs import DONE, NOBODY, REFUSED
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.audit import AuditFilter, AuditRow
from queue_server.application.call_next import call_next
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Event, Tx, User
from queue_server.application.staff_card import card_shown, give_card, kept_card, wish_card
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import CallRules
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.serving import Running, demo_file, running
from tests.queue_server.two_stores import TwoStores

AnyStore = MemoryStore | SqliteStore
WANG, LI, BOSS, LOST = ("1" * 64, "2" * 64, "3" * 64, "f" * 64)
PEOPLE = {"wang": ("operator", WANG), "li": ("supervisor", LI), "boss": ("admin", BOSS)}


def with_people(tx: Tx) -> None:
    for name, (role, card) in PEOPLE.items():
        tx.save_user(User(name, role, "x"))
        give_card(tx, name, card)


@dataclass
class Door:
    """A hall whose people have cards, and the listener to their readers."""

    store: AnyStore
    clock: FixedClock
    listener: CardListener
    shown: list[int] = field(default_factory=list)

    async def show(self, card: str, window: str = "1", seq: int | None = None, boot: str = "b1") -> int:
        self.shown.append(seq or len(self.shown) + 1)
        told = StaffCardShown(device_id="card-1", window=window, card=card, boot=boot, seq=self.shown[-1])
        return await self.listener.on_card(told)

    async def seats(self) -> dict[str, str | None]:
        desks = await self.store.read(lambda view: view.desks())
        return {desk.window: desk.operator for desk in desks.values() if desk.operator}

    async def audit(self) -> list[AuditRow]:
        return await self.store.read(lambda view: view.audit(AuditFilter()))

    async def events(self) -> int:
        return await self.store.read(lambda view: view.seq)


async def door_of(kind: str, folder: Path, **calling: object) -> Door:
    hall, clock = small_hall(calling=CallRules(**calling)), FixedClock(MONDAY)  # type: ignore[arg-type]
    store: AnyStore = MemoryStore(hall, clock, Identity(b"k" * 32))
    if kind == "sqlite":
        store = SqliteStore(folder / "hall.db", hall, clock, Identity(b"k" * 32))
    await store.change(with_people)
    return Door(store, clock, CardListener(store, "test", MemoryBus()))


@pytest.fixture(params=["memory", "sqlite"])
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    made = await door_of(request.param, tmp_path)
    yield made
    await made.store.close()


async def test_a_card_signs_its_holder_in_at_the_window_where_it_is_shown(door: Door) -> None:
    done = await door.show(WANG, "2"), await door.show(LI, "1")

    assert (done, await door.seats()) == ((DONE, DONE), {"2": "wang", "1": "li"})


async def test_the_same_showing_told_again_does_nothing(door: Door) -> None:
    await door.show(WANG, seq=7)
    await door.show(LI, seq=8)
    before = await door.events()
    again = await door.show(WANG, seq=7)

    assert (again, await door.seats(), await door.events()) == (DONE, {"1": "li"}, before)
    assert (await door.show(WANG, seq=7, boot="b2"), await door.seats()) == (DONE, {"1": "wang"})


async def test_at_another_window_the_holder_leaves_the_first_unless_a_citizen_is_there(door: Door) -> None:
    await door.show(WANG, "1")
    await door.show(WANG, "2")
    moved = await door.seats()
    await door.store.change(lambda tx: issue_ticket(tx, TicketIn(service_id="A", channel=Channel.KIOSK)))
    await door.store.change(lambda tx: call_next(tx, "2"))
    await door.show(WANG, "1")

    assert (moved, await door.seats()) == ({"2": "wang"}, {"1": "wang", "2": "wang"})


@pytest.mark.parametrize(
    "card, window, code",
    [
        (LOST, "1", "card-unknown"),
        (BOSS, "1", "forbidden"),
        (WANG, "99", "not-found"),
    ],
)
async def test_what_is_refused_leaves_everything_and_is_recorded(
    door: Door, card: str, window: str, code: str
) -> None:
    before = await door.events()
    done = await door.show(card, window)
    row = (await door.audit())[0]

    assert (done, await door.seats(), await door.events()) == (REFUSED, {}, before)
    assert (row.action, row.source, row.window, row.result) == ("staff-card", "card-1", window, code)


async def test_who_is_locked_out_is_refused_until_the_lock_ends(door: Door) -> None:
    until = MONDAY + timedelta(minutes=15)
    await door.store.change(lambda tx: tx.save_user(User("wang", "operator", "x", locked_until=until)))
    locked = await door.show(WANG)
    result = (await door.audit())[0].result
    door.clock.advance(15 * 60)

    assert (locked, result, await door.show(WANG)) == (REFUSED, "locked-out", DONE)


async def test_shown_where_its_holder_sits_it_changes_nothing(door: Door) -> None:
    await door.show(WANG)
    before = await door.events()

    assert (await door.show(WANG), await door.events()) == (DONE, before)
    assert await door.seats() == {"1": "wang"}


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
async def test_where_cards_toggle_it_signs_out_but_not_from_a_citizen(kind: str, tmp_path: Path) -> None:
    door = await door_of(kind, tmp_path, card_toggles=True)
    await door.show(WANG)
    await door.store.change(lambda tx: issue_ticket(tx, TicketIn(service_id="A", channel=Channel.KIOSK)))
    await door.store.change(lambda tx: call_next(tx, "1"))
    busy = await door.show(WANG)
    await door.show(LI, "2")
    free = await door.show(LI, "2")
    seats = await door.seats()
    await door.store.close()

    assert (busy, free, seats) == (REFUSED, DONE, {"1": "wang"})


async def test_the_record_names_clerk_window_and_reader_and_no_card(door: Door) -> None:
    await door.show(WANG)
    await door.show(LI)
    rows = await door.audit()

    assert [(row.actor, row.source, row.action, row.window, row.detail) for row in rows[:2]] == [
        ("device:card-1", "card-1", "staff-card", "1", "user=li, handed over from wang"),
        ("device:card-1", "card-1", "staff-card", "1", "user=wang"),
    ]
    assert not any(card in repr(rows) for card in (WANG, kept_card(WANG)))


async def test_the_next_card_shown_at_the_window_becomes_the_persons_and_signs_nobody_in(door: Door) -> None:
    await door.store.change(lambda tx: tx.save_user(User("zhao", "operator", "x")))
    await door.store.change(lambda tx: wish_card(tx, "zhao", "2", "admin:boss"))
    elsewhere = await door.show(LOST, "1")
    given_ = await door.show(LOST, "2")
    row = (await door.audit())[0]
    empty = await door.seats()

    assert (elsewhere, given_, empty) == (REFUSED, NOBODY, {})
    assert (row.action, row.detail) == ("card-given", "user=zhao asked by admin:boss")
    assert (await door.show(LOST, "2"), await door.seats()) == (DONE, {"2": "zhao"})


async def test_a_wish_for_a_card_ends_after_a_minute(door: Door) -> None:
    await door.store.change(lambda tx: wish_card(tx, "wang", "2", "admin:boss"))
    door.clock.advance(60)

    assert await door.show(LOST, "2") == REFUSED
    assert await door.store.change(lambda tx: tx.card_holder(kept_card(LOST))) is None


async def test_nobody_gets_the_card_of_somebody_else(door: Door) -> None:
    with pytest.raises(QueueError) as caught:
        await door.store.change(lambda tx: give_card(tx, "li", WANG))
    await door.store.change(lambda tx: wish_card(tx, "li", "2", "admin:boss"))

    assert caught.value.error_code == "card-taken"
    assert (await door.show(WANG, "2"), (await door.audit())[0].result) == (REFUSED, "card-taken")


async def test_a_new_card_and_a_removed_person_make_the_old_card_unknown(door: Door) -> None:
    await door.store.change(lambda tx: give_card(tx, "wang", LOST))
    await door.store.change(lambda tx: tx.drop_user("li"))
    found = await door.store.read(lambda view: view.card_holders())

    assert [await door.show(card) for card in (WANG, LI, LOST)] == [REFUSED, REFUSED, DONE]
    assert found == {"wang", "boss"}


async def test_the_database_does_not_hold_what_a_reader_tells(tmp_path: Path) -> None:
    door = await door_of("sqlite", tmp_path)
    await door.show(WANG)
    await door.show(LOST)
    await door.store.close()
    with sqlite3.connect(tmp_path / "hall.db") as db:
        kept = "\n".join(db.iterdump())

    assert kept_card(WANG) in kept
    assert not any(card in kept for card in (WANG, LOST))


Shown = st.tuples(st.sampled_from([WANG, LI, BOSS, LOST]), st.sampled_from("123"), st.booleans())


@given(st.lists(Shown, max_size=12))
@settings(max_examples=25, deadline=None)
def test_whoever_sits_somewhere_showed_a_card_there_last(steps: list[tuple[str, str, bool]]) -> None:
    both, last = TwoStores(small_hall(), MONDAY), {}
    names = {card: name for name, (role, card) in PEOPLE.items() if role != "admin"}
    try:
        both.do(with_people)
        for card, window, again in steps:
            for _ in range(1 + again):
                both.do(lambda tx, card=card, window=window: card_shown(tx, window, card))  # type: ignore[misc]
            if card in names:
                last = {where: who for where, who in last.items() if who != names[card]}
                last[window] = names[card]
        both.tickets()
        desks = both.run(both.sqlite.read(lambda view: view.desks()))
        assert {one.window: one.operator for one in desks.values() if one.operator} == last
    finally:
        both.close()


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


async def test_an_administrator_gives_a_card_and_it_works_over_the_bus(run: Running) -> None:
    admin, name = await run.person("admin"), _operator_of(run)
    wished = await admin.post(f"/api/v1/users/{name}/card", json={"next_at": "9"})
    desks = await _until_seated(run, name, "9")
    listed = {one["username"]: one["card"] for one in (await admin.get("/api/v1/users")).json()["items"]}
    off = await admin.post(f"/api/v1/users/{name}/card-off")

    assert (wished.json()["window"], desks, listed[name], off.status_code) == ("9", name, True, 204)
    assert sum(listed.values()) == 1


def _operator_of(run: Running) -> str:
    return str(next(one["username"] for one in run.credentials["users"] if one["role"] == "operator"))


async def _until_seated(run: Running, name: str, window: str) -> str | None:
    """Show a card twice at a window over the bus: given, then signed in; return who sits there in the end."""
    seated = asyncio.Event()

    def look(events: list[Event]) -> None:
        if any(one.name is EventName.WINDOW_CHANGED and one.window == window for one in events):
            seated.set()

    run.server.store.on_commit(look)
    topic = topics.device_event("demo", "card-1", "staff-card-shown")
    for seq in (1, 2):
        shown = StaffCardShown(device_id="card-1", window=window, card=LOST, boot="b", seq=seq)
        await run.bus.publish(topic, envelope_of(shown, expires_in_s=10))
    await asyncio.wait_for(seated.wait(), 20)
    return (await run.server.store.read(lambda view: view.desks()))[window].operator


@pytest.mark.parametrize("body", [{}, {"card": WANG, "next_at": "9"}, {"card": "short"}])
async def test_a_card_is_given_in_one_way_exactly(run: Running, body: dict[str, str]) -> None:
    admin = await run.person("admin")
    answer = await admin.post(f"/api/v1/users/{_operator_of(run)}/card", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
    assert WANG not in answer.text


def test_the_command_gives_a_card_asks_for_the_next_one_and_takes_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(demo_file(tmp_path))]
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    done = [
        main(["user", *words, *config])
        for words in (
            ["add", "wang", "--role", "operator"],
            ["card", "wang", WANG],
            ["card", "wang", "--next-shown", "--window", "3"],
            ["card", "wang", "--next-shown"],
            ["card", "wang", "XYZ"],
            ["card", "nobody", WANG],
            ["card-off", "wang"],
        )
    ]
    said = capsys.readouterr()

    assert done == [0, 0, 0, 1, 1, 1, 0]
    assert "show the card at window 3 before" in said.out
    assert WANG not in said.out + said.err
