"""The end of a day: what is open expires, nothing is deleted, numbers restart and never repeat."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.sqlite_file import connect
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.expire_day import expire_day
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import TicketFilter
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.hall import Hall, Hours
from queue_server.domain.ticket import State, Ticket
from tests.queue_server.halls import MONDAY, small_hall

MIDNIGHT = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
"""Between Monday and Tuesday at the hall."""
JUMPS = st.lists(st.sampled_from([1, 60, -1, -30, 3600, -3600, 90000, -90000]), min_size=1, max_size=25)


def want(service: str = "A") -> TicketIn:
    return TicketIn(service_id=service, channel=Channel.API)


def evening_hall(*, always_open: bool = False) -> Hall:
    hours = Hours(weekdays=((time(9), time(17)),))
    return replace(small_hall(always_open=always_open), hours=hours, expire_after_close_min=120)


@settings(max_examples=15, deadline=None)
@given(JUMPS, st.data())
def test_a_clock_that_jumps_back_and_over_midnight_never_gives_a_number_twice_on_a_day(
    jumps: list[int], data: st.DataObject
) -> None:
    async def scenario(folder: Path) -> list[Ticket]:
        clock = FixedClock(MIDNIGHT - timedelta(seconds=40))
        issued: list[Ticket] = []
        path = folder / "hall.db"
        store = SqliteStore(path, small_hall(), clock, Identity(b"k" * 32))
        for jump in jumps:
            service = data.draw(st.sampled_from(["A", "C"]))
            issued.append(await store.change(lambda tx, of=service: issue_ticket(tx, want(of))))  # type: ignore[misc]
            clock.advance(jump)
            if data.draw(st.booleans()):
                await store.change(expire_day)
            if data.draw(st.integers(0, 5)) == 0:
                await store.close()
                store = SqliteStore(path, small_hall(), clock, Identity(b"k" * 32))
        kept = await store.read(lambda view: view.tickets(TicketFilter(limit=500)))
        await store.close()
        assert {one.id for _, one in kept} == {one.id for one in issued}
        return issued

    with TemporaryDirectory() as folder:
        issued = asyncio.run(scenario(Path(folder)))

    assert max(Counter((one.day, one.number) for one in issued).values()) == 1
    for day, service in {(one.day, one.service_id) for one in issued}:
        given_out = [one.n for one in issued if (one.day, one.service_id) == (day, service)]
        assert given_out == list(range(given_out[0], given_out[0] + len(given_out)))
        assert given_out[0] == {"A": 1, "C": 501}[service]


async def test_the_database_itself_refuses_a_number_twice_on_a_day(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "hall.db", small_hall(), FixedClock(MONDAY), Identity(b"k" * 32))
    ticket = await store.change(lambda tx: issue_ticket(tx, want()))

    with pytest.raises(sqlite3.IntegrityError):
        await store.change(lambda tx: tx.add(replace(ticket, id="t_other", token="other")))
    await store.change(lambda tx: tx.add(replace(ticket, id="t_next", token="next", day="2026-11-24")))
    await store.close()


@pytest.mark.parametrize(
    ("local", "expired"),
    [
        ("2026-11-23T18:59:59", False),
        ("2026-11-23T19:00:00", True),
        ("2026-11-24T00:00:01", True),
    ],
)
async def test_open_tickets_expire_a_while_after_the_last_window_closed(local: str, expired: bool) -> None:
    hall = evening_hall()
    clock = FixedClock(MONDAY)
    store = MemoryStore(hall, clock, Identity(b"k" * 32))
    ticket = await store.change(lambda tx: issue_ticket(tx, want()))
    clock.move_to(datetime.fromisoformat(local).replace(tzinfo=hall.timezone))

    assert await store.change(expire_day) == expired
    kept = await store.read(lambda view: view.ticket(ticket.id))
    assert (kept.state is State.EXPIRED) is expired
    assert await store.change(expire_day) == 0


@pytest.mark.parametrize(
    ("local", "first"),
    [
        ("2026-11-23T18:59", "2026-11-23"),
        ("2026-11-23T19:00", "2026-11-24"),
        ("2026-11-23T23:59", "2026-11-24"),
        ("2026-11-24T00:00", "2026-11-24"),
    ],
)
def test_the_evening_belongs_to_the_day_that_comes(local: str, first: str) -> None:
    hall = evening_hall()
    now = datetime.fromisoformat(local).replace(tzinfo=hall.timezone)

    assert hall.expires_before(now) == first


def test_a_hall_without_closing_time_ends_its_day_at_midnight() -> None:
    late = MIDNIGHT - timedelta(seconds=1)

    assert evening_hall(always_open=True).expires_before(late) == "2026-11-23"
    assert replace(evening_hall(), expire_after_close_min=None).expires_before(late) == "2026-11-23"
    assert evening_hall(always_open=True).expires_before(MIDNIGHT) == "2026-11-24"


async def test_a_running_store_goes_on_after_a_command_wrote_to_its_file(tmp_path: Path) -> None:
    path, clock, identity = tmp_path / "hall.db", FixedClock(MONDAY), Identity(b"k" * 32)
    serving = SqliteStore(path, small_hall(), clock, identity)
    await serving.change(lambda tx: issue_ticket(tx, want()))
    command = SqliteStore(path, small_hall(), clock, identity)
    await command.change(lambda tx: issue_ticket(tx, want()))
    await command.close()
    third = await serving.change(lambda tx: issue_ticket(tx, want()))
    await serving.close()

    assert third.number == "A003"
    db = connect(path, read_only=True)
    assert [row[0] for row in db.execute("SELECT seq FROM event ORDER BY seq")] == [1, 2, 3]
    db.close()
