"""Bookings, cancellations, walk-ins, check-ins and the clock in any order, on both stores alike."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from queue_server.adapters.clock import FixedClock
from queue_server.application.expire_day import expire_day
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import TicketFilter
from queue_server.domain.appointment_rules import AppointmentRules
from queue_server.domain.appointment_slots import BookableSlot, slots_on
from queue_server.domain.appointments import AppointmentState
from queue_server.domain.caps import Caps
from queue_server.domain.hall import Limits
from tests.queue_server.booking import Desk, booking_hall, local, open_store, refusal, walk_in
from tests.queue_server.halls import MONDAY

CAPS = Caps(morning=4, afternoon=4, per_interval=4, interval_min=60)
DAYS = ("2026-11-23", "2026-11-24")
STARTS = tuple(f"{day} {hour}:00" for day in DAYS for hour in ("11", "13"))
Step = tuple[str, int, str]
STEPS = st.one_of(
    st.tuples(st.just("book"), st.integers(1, 6), st.sampled_from(STARTS)),
    st.tuples(st.just("cancel"), st.integers(0, 9), st.just("")),
    st.tuples(st.just("check-in"), st.integers(0, 9), st.just("")),
    st.tuples(st.just("walk-in"), st.just(0), st.just("")),
    st.tuples(st.just("night"), st.just(0), st.just("")),
    st.tuples(st.just("clock"), st.sampled_from([10, 45, 400]), st.just("")),
    st.tuples(st.just("go-to"), st.sampled_from([-20, 5, 14]), st.sampled_from(STARTS)),
)


RULES = AppointmentRules(
    slot_minutes=60, share_of_cap=1.0, per_person_day=2, days_ahead_min=0, cancel_before_min=0
)
HALL = booking_hall(CAPS, RULES, Limits(0, 0, 0))


async def history(kind: str, folder: Path, steps: list[Step]) -> list[str]:
    """Do the steps, check the promises after each; return what came of them."""
    clock = FixedClock(MONDAY)
    desk = Desk(open_store(kind, folder, HALL, clock), clock)
    codes: list[str] = []
    told = []
    for what, n, start in steps:
        if what == "book":
            before = set(desk.tokens)
            told.append(await refusal(desk.book(n, start)))
            codes += set(desk.tokens) - before
        elif what in ("cancel", "check-in") and codes:
            act = desk.cancel if what == "cancel" else desk.check_in
            told.append(await refusal(act(codes[n % len(codes)])))
        elif what == "walk-in":
            told.append(await refusal(desk.store.change(lambda tx: issue_ticket(tx, walk_in()))))
        elif what == "night":
            told.append(str(await desk.store.change(expire_day)))
        elif what == "clock":
            clock.advance(n * 60)
        elif what == "go-to":
            clock.advance(max(0, (local(start) - clock.now()).total_seconds() + n * 60))
        await promises_hold(desk, codes)
    await desk.store.close()
    return told


async def promises_hold(desk: Desk, codes: list[str]) -> None:
    """No slot above its places, no cap exceeded, one ticket at most for each appointment."""
    kept = [await desk.kept(code) for code in codes]
    places = {slot.key: slot.capacity for day in DAYS for slot in slots_of(day)}
    booked = await desk.store.read(lambda view: view.bookings("A", DAYS[0], DAYS[-1]))
    live = Counter(one.start_at for one in kept if one.state is not AppointmentState.CANCELLED)
    assert all(count <= places[key] for key, count in booked.items())
    assert sorted(live.values()) == sorted(count for count in booked.values() if count)
    for day in DAYS:
        found = await desk.store.read(lambda view, day=day: view.tickets(TicketFilter(day=day, limit=200)))
        tickets = [ticket for _, ticket in found]
        assert all(n == 1 for n in Counter(one.appointment for one in tickets if one.appointment).values())
        walk_ins = [one for one in tickets if one.appointment is None]
        for cap, limit in (("am", CAPS.morning), ("pm", CAPS.afternoon)):
            came = sum(half(one.issued_at) == cap for one in walk_ins)
            coming = sum(
                one.day == day and half(one.start_at) == cap
                for one in kept
                if one.state is not AppointmentState.CANCELLED
            )
            assert came + coming <= limit


def slots_of(day: str) -> list[BookableSlot]:
    return slots_on(HALL, HALL.services["A"], local(f"{day} 09:00").date())


def half(at: datetime) -> str:
    return "am" if at.astimezone(HALL.timezone).hour < 12 else "pm"


@settings(max_examples=12, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=40))
@example([("walk-in", 0, "")] * 4 + [("book", 1, STARTS[0])])
def test_no_slot_and_no_cap_is_exceeded_and_no_appointment_makes_two_tickets(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        told = [asyncio.run(history(kind, Path(folder), steps)) for kind in ("memory", "sqlite")]

    assert told[0] == told[1]
