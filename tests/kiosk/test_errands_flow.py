"""Appointments, one's own place, reprints and packages, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.errand_words import CODE_ALPHABET, CODE_LETTERS
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, Step, remaining_s, start
from kiosk.flows.intake_words import Effect, Errand, Event, Paper
from queue_server.domain import appointments

CITIZEN = w.Citizen("张三丰", "resident", "990000199001011234", date(1990, 1, 1), masked_name="张*")
BOOKED = w.Ticket("t1", "B001", service_id="B", booked=True)
HELD = w.Ticket("t2", "J004", service_id="J", ahead=3)
CODE = "7K3WPQ9X"
CHECK_IN = w.ErrandChosen("r1", Errand.CHECK_IN)
PLACE = w.ErrandChosen("r1", Errand.PLACE)


def played(state: Intake, *events: Event) -> tuple[Intake, list[Effect]]:
    effects: list[Effect] = []
    for event in events:
        state, more = advance(state, event)
        effects += more
    return state, effects


def typed(code: str) -> list[Event]:
    return [w.CodeWanted("r1"), *(w.LetterTyped("r1", letter) for letter in code)]


@pytest.fixture
def home(hall: Hall) -> Intake:
    return played(start(), w.Tick(100.0), w.HallLoaded(hall))[0]


def test_the_keyboard_has_exactly_the_letters_of_the_servers_codes() -> None:
    assert (CODE_ALPHABET, CODE_LETTERS) == (appointments.ALPHABET, appointments.CODE_LETTERS)


def test_an_appointment_is_checked_in_by_the_card_and_its_ticket_printed(home: Intake) -> None:
    state, effects = played(home, CHECK_IN, w.CardSeen("r1", CITIZEN), w.TicketIssued("r1", BOOKED))

    assert effects == [
        w.ReadCard("r1", 1),
        w.OrderCheckIn("r1", 1, CITIZEN, "", "zh"),
        w.PrintTicket("r1", BOOKED, 1, "张*", False),
    ]
    assert (state.step, state.ticket) == (Step.TICKET, BOOKED)


def test_a_code_is_typed_corrected_and_sent_only_when_it_is_whole(home: Intake) -> None:
    half, early = played(home, CHECK_IN, *typed(CODE[:7]), w.CodeEntered("r1"))
    state, effects = played(
        half, w.LetterTyped("r1", "A"), w.LetterErased("r1"), w.LetterTyped("r1", "X"), w.CodeEntered("r1")
    )

    assert early == [w.ReadCard("r1", 1), w.StopReading("r1")]
    assert (state.step, effects) == (Step.ISSUING, [w.OrderCheckIn("r1", 2, None, CODE, "zh")])


@pytest.mark.parametrize("letter", ["0", "O", "1", "I", "L", "a", "", "AB", "张"])
def test_no_letter_but_those_of_a_code_can_be_typed(home: Intake, letter: str) -> None:
    state, _ = played(home, CHECK_IN, *typed("7K"), w.LetterTyped("r1", letter))

    assert state.code == "7K"


def test_a_ninth_letter_is_one_too_many(home: Intake) -> None:
    assert played(home, CHECK_IN, *typed(CODE + "A"))[0].code == CODE


def test_an_unknown_appointment_can_be_typed_anew_under_another_try(home: Intake) -> None:
    refused = w.IssueRefused("r1", "appointment-not-found", "没有找到预约")
    sorry, _ = played(home, CHECK_IN, w.CardSeen("r1", CITIZEN), refused)
    state, effects = played(sorry, *typed(CODE), w.CodeEntered("r1"))

    assert sorry.step is Step.SORRY
    assert (state.masked_name, effects) == ("", [w.OrderCheckIn("r1", 2, None, CODE, "zh")])


def test_whoever_is_late_may_go_on_to_an_ordinary_ticket_in_the_same_language(home: Intake) -> None:
    late = w.IssueRefused("r1", "appointment-late", "晚了")
    state, _ = played(
        home, w.LanguageChosen("en"), CHECK_IN, w.CardSeen("r1", CITIZEN), late, w.OrdinaryWanted("r1")
    )

    assert (state.step, state.language, state.masked_name, state.request_id) == (
        Step.DEPARTMENT,
        "en",
        "",
        "",
    )


def test_an_appointments_ticket_that_comes_too_late_is_kept_for_the_next_check_in(home: Intake) -> None:
    gone, _ = played(home, CHECK_IN, w.CardSeen("r1", CITIZEN), w.Tick(161.0))
    state, effects = advance(gone, w.TicketIssued("r1", BOOKED))

    assert (state.step, effects) == (Step.DEPARTMENT, ())


def test_a_card_finds_its_own_numbers_and_each_can_be_printed_once_more(home: Intake) -> None:
    found, asked = played(
        home, PLACE, w.CardSeen("r1", CITIZEN), w.PlacesTold("r1", (BOOKED, HELD)), w.PageTurned(1)
    )
    state, effects = played(found, w.ReprintWanted("r1"))

    assert asked[-1] == w.FindPlaces("r1", CITIZEN)
    assert (found.step, state.step, state.reprint) == (Step.PLACE, Step.TICKET, True)
    assert effects == [w.PrintTicket("r1", HELD, 1, "张*", False)]


def test_what_became_of_a_reprint_is_told_to_the_server(home: Intake) -> None:
    state, _ = played(
        home, PLACE, w.CardSeen("r1", CITIZEN), w.PlacesTold("r1", (HELD,)), w.ReprintWanted("r1")
    )
    shown, told = played(state, w.PrintDone("r1", "t2", 1, Paper.FAILED, "none", "paper-out"))
    _, again = played(shown, w.PrintAgain("r1"))

    assert told == [w.ReportPrint("r1", "t2", 1, Paper.FAILED, "none", "paper-out")]
    assert again == [w.PrintTicket("r1", HELD, 2, "张*", False)]


def test_numbers_found_for_a_visit_that_is_over_are_shown_to_nobody(home: Intake) -> None:
    gone, _ = played(home, PLACE, w.CardSeen("r1", CITIZEN), w.Tick(161.0))
    second, _ = played(gone, w.ErrandChosen("r2", Errand.PLACE), w.CardSeen("r2", CITIZEN))
    state, _ = advance(second, w.PlacesTold("r1", (HELD,)))

    assert (state.step, state.places) == (Step.ISSUING, ())


def test_whoever_holds_a_number_already_is_offered_its_paper(home: Intake) -> None:
    already = w.IssueRefused("r1", "ticket-already-waiting", "已有号", held=HELD)
    sorry, _ = played(home, w.DepartmentChosen("r1", "D04"), w.CardSeen("r1", CITIZEN), already)
    state, effects = played(sorry, w.ReprintWanted("r1"))

    assert effects == [w.PrintTicket("r1", HELD, 1, "张*", False)]
    assert (state.step, state.ticket, state.refusal) == (Step.TICKET, HELD, None)


def test_a_refusal_without_a_held_ticket_prints_nothing(home: Intake) -> None:
    closed = w.IssueRefused("r1", "service-closed", "关门")
    sorry, _ = played(home, w.DepartmentChosen("r1", "D04"), w.CardSeen("r1", CITIZEN), closed)

    assert played(sorry, w.ReprintWanted("r1")) == (sorry, [])


def test_a_package_is_one_order_for_all_its_services(home: Intake) -> None:
    state, effects = played(home, w.PackagesOpened(), w.PackageChosen("r1", "WORK"), w.WithoutCard("r1"))

    assert state.step is Step.ISSUING
    assert effects[-1] == w.IssueTicket("r1", "M", None, "zh", "WORK")


def test_a_package_with_a_closed_service_starts_no_visit(home: Intake) -> None:
    state, effects = played(home, w.PackagesOpened(), w.PackageChosen("r1", "BUILD"))

    assert (state.step, effects) == (Step.PACKAGE, [])


def test_a_package_asks_for_a_card_when_any_of_its_services_does(home: Intake) -> None:
    state, effects = played(home, w.PackagesOpened(), w.PackageChosen("r1", "SHOP"), w.WithoutCard("r1"))

    assert (state.step, effects) == (Step.CARD, [w.ReadCard("r1", 1)])


@pytest.mark.parametrize("errand", [CHECK_IN, PLACE])
def test_nobody_takes_a_ticket_without_a_card_on_another_errand(home: Intake, errand: Event) -> None:
    state, effects = played(home, errand, w.WithoutCard("r1"))

    assert (state.step, effects) == (Step.CARD, [w.ReadCard("r1", 1)])


@pytest.mark.parametrize("first", [CHECK_IN, PLACE, w.PackagesOpened()])
def test_without_the_server_there_are_numbers_from_the_lease_only(home: Intake, first: Event) -> None:
    hall = home.terminal.hall
    assert hall is not None
    offline, _ = advance(home, w.HallLoaded(replace(hall, offline=True)))

    assert played(offline, first) == (offline, [])


def test_back_leads_from_the_code_to_the_card_and_forgets_what_was_typed(home: Intake) -> None:
    state, effects = played(home, CHECK_IN, *typed("7K"), w.WentBack())

    assert (state.step, state.code) == (Step.CARD, "")
    assert effects[-1] == w.ReadCard("r1", 2)


def test_back_leads_from_a_packages_card_to_the_packages(home: Intake) -> None:
    state, effects = played(home, w.PackagesOpened(), w.PackageChosen("r1", "WORK"), w.WentBack())

    assert (state.step, state.package_id, effects[-1]) == (Step.PACKAGE, "", w.StopReading("r1"))


def test_every_letter_starts_the_time_anew_and_silence_forgets_the_code(home: Intake) -> None:
    state, _ = played(home, CHECK_IN, *typed("7K"), w.Tick(150.0), w.LetterTyped("r1", "W"))
    gone, _ = advance(state, w.Tick(210.0))

    assert (remaining_s(state), gone.step, gone.code) == (60, Step.DEPARTMENT, "")
