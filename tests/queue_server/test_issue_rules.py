"""What a ticket may be refused for: one table of codes, for every channel, on every store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect, prepare
from queue_server.adapters.sqlite_tx import Shared, SqliteTx
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.blacklist import add_to_blacklist, remove_from_blacklist
from queue_server.application.cancel import cancel
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Tx
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.caps import Caps
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.hall import Hall, Hours, Limits
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, OTHER_RESIDENT, RESIDENT, small_hall

AnyStore = MemoryStore | SqliteStore
CHANNELS = list(Channel)
AS_MANY_AS_WINDOWS = "SCAN desk"
"""The estimate looks at who sits where; that table has a row for each window and never grows."""


def hall_with(caps: Caps | None = None, *, always_open: bool = False, limits: Limits | None = None) -> Hall:
    """Mondays 9-12 and 13-17, margins of 15 minutes; `caps` are those of service A."""
    hall = small_hall(always_open=always_open, limits=limits)
    hours = Hours(weekdays=((time(9), time(12)), (time(13), time(17))), issue_open_before_min=15)
    services = {**hall.services, "A": replace(hall.services["A"], caps=caps or Caps())}
    return replace(hall, hours=replace(hours, issue_close_before_min=15), services=services)


@dataclass
class Desk:
    """A store and its clock."""

    store: AnyStore
    clock: FixedClock

    async def take(
        self, service: str = "A", number: str | None = None, channel: Channel = Channel.KIOSK
    ) -> Ticket:
        citizen = CitizenIn(name="张三", id_number=number) if number else None
        wanted = TicketIn(service_id=service, channel=channel, citizen=citizen)
        return await self.store.change(lambda tx: issue_ticket(tx, wanted))

    async def refusal(self, *asked: object, **more: object) -> QueueError:
        with pytest.raises(QueueError) as caught:
            await self.take(*asked, **more)  # type: ignore[arg-type]
        return caught.value

    async def bar(self, until: date) -> None:
        await self.store.change(lambda tx: add_to_blacklist(tx, "resident", RESIDENT, until, "", "test"))


@pytest.fixture(params=["memory", "sqlite"])
async def open_desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Callable[[Hall], Desk]]:
    made: list[AnyStore] = []

    def build(hall: Hall) -> Desk:
        clock, identity = FixedClock(MONDAY), Identity(b"k" * 32)
        store: AnyStore
        if request.param == "memory":
            store = MemoryStore(hall, clock, identity)
        else:
            store = SqliteStore(tmp_path / "hall.db", hall, clock, identity)
        made.append(store)
        return Desk(store, clock)

    yield build
    for store in made:
        await store.close()


@pytest.mark.parametrize("channel", CHANNELS)
async def test_outside_the_hours_every_channel_is_told_when_it_opens(
    open_desk: Callable[[Hall], Desk], channel: Channel
) -> None:
    desk = open_desk(hall_with())
    desk.clock.move_to(datetime(2026, 11, 23, 4, 0, tzinfo=UTC))  # noon

    refused = await desk.refusal("A", channel=channel)
    assert refused.error_code == "service-closed"
    assert refused.values["opens_at"] == "2026-11-23T04:45:00+00:00"
    assert refused.detail("zh") == "当前时间段不能取号:企业开办,休息时段,12:45起取号"
    assert refused.detail("en").endswith("A break. Tickets from 12:45.")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_the_morning_cap_holds_for_every_channel_and_the_afternoon_has_its_own(
    open_desk: Callable[[Hall], Desk], channel: Channel
) -> None:
    desk = open_desk(hall_with(Caps(morning=2, afternoon=1)))
    for other in (Channel.KIOSK, Channel.API):
        await desk.take("A", channel=other)

    refused = await desk.refusal("A", channel=channel)
    assert (refused.error_code, refused.values["limit"]) == ("quota-exhausted", 2)
    assert refused.values["opens_at"] == "2026-11-23T04:45:00+00:00"
    assert (await desk.take("C")).number == "C501"
    desk.clock.move_to(datetime(2026, 11, 23, 4, 45, tzinfo=UTC))
    assert (await desk.take("A")).number == "A003"
    assert "11月24日(周二)08:45" in (await desk.refusal("A")).detail("zh")


async def test_an_interval_has_its_own_cap_and_the_next_one_begins_anew(
    open_desk: Callable[[Hall], Desk],
) -> None:
    desk = open_desk(hall_with(Caps(per_interval=1, interval_min=30)))
    await desk.take("A")

    refused = await desk.refusal("A")
    assert refused.error_code == "quota-exhausted"
    assert "10:30" in refused.detail("zh")
    desk.clock.advance(1800)
    assert (await desk.take("A")).number == "A002"


async def test_a_refused_ticket_takes_nothing_from_the_cap(open_desk: Callable[[Hall], Desk]) -> None:
    desk = open_desk(hall_with(Caps(morning=2, per_interval=1), limits=Limits(1, 1, 1)))
    await desk.take("A", RESIDENT)
    for _ in range(3):
        await desk.refusal("A", RESIDENT)  # a person's limit
        await desk.refusal("A")  # the interval's cap, after the half-day was counted
    desk.clock.advance(1800)

    assert (await desk.take("A")).number == "A002"
    assert (await desk.refusal("A")).error_code == "quota-exhausted"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_second_ticket_for_the_same_service_names_the_first_for_a_reprint(
    open_desk: Callable[[Hall], Desk], channel: Channel
) -> None:
    desk = open_desk(hall_with())
    first = await desk.take("A", RESIDENT)

    refused = await desk.refusal("A", RESIDENT.lower(), channel)
    assert refused.error_code == "ticket-already-waiting"
    assert (refused.values["number"], refused.values["ticket_id"]) == (first.number, first.id)
    assert (await desk.take("A", OTHER_RESIDENT, channel)).number == "A002"
    assert (await desk.take("C", RESIDENT, channel)).number == "C501"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("limits", "limit"), [(Limits(2, 0, 0), 2), (Limits(0, 0, 2), 2), (Limits(0, 1, 2), 2)]
)
async def test_open_tickets_and_tickets_of_a_day_are_limited(
    open_desk: Callable[[Hall], Desk], channel: Channel, limits: Limits, limit: int
) -> None:
    desk = open_desk(hall_with(limits=limits))
    first = await desk.take("A", RESIDENT, channel)
    await desk.take("C", RESIDENT, channel)

    refused = await desk.refusal("B", RESIDENT, channel)
    assert (refused.error_code, refused.values["limit"]) == ("too-many-tickets", limit)
    await desk.store.change(lambda tx: cancel(tx, first.id))
    if limits.max_tickets_per_person_day:
        assert (await desk.refusal("B", RESIDENT, channel)).error_code == "too-many-tickets"
    else:
        await desk.take("B", RESIDENT, channel)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("number", "code"), [(None, "id-required"), (RESIDENT[:-1] + "1", "id-invalid"), ("?", "id-invalid")]
)
async def test_a_card_is_asked_for_where_it_is_needed_and_a_wrong_number_is_refused(
    open_desk: Callable[[Hall], Desk], channel: Channel, number: str | None, code: str
) -> None:
    refused = await open_desk(hall_with()).refusal("B", number, channel)

    assert refused.error_code == code
    assert number is None or number not in refused.detail("zh") + refused.detail("en")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_who_is_on_the_blacklist_waits_until_its_last_day_is_over(
    open_desk: Callable[[Hall], Desk], channel: Channel
) -> None:
    desk = open_desk(hall_with())
    await desk.bar(date(2026, 11, 24))

    refused = await desk.refusal("A", RESIDENT, channel)
    assert (refused.error_code, refused.values["until"]) == ("blacklisted", "2026-11-24")
    assert "2026-11-24" in refused.detail("zh")
    await desk.take("A", OTHER_RESIDENT, channel)
    desk.clock.advance(86400)
    assert (await desk.refusal("A", RESIDENT, channel)).error_code == "blacklisted"
    desk.clock.advance(86400)
    await desk.take("A", RESIDENT, channel)


async def test_a_removed_entry_no_longer_counts_and_the_list_keeps_no_number(
    open_desk: Callable[[Hall], Desk],
) -> None:
    desk = open_desk(hall_with())
    await desk.bar(date(2026, 12, 31))
    kept = await desk.store.read(lambda view: view.blacklist())
    removed = [
        await desk.store.change(lambda tx: remove_from_blacklist(tx, "resident", RESIDENT)) for _ in range(2)
    ]

    assert [one.until for one in kept] == [date(2026, 12, 31)]
    assert RESIDENT not in repr(kept)
    assert removed == [True, False]
    await desk.take("A", RESIDENT)


async def test_an_entry_that_ends_before_today_is_refused(open_desk: Callable[[Hall], Desk]) -> None:
    with pytest.raises(QueueError) as caught:
        await open_desk(hall_with()).bar(date(2026, 11, 22))

    assert caught.value.error_code == "validation"


async def test_the_blacklist_is_told_before_the_limits_and_the_limits_before_the_cap(
    open_desk: Callable[[Hall], Desk],
) -> None:
    desk = open_desk(hall_with(Caps(morning=1)))
    await desk.take("A", RESIDENT)
    codes = [(await desk.refusal("A", RESIDENT)).error_code, (await desk.refusal("A")).error_code]
    await desk.bar(date(2026, 11, 24))
    codes.append((await desk.refusal("A", RESIDENT)).error_code)

    assert codes == ["ticket-already-waiting", "quota-exhausted", "blacklisted"]


async def test_many_who_ask_at_once_get_exactly_the_cap(tmp_path: Path) -> None:
    store = SqliteStore(
        tmp_path / "hall.db", hall_with(Caps(morning=7)), FixedClock(MONDAY), Identity(b"k" * 32)
    )
    desk = Desk(store, FixedClock(MONDAY))
    answers = await asyncio.gather(*(desk.take("A") for _ in range(30)), return_exceptions=True)
    await store.close()

    numbers = sorted(one.number for one in answers if isinstance(one, Ticket))
    assert numbers == [f"A{n:03d}" for n in range(1, 8)]
    assert {one.error_code for one in answers if isinstance(one, Refused)} == {"quota-exhausted"}


def issue_statements(db: sqlite3.Connection, hall: Hall, now: datetime, number: str) -> list[str]:
    """Return the SQL that one issue runs, values filled in."""
    seen: list[str] = []
    tx: Tx = SqliteTx(db, Shared(hall, Identity(b"k" * 32), seq=_last_seq(db)), now, "kiosk:test")
    wanted = TicketIn(
        service_id="A", channel=Channel.KIOSK, citizen=CitizenIn(id_number=number, id_type="other")
    )
    db.set_trace_callback(seen.append)
    try:
        issue_ticket(tx, wanted)
    finally:
        db.set_trace_callback(None)
    return seen


def _last_seq(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])


def test_an_issue_runs_as_many_statements_after_two_thousand_tickets_and_none_reads_a_whole_table(
    tmp_path: Path,
) -> None:
    prepare(tmp_path / "hall.db")
    db = connect(tmp_path / "hall.db")
    hall = hall_with(Caps(10**6, 10**6, time(12), 10**6, 30))
    db.execute("BEGIN")
    first = issue_statements(db, hall, MONDAY, "P0000")
    for n in range(2000):
        issue_statements(db, hall, MONDAY + timedelta(seconds=n // 2), f"P{n + 1:04d}")
    last = issue_statements(db, hall, MONDAY, "P9999")
    plans = {
        statement: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")] for statement in last
    }
    db.close()

    assert len(first) == len(last)
    assert sum("issue_count" in statement for statement in last) == 2
    assert sum("FROM blacklist" in statement for statement in last) == 1
    for statement, plan in plans.items():
        scans = [step for step in plan if step.startswith("SCAN") and step != AS_MANY_AS_WINDOWS]
        assert not scans, statement
    assert any("USING PRIMARY KEY" in step for steps in plans.values() for step in steps)
