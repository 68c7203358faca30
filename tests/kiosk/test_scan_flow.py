"""A code under the scanner: what it means, when it is heard, and that it takes over nobody's visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import NOTICE_S, Intake, Step, remaining_s, start
from kiosk.flows.intake_words import Effect, Errand, Event
from kiosk.flows.scan_words import APPOINTMENT_PREFIX, AppointmentCode, TicketCode, read_code
from queue_server.domain import appointments

CODE, TOKEN = "7K3WPQ9X", "mV0c3Qm9rZW5leGFtcGxl"
BOOKED_TEXT = APPOINTMENT_PREFIX + CODE
TICKET_TEXT = f"https://hall.example/t/{TOKEN}"
CITIZEN = w.Citizen("张三丰", "resident", "990000199001011234", date(1990, 1, 1), masked_name="张*")
CHECK_IN = w.ErrandChosen("r1", Errand.CHECK_IN)
PLACE = w.ErrandChosen("r1", Errand.PLACE)
FOUND = w.Ticket("", "J004", "社会保险", ahead=3, looked_up=True)
TAKING = (w.DepartmentChosen("r1", "D04"),)
ISSUED = (*TAKING, w.CardSeen("r1", CITIZEN), w.TicketIssued("r1", w.Ticket("t1", "B001")))


def played(state: Intake, *events: Event) -> tuple[Intake, list[Effect]]:
    effects: list[Effect] = []
    for event in events:
        state, more = advance(state, event)
        effects += more
    return state, effects


@pytest.fixture
def home(hall: Hall) -> Intake:
    return played(start(), w.Tick(100.0), w.HallLoaded(hall))[0]


def test_the_kiosk_and_the_server_put_the_same_before_a_code() -> None:
    assert APPOINTMENT_PREFIX == appointments.QR_PREFIX


@settings(max_examples=50)
@given(st.text(appointments.ALPHABET, min_size=8, max_size=8))
def test_every_code_of_the_server_is_read_however_it_is_written(code: str) -> None:
    for written in (code, code.lower(), f" {code[:4]}-{code[4:]} "):
        assert read_code(appointments.QR_PREFIX + written) == AppointmentCode(appointments.clean_code(code))


@pytest.mark.parametrize(
    "text", [TICKET_TEXT, f"http://10.1.2.3:8080/hall/t/{TOKEN}/", f"{TICKET_TEXT}?lang=en"]
)
def test_a_tickets_address_is_read_wherever_the_hall_is(text: str) -> None:
    assert read_code(text) == TicketCode(TOKEN)


@settings(max_examples=100)
@given(st.text(max_size=40))
def test_any_other_text_is_no_code_and_ends_nothing(text: str) -> None:
    assert read_code(text) is None
    assert read_code(f"{APPOINTMENT_PREFIX}0{text}") is None  # no code of the server has a nought


@pytest.mark.parametrize(
    "text", ["https://pay.example/t/", f"ftp://x/t/{TOKEN}", f"https://x/s/{TOKEN}", CODE, f"x {TICKET_TEXT}"]
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert read_code(text) is None


@pytest.mark.parametrize(
    ("before", "stops"),
    [
        ((), []),
        ((w.PageTurned(1),), []),
        ((CHECK_IN,), [w.StopReading("r1")]),
        ((CHECK_IN, w.CodeWanted("r1"), w.LetterTyped("r1", "A")), []),
    ],
)
def test_an_appointments_code_is_the_same_as_typing_it(
    home: Intake, before: tuple[Event, ...], stops: list[Effect]
) -> None:
    there, _ = played(home, *before)
    state, effects = played(there, w.CodeScanned("s1", BOOKED_TEXT))

    assert effects == [*stops, w.OrderCheckIn("s1", 1, None, CODE, "zh")]
    assert (state.step, state.errand, state.request_id, state.page) == (
        Step.ISSUING,
        Errand.CHECK_IN,
        "s1",
        0,
    )


def test_a_scanned_code_that_nobody_knows_can_be_typed_instead(home: Intake) -> None:
    refused = w.IssueRefused("s1", "appointment-not-found", "没有找到预约")
    state, _ = played(home, w.CodeScanned("s1", BOOKED_TEXT), refused, w.CodeWanted("s1"))

    assert (state.step, state.code) == (Step.CODE, "")


@pytest.mark.parametrize("before", [(), (CHECK_IN,), (PLACE,)])
def test_a_tickets_code_shows_its_place_and_is_kept_nowhere(home: Intake, before: tuple[Event, ...]) -> None:
    there, _ = played(home, *before)
    asking, effects = played(there, w.CodeScanned("s1", TICKET_TEXT))
    state, _ = played(asking, w.PlacesTold("s1", (FOUND,)))

    assert effects[-1] == w.FindTicket("s1", TOKEN)
    assert (state.step, state.places, state.masked_name) == (Step.PLACE, (FOUND,), "")
    for one in (asking, state):
        assert TOKEN not in str([getattr(one, name) for name in Intake.__dataclass_fields__])


def test_a_ticket_that_was_looked_up_is_not_printed(home: Intake) -> None:
    state, _ = played(home, w.CodeScanned("s1", TICKET_TEXT), w.PlacesTold("s1", (FOUND,)))

    assert played(state, w.ReprintWanted("s1")) == (state, [])


@pytest.mark.parametrize("text", [BOOKED_TEXT, TICKET_TEXT, "https://pay.example/123"])
@pytest.mark.parametrize(
    "before",
    [
        (w.DepartmentChosen("r1", "D06"),),
        (w.PackagesOpened(),),
        TAKING,
        (*TAKING, w.CardSeen("r1", CITIZEN)),
        ISSUED,
        (PLACE, w.CardSeen("r1", CITIZEN), w.PlacesTold("r1", (FOUND,))),
        (CHECK_IN, w.CardSeen("r1", CITIZEN)),
        (CHECK_IN, w.CardSeen("r1", CITIZEN), w.IssueRefused("r1", "appointment-late", "晚了")),
        (w.ServerLost(),),
    ],
    ids=[
        "services",
        "packages",
        "card",
        "issuing",
        "ticket",
        "place",
        "checking-in",
        "too-late",
        "out-of-order",
    ],
)
def test_a_scan_in_the_middle_of_a_visit_changes_nothing(
    home: Intake, before: tuple[Event, ...], text: str
) -> None:
    visit, _ = played(home, *before)

    assert played(visit, w.CodeScanned("s1", text)) == (visit, [])


def test_an_appointments_code_does_not_end_somebodys_search_for_their_number(home: Intake) -> None:
    searching, _ = played(home, PLACE)

    assert played(searching, w.CodeScanned("s1", BOOKED_TEXT)) == (searching, [])


def test_a_foreign_code_is_named_for_some_seconds_and_another_can_be_held_there(home: Intake) -> None:
    told, effects = played(home, w.CodeScanned("s1", "https://pay.example/123"))
    again, more = played(told, w.CodeScanned("s2", BOOKED_TEXT))
    gone, _ = played(told, w.Tick(100.0 + NOTICE_S))

    assert (told.step, remaining_s(told), effects) == (Step.SORRY, int(NOTICE_S), [])
    assert (again.request_id, more) == ("s2", [w.OrderCheckIn("s2", 1, None, CODE, "zh")])
    assert gone == replace(home, now_s=100.0 + NOTICE_S)


def test_language_and_large_text_stay_for_whoever_scans(home: Intake) -> None:
    ready = (w.LanguageChosen("en"), w.ElderToggled())
    state, effects = played(home, *ready, w.CodeScanned("s1", BOOKED_TEXT))

    assert (state.language, state.elder) == ("en", True)
    assert effects == [w.OrderCheckIn("s1", 1, None, CODE, "en")]


@pytest.mark.parametrize("text", [BOOKED_TEXT, TICKET_TEXT])
def test_without_the_server_a_code_is_answered_that_it_cannot_be_looked_up(home: Intake, text: str) -> None:
    hall = home.terminal.hall
    assert hall is not None
    offline, _ = played(home, w.HallLoaded(replace(hall, offline=True)))
    state, effects = played(offline, w.CodeScanned("s1", text))

    assert (state.step, state.refusal.code if state.refusal else "", effects) == (
        Step.SORRY,
        "scan-offline",
        [],
    )


def test_an_answer_to_what_was_asked_before_the_scan_is_shown_to_nobody(home: Intake) -> None:
    typed = [w.LetterTyped("r1", letter) for letter in CODE]
    before = (
        CHECK_IN,
        w.CodeWanted("r1"),
        *typed,
        w.CodeEntered("r1"),
        w.IssueFailed("r1"),
        w.CodeWanted("r1"),
    )
    scanned, _ = played(home, *before, w.CodeScanned("s1", f"{APPOINTMENT_PREFIX}ABCDEFGH"))
    state, effects = played(scanned, w.TicketIssued("r1", w.Ticket("t9", "B009", booked=True)))

    assert (state, effects) == (scanned, [])


def test_no_event_or_effect_of_a_scan_shows_its_text(home: Intake) -> None:
    event = w.CodeScanned("s1", TICKET_TEXT)
    _, effects = played(home, event)
    _, booked = played(home, w.CodeScanned("s1", BOOKED_TEXT))

    assert TOKEN not in repr((event, effects))
    assert CODE not in repr(booked)
