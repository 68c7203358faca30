"""Booking ahead: every rule, on both stores."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.application.appointment_phone import phone_of
from queue_server.application.appointment_read import slots
from queue_server.application.audit import AuditFilter
from queue_server.application.blacklist import bar_person
from queue_server.application.book import book
from queue_server.application.cancel import cancel
from queue_server.application.check_in import Arrival, check_in_by_card, check_in_by_code
from queue_server.application.expire_day import expire_day
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.retention import Keep, forget_some
from queue_server.contracts.appointments import AppointmentIn, BookerIn
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.appointment_rules import AppointmentRules
from queue_server.domain.appointment_slots import bookable_days, slots_on
from queue_server.domain.appointments import ALPHABET, AppointmentState, clean_code, code_of
from queue_server.domain.calendar import Calendar, Day, DayKind
from queue_server.domain.caps import Caps
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import State
from tests.queue_server.booking import KEY, Desk, booking_hall, local, open_store, refusal, resident, walk_in
from tests.queue_server.halls import MONDAY

TUESDAY = "2026-11-24 09:00"
RULES = AppointmentRules(slot_minutes=60, share_of_cap=0.5)


@pytest.fixture
def hall() -> Hall:
    return booking_hall(Caps(morning=12, afternoon=8))


@pytest.fixture(params=["memory", "sqlite"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path, hall: Hall) -> AsyncIterator[Desk]:
    clock = FixedClock(MONDAY)
    made = Desk(open_store(request.param, tmp_path, hall, clock), clock)
    yield made
    await made.store.close()


def test_slots_lie_within_working_hours_and_share_the_caps_of_their_half_day(hall: Hall) -> None:
    found = slots_on(hall, hall.services["A"], date(2026, 11, 24))

    starts = [f"{one.start_at.astimezone(hall.timezone):%H:%M}" for one in found]
    assert starts == ["09:00", "10:00", "11:00", "13:00", "14:00", "15:00", "16:00"]
    assert [one.capacity for one in found] == [2, 2, 2, 1, 1, 1, 1]
    assert slots_on(hall, hall.services["A"], date(2026, 11, 28)) == []


def test_without_caps_a_slot_has_a_share_of_what_the_windows_get_done() -> None:
    hall = booking_hall()
    service = replace(hall.services["A"], mean_service_s=600)
    hall = replace(hall, services={**hall.services, "A": service})

    assert {one.capacity for one in slots_on(hall, service, date(2026, 11, 24))} == {6}


def test_an_interval_cap_is_shared_by_the_slots_that_begin_in_it() -> None:
    rules = AppointmentRules(slot_minutes=30, share_of_cap=0.5)
    hall = booking_hall(Caps(per_interval=6, interval_min=60), rules)

    first, second, *_ = slots_on(hall, hall.services["A"], date(2026, 11, 24))
    assert (first.capacity, second.capacity) == (2, 1)


def test_days_ahead_are_working_days_of_the_calendar() -> None:
    holiday = {date(2026, 11, 25): Day(DayKind.HOLIDAY), date(2026, 11, 28): Day(DayKind.WORKDAY)}
    hall = replace(booking_hall(), calendar=Calendar(overrides=holiday))
    hall = replace(hall, appointment=replace(RULES, days_ahead_min=2, days_ahead_max=5))

    days = [day.isoformat() for day in bookable_days(hall, hall.services["A"], MONDAY)]
    assert days == ["2026-11-26", "2026-11-27", "2026-11-28", "2026-11-30"]


def test_a_code_is_short_unambiguous_and_understood_however_it_is_typed() -> None:
    code = code_of("some secret")

    assert len(code) == 8
    assert set(code) <= set(ALPHABET)
    assert not set("01OIL") & set(ALPHABET)
    typed = (f" {code[:4].lower()}-{code[4:]} ", f"tingtong:appointment:{code}", code)
    assert {clean_code(one) for one in typed} == {code}
    assert code_of("another secret") != code


@pytest.mark.parametrize(
    "start, service, code",
    [
        (TUESDAY, "none", "service-unknown"),
        ("2026-11-23 15:00", "A", "appointment-day"),
        ("2026-11-28 09:00", "A", "appointment-day"),
        ("2026-12-03 09:00", "A", "appointment-day"),
        ("2026-11-24 09:30", "A", "slot-unknown"),
        ("2026-11-24 12:00", "A", "slot-unknown"),
        ("2026-12-02 09:00", "A", "done"),
    ],
)
async def test_only_slots_of_the_offered_days_can_be_booked(
    desk: Desk, start: str, service: str, code: str
) -> None:
    assert await refusal(desk.book(1, start, service)) == code


async def test_a_wrong_id_number_books_nothing_and_finds_nothing(desk: Desk) -> None:
    wrong = BookerIn(name="张三", id_number=resident(1)[:-1] + ("0" if resident(1)[-1] != "0" else "1"))
    wanted = AppointmentIn(service_id="A", start=local(TUESDAY), citizen=wrong)

    assert await refusal(desk.store.change(lambda tx: book(tx, wanted))) == "id-invalid"
    assert await refusal(desk.store.change(lambda tx: check_in_by_card(tx, wrong, Arrival()))) == "id-invalid"


async def test_a_full_slot_is_refused_and_a_cancelled_place_is_free_again(desk: Desk) -> None:
    first = await desk.book(1, TUESDAY)
    await desk.book(2, TUESDAY)

    assert await refusal(desk.book(3, TUESDAY)) == "slot-full"
    await desk.cancel(first.code)
    assert await refusal(desk.book(3, TUESDAY)) == "done"


async def test_of_many_who_book_at_once_only_as_many_as_there_are_places_get_one(desk: Desk) -> None:
    told = await asyncio.gather(*(refusal(desk.book(who, TUESDAY)) for who in range(1, 21)))

    assert sorted(set(told)) == ["done", "slot-full"]
    assert told.count("done") == 2


async def test_one_person_books_once_a_day_unless_it_was_cancelled(desk: Desk) -> None:
    first = await desk.book(1, TUESDAY)

    assert await refusal(desk.book(1, "2026-11-24 14:00", "C")) == "appointment-limit"
    assert await refusal(desk.book(1, "2026-11-25 09:00")) == "done"
    await desk.cancel(first.code)
    assert await refusal(desk.book(1, "2026-11-24 14:00", "C")) == "done"


async def test_whoever_is_barred_books_nothing(desk: Desk) -> None:
    def bar(tx: object) -> None:
        bar_person(tx, tx.person_of("resident", resident(1)), date(2026, 12, 1), "test", "admin")  # type: ignore

    await desk.store.change(bar)

    assert await refusal(desk.book(1, TUESDAY)) == "blacklisted"
    assert await refusal(desk.book(2, TUESDAY)) == "done"


async def test_walk_ins_and_bookings_together_never_exceed_a_cap_and_check_in_needs_none(desk: Desk) -> None:
    booked = [await desk.book(who, f"2026-11-24 {hour}:00") for who, hour in ((1, "09"), (2, "10"))]
    desk.at("2026-11-24 09:00")
    told = [await refusal(desk.store.change(lambda tx: issue_ticket(tx, walk_in()))) for _ in range(12)]

    assert told == ["done"] * 10 + ["quota-exhausted"] * 2
    assert (await desk.check_in(booked[0].code)).state is State.WAITING
    taken = await desk.store.read(lambda view: view.slots_taken("2026-11-24"))
    assert taken["A"]["am"] == 12


async def test_cancelling_gives_the_place_back_to_walk_ins(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)
    before = await desk.store.read(lambda view: view.slots_taken("2026-11-24"))
    await desk.cancel(one.code)
    after = await desk.store.read(lambda view: view.slots_taken("2026-11-24"))

    assert (before["A"]["am"], after["A"]["am"]) == (1, 0)


async def test_cancelling_needs_a_proof_that_the_booking_is_ones_own(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)

    assert await refusal(desk.cancel(one.code, token="guessed")) == "appointment-not-found"
    assert await refusal(desk.cancel(one.code, id_tail="0000")) == "appointment-not-found"
    assert await refusal(desk.cancel("NOSUCHCD", id_tail=resident(1)[-4:])) == "appointment-not-found"
    assert (await desk.cancel(one.code, id_tail=resident(1)[-4:].lower())).state is AppointmentState.CANCELLED
    assert (await desk.cancel(one.code)).state is AppointmentState.CANCELLED


@pytest.mark.parametrize(
    "now, code", [("06:59", "done"), ("07:00", "done"), ("07:01", "appointment-cancel-late")]
)
async def test_cancelling_ends_two_hours_before_the_slot(desk: Desk, now: str, code: str) -> None:
    one = await desk.book(1, TUESDAY)
    desk.at(f"2026-11-24 {now}")

    assert await refusal(desk.cancel(one.code)) == code


@pytest.mark.parametrize(
    "now, code",
    [
        ("08:29", "appointment-early"),
        ("08:30", "done"),
        ("09:15", "done"),
        ("09:16", "appointment-late"),
        ("17:00", "appointment-late"),
    ],
)
async def test_check_in_is_from_half_an_hour_before_to_a_quarter_after(
    desk: Desk, now: str, code: str
) -> None:
    one = await desk.book(1, TUESDAY)
    desk.at(f"2026-11-24 {now}")

    assert await refusal(desk.check_in(one.code)) == code


async def test_the_refusals_say_from_when_and_what_to_do(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)
    with pytest.raises(Refused) as early:
        await desk.check_in(one.code)
    desk.at("2026-11-24 09:20")
    with pytest.raises(Refused) as late:
        await desk.check_in(one.code)

    assert early.value.detail("zh") == "还没到预约时间,请在11月24日(周二)08:30以后来报到。"
    assert late.value.detail("en") == "Check-in ended at 09:15: take a ticket here or ask at the desk."


async def test_checking_in_makes_one_ticket_however_often_it_is_done(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)
    desk.at("2026-11-24 08:50")
    first, *others = [await desk.check_in(one.code) for _ in range(3)]
    by_card = await desk.store.change(
        lambda tx: check_in_by_card(tx, CitizenIn(id_number=resident(1)), Arrival())
    )
    wanted = walk_in("C").model_copy(update={"appointment": f" {one.code.lower()}"})
    as_ticket = await desk.store.change(lambda tx: issue_ticket(tx, wanted))

    assert {ticket.id for ticket in (*others, by_card[0], as_ticket)} == {first.id}
    assert (first.appointment, first.due_at) == (one.code, local(TUESDAY))
    assert by_card[1] is False
    assert (await desk.kept(one.code)).state is AppointmentState.CHECKED_IN


async def test_a_cancelled_ticket_is_not_printed_again_and_its_appointment_keeps_its_cap(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)
    desk.at("2026-11-24 09:00")
    ticket = await desk.check_in(one.code)
    await desk.store.change(lambda tx: cancel(tx, ticket.id))

    assert await refusal(desk.check_in(one.code)) == "appointment-over"
    assert await refusal(desk.cancel(one.code)) == "appointment-over"


async def test_somebody_elses_card_and_a_cancelled_code_check_nothing_in(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY)
    other = await desk.book(2, TUESDAY)
    await desk.cancel(other.code)
    desk.at("2026-11-24 09:00")
    with_card = Arrival(citizen=CitizenIn(id_number=resident(3)))

    assert await refusal(desk.store.change(lambda tx: check_in_by_code(tx, one.code, with_card))) == (
        "appointment-not-found"
    )
    assert await refusal(
        desk.store.change(lambda tx: check_in_by_card(tx, CitizenIn(id_number=resident(2)), Arrival()))
    ) == ("appointment-not-found")
    assert await refusal(desk.check_in(other.code)) == "appointment-over"
    assert await refusal(desk.check_in("NOSUCHCD")) == "appointment-not-found"


async def test_two_missed_appointments_bar_from_booking_until_a_day_but_not_from_what_is_booked(
    desk: Desk,
) -> None:
    for day in ("24", "25", "26"):
        await desk.book(1, f"2026-11-{day} 09:00")
    third = (await desk.store.change(lambda tx: tx.appointments_of(_person(tx), "2026-11-26")))[0]
    desk.at("2026-11-25 08:00")
    await desk.store.change(expire_day)
    assert await refusal(desk.book(1, "2026-12-01 09:00")) == "done"
    desk.at("2026-11-25 18:00")

    assert await refusal(desk.book(1, "2026-12-02 09:00")) == "blacklisted"  # at once, before any job ran
    await desk.store.change(expire_day)
    entries = await desk.store.read(lambda view: view.blacklist())
    assert [one.until for one in entries] == [date(2027, 2, 23)]
    assert "2 appointments missed" in entries[0].reason
    desk.at("2026-11-26 08:45")
    assert await refusal(desk.check_in(third.code)) == "done"


def _person(tx: object) -> str:
    return tx.person_of("resident", resident(1))  # type: ignore[attr-defined,no-any-return]


async def test_missed_appointments_outside_the_window_do_not_count(tmp_path: Path) -> None:
    rules = replace(RULES, no_show_window_days=5)
    clock = FixedClock(MONDAY)
    desk = Desk(open_store("memory", tmp_path, booking_hall(rules=rules), clock), clock)
    await desk.book(1, "2026-11-24 09:00")
    await desk.book(1, "2026-12-01 09:00")
    desk.at("2026-12-01 18:00")

    assert await refusal(desk.book(1, "2026-12-02 09:00")) == "done"


async def test_the_record_and_the_events_name_no_person_and_no_code(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY, phone="+86 138 0000 0000")
    two = await desk.book(2, TUESDAY)
    await desk.cancel(two.code)
    desk.at("2026-11-24 09:00")
    await desk.check_in(one.code)
    await desk.book(3, "2026-11-25 09:00")
    desk.at("2026-11-26 09:00")
    await desk.store.change(expire_day)
    events = await desk.store.read(lambda view: view.events(0, 99))
    rows = await desk.store.read(lambda view: view.audit(AuditFilter()))

    names = [event.name for event in events if event.name.value.startswith("appointment")]
    assert set(names) == {
        EventName.APPOINTMENT_BOOKED,
        EventName.APPOINTMENT_CANCELLED,
        EventName.APPOINTMENT_CHECKED_IN,
        EventName.APPOINTMENT_NO_SHOW,
    }
    assert events[0].reason == "A 2026-11-24 09:00"
    told = f"{events} {rows} {one!r}"
    for secret in ("张三丰", resident(1), "138 0000 0000", "13800000000", one.code, two.code):
        assert secret not in told
    assert any(row.detail == "missed=1 barred=0" for row in rows)


async def test_the_phone_is_unreadable_without_the_key_and_every_sight_of_it_is_recorded(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY, phone="13800000000")
    other = await desk.book(2, TUESDAY)

    assert "13800000000" not in one.phone
    assert await desk.store.change(lambda tx: phone_of(tx, one.code), "operator:eve") == "13800000000"
    assert await desk.store.change(lambda tx: phone_of(tx, other.code)) is None
    rows = await desk.store.read(lambda view: view.audit(AuditFilter(action="appointment-phone")))
    assert [(row.actor, row.detail) for row in rows][-1] == ("operator:eve", one.id)
    with pytest.raises(QueueError, match=r"."):
        await desk.store.change(lambda tx: tx.opened(one.phone, other.id))
    assert Identity(KEY).derived("appointment-phone") != Identity(b"x" * 32).derived("appointment-phone")


async def test_old_appointments_name_nobody_after_the_days_that_identities_are_kept(desk: Desk) -> None:
    one = await desk.book(1, TUESDAY, phone="13800000000")
    desk.at("2026-12-24 09:00")
    early = await desk.store.change(lambda tx: forget_some(tx, Keep(identity_days=30)))
    desk.at("2026-12-25 09:00")
    done = await desk.store.change(lambda tx: forget_some(tx, Keep(identity_days=30)))
    kept = await desk.kept(one.code)

    assert (early.appointments, done.appointments) == (0, 1)
    assert (kept.person, kept.citizen, kept.phone, kept.id_tail, kept.holder) == (None, "", "", "", "")


async def test_the_slots_tell_what_is_left(desk: Desk, hall: Hall) -> None:
    await desk.book(1, TUESDAY)
    told = await desk.store.read(lambda view: slots(view, hall, "A", MONDAY))

    assert [one.date.isoformat() for one in told.days][:2] == ["2026-11-24", "2026-11-25"]
    assert [(slot.capacity, slot.left) for slot in told.days[0].slots][:2] == [(2, 1), (2, 2)]
    assert len(told.days) == 7


async def test_the_database_itself_refuses_a_slot_above_its_capacity_and_a_second_ticket(
    tmp_path: Path, hall: Hall
) -> None:
    clock = FixedClock(MONDAY)
    desk = Desk(open_store("sqlite", tmp_path, hall, clock), clock)
    one = await desk.book(1, TUESDAY)
    desk.at("2026-11-24 09:00")
    ticket = await desk.check_in(one.code)
    again = replace(ticket, id="t_other", n=900, token="other")
    with pytest.raises(sqlite3.IntegrityError):
        await desk.store.change(lambda tx: tx.add(again))
    await desk.store.close()
    with closing(sqlite3.connect(tmp_path / "hall.db")) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE appointment_slot SET booked = capacity + 1")
