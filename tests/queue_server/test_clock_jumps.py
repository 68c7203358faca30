"""The clock jumps while a hall is at work: numbers never repeat, no wait is negative, a day ends once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Event, TicketFilter
from queue_server.application.start_service import start_service
from queue_server.application.statistics import desktime_by, figures_by
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import CallRules
from queue_server.domain.ticket import State, Ticket
from tests.queue_server.halls import small_hall

LOCAL = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 11, 23, 23, 50, tzinfo=LOCAL)
HOUR, DAY = 3600, 86_400
JUMPS = {
    "an hour on": [HOUR],
    "an hour back": [-HOUR],
    "over midnight and back again": [20 * 60, -20 * 60, 20 * 60],
    "a day on": [DAY],
    "a day back and on": [-DAY, 2 * DAY],
    "to and fro": [HOUR, -HOUR, DAY, -2 * DAY, HOUR, DAY],
}
ISSUERS, TICKETS_EACH, WINDOWS = 4, 12, ("1", "2")


class JumpyHall:
    """A store whose clock jumps, and people who do not care."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock(EVENING)
        self.hall = small_hall(calling=CallRules(debounce_s=0))
        self.store = SqliteStore(folder / "hall.db", self.hall, self.clock, Identity(b"k" * 32))

    async def issue(self) -> None:
        for n in range(TICKETS_EACH):
            wanted = TicketIn(service_id="AC"[n % 2], channel=Channel.KIOSK)
            await self.store.change(partial(issue_ticket, wanted=wanted))
            self.clock.advance(1)

    async def work(self, window: str) -> None:
        await self.store.change(lambda tx: sign.sign_in(tx, window, f"clerk {window}"))
        for _ in range(TICKETS_EACH):
            for act in (call_next, start_service, finish_service):
                try:
                    await self.store.change(partial(act, window_id=window))
                except QueueError:  # nobody waits now, or the night took the ticket away
                    break
                self.clock.advance(2)

    async def jump(self, seconds: list[int]) -> None:
        """Move the clock as `/lab/api/clock` or a time server does, and let the day end if it must."""
        for by in seconds:
            for _ in range(8):  # others get their turns in between
                await self.store.read(lambda view: view.seq)
            self.clock.advance(by)
            await self.store.change(expire_day)

    async def everything(self, seconds: list[int]) -> None:
        await asyncio.gather(
            *(self.issue() for _ in range(ISSUERS)), *(self.work(one) for one in WINDOWS), self.jump(seconds)
        )

    async def tickets(self) -> list[Ticket]:
        rows = await self.store.read(lambda view: view.tickets(TicketFilter(limit=500)))
        return [one for _, one in rows]

    async def events(self) -> list[Event]:
        return list(await self.store.read(lambda view: view.events(0, 5000)))


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[JumpyHall]:
    made = JumpyHall(tmp_path)
    yield made
    await made.store.close()


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_no_number_is_given_twice_on_a_day_however_the_clock_jumps(
    hall: JumpyHall, jumps: list[int]
) -> None:
    await hall.everything(jumps)

    tickets = await hall.tickets()
    numbers = [(one.day, one.number) for one in tickets]
    assert len(tickets) == ISSUERS * TICKETS_EACH
    assert len(numbers) == len(set(numbers))
    for day, service in {(one.day, one.service_id) for one in tickets}:
        given = sorted(one.n for one in tickets if (one.day, one.service_id) == (day, service))
        assert given == list(range(given[0], given[0] + len(given)))
        assert given[0] == hall.hall.services[service].start


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_no_wait_service_or_open_time_is_negative_however_the_clock_jumps(
    hall: JumpyHall, jumps: list[int]
) -> None:
    await hall.everything(jumps)

    now = hall.clock.now()
    span = (now - timedelta(days=9), now + timedelta(days=9))
    facts = await hall.store.read(lambda view: view.facts(*span))
    for figures in figures_by(facts, lambda at, service, window: service).values():
        assert all(one >= 0 for one in (*figures.waits_s, *figures.services_s))
    for spent in desktime_by(facts, now).values():
        assert min(spent.open_s, spent.busy_s, spent.paused_s) >= 0
        assert spent.utilisation is None or 0 <= spent.utilisation <= 1
    waited = [one.why for one in await hall.tickets()]
    assert not [why for why in waited if "=-" in why or " -" in why]


@pytest.mark.parametrize("jumps", JUMPS.values(), ids=JUMPS)
async def test_a_ticket_expires_once_and_what_is_over_stays_over(hall: JumpyHall, jumps: list[int]) -> None:
    await hall.everything(jumps)
    hall.clock.move_to(EVENING + timedelta(days=5))
    await hall.store.change(expire_day)
    again = await hall.store.change(expire_day)

    ends = {EventName.TICKET_EXPIRED, EventName.TICKET_FINISHED, EventName.TICKET_CANCELLED}
    endings = Counter(event.ticket_id for event in await hall.events() if event.name in ends)
    assert again == 0
    assert set(endings.values()) == {1}
    assert set(endings) == {one.id for one in await hall.tickets()}
    assert {one.state for one in await hall.tickets()} <= {State.DONE, State.EXPIRED}


async def test_the_first_number_of_a_day_comes_after_midnight_and_the_count_goes_on_when_it_is_put_back(
    hall: JumpyHall,
) -> None:
    given = []
    for by in (0, 20 * 60, -20 * 60, 20 * 60):
        hall.clock.advance(by)
        wanted = TicketIn(service_id="A", channel=Channel.KIOSK)
        one = await hall.store.change(partial(issue_ticket, wanted=wanted))
        given.append((date.fromisoformat(one.day).day, one.number))

    assert given == [(23, "A001"), (24, "A001"), (23, "A002"), (24, "A002")]


async def test_a_clock_put_back_during_a_service_loses_no_ticket(hall: JumpyHall) -> None:
    await hall.store.change(lambda tx: sign.sign_in(tx, "1", "clerk"))
    wanted = TicketIn(service_id="A", channel=Channel.KIOSK)
    await hall.store.change(lambda tx: issue_ticket(tx, wanted))
    hall.clock.advance(-HOUR)
    called = await hall.store.change(lambda tx: call_next(tx, "1"))
    hall.clock.advance(-HOUR)
    await hall.store.change(lambda tx: start_service(tx, "1"))
    hall.clock.advance(-DAY)
    done = await hall.store.change(lambda tx: finish_service(tx, "1"))

    assert called is not None
    assert (done.id, done.state) == (called.id, State.DONE)
