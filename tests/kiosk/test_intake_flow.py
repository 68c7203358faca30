"""The ticket kiosk's way, step by step."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, Step, is_warning, next_wake_s, remaining_s, start
from kiosk.flows.intake_words import Effect, Event, Paper

CITIZEN = w.Citizen("张三丰", "resident", "990000199001011234", date(1990, 1, 1), masked_name="张*")
TICKET = w.Ticket("t1", "B001")


def played(state: Intake, *events: Event) -> tuple[Intake, list[Effect]]:
    effects: list[Effect] = []
    for event in events:
        state, more = advance(state, event)
        effects += more
    return state, effects


@pytest.fixture
def home(hall: Hall) -> Intake:
    return played(start(), w.Tick(100.0), w.HallLoaded(hall))[0]


@pytest.fixture
def at_card(home: Intake) -> Intake:
    return played(home, w.DepartmentChosen("r1", "D04"))[0]


@pytest.fixture
def shown(at_card: Intake) -> Intake:
    return played(at_card, w.CardSeen("r1", CITIZEN), w.TicketIssued("r1", TICKET))[0]


def test_a_new_kiosk_is_out_of_order_until_the_server_answers(hall: Hall) -> None:
    before = start()
    after, _ = advance(before, w.HallLoaded(hall))

    assert (before.step, after.step) == (Step.OUT_OF_ORDER, Step.DEPARTMENT)


def test_a_department_with_several_services_asks_which(home: Intake) -> None:
    state, effects = played(home, w.DepartmentChosen("r1", "D06"))

    assert (state.step, state.department, effects) == (Step.SERVICE, "D06", [])


def test_a_department_with_one_service_goes_straight_to_the_card(home: Intake) -> None:
    state, effects = played(home, w.DepartmentChosen("r1", "D04"))

    assert (state.step, state.service_id) == (Step.CARD, "B")
    assert effects == [w.ReadCard("r1", 1)]


def test_a_card_becomes_an_order_and_only_its_masked_name_stays(at_card: Intake) -> None:
    state, effects = played(at_card, w.CardSeen("r1", CITIZEN))

    assert effects == [w.IssueTicket("r1", "B", CITIZEN, "zh")]
    assert (state.step, state.masked_name) == (Step.ISSUING, "张*")


def test_without_a_card_reading_stops_and_the_order_names_nobody(at_card: Intake) -> None:
    state, effects = played(at_card, w.WithoutCard("r1"))

    assert state.step is Step.ISSUING
    assert effects == [w.StopReading("r1"), w.IssueTicket("r1", "B", None, "zh")]


def test_a_service_that_needs_a_card_is_not_given_without(home: Intake) -> None:
    state, effects = played(home, w.DepartmentChosen("r1", "D28"), w.WithoutCard("r1"))

    assert state.step is Step.CARD
    assert effects == [w.ReadCard("r1", 1)]


def test_a_closed_service_starts_no_visit(home: Intake) -> None:
    state, effects = played(home, w.DepartmentChosen("r1", "D17"))

    assert (state.step, effects) == (Step.DEPARTMENT, [])


def test_the_number_is_on_the_screen_before_the_printer_said_anything(shown: Intake) -> None:
    assert (shown.step, shown.paper) == (Step.TICKET, Paper.PRINTING)
    assert shown.ticket == TICKET


def test_a_failed_print_is_told_and_the_number_stays_longer(shown: Intake) -> None:
    good, _ = played(shown, w.PrintDone("r1", "t1", 1, Paper.PRINTED, "process-id"))
    bad, told = played(shown, w.PrintDone("r1", "t1", 1, Paper.FAILED, "none", "paper-out"))

    assert told == [w.ReportPrint("r1", "t1", 1, Paper.FAILED, "none", "paper-out")]
    assert (remaining_s(good), remaining_s(bad)) == (20, 60)


def test_print_again_is_a_new_job_and_only_after_a_failure(shown: Intake) -> None:
    _, nothing = played(shown, w.PrintAgain("r1"))
    _, again = played(shown, w.PrintDone("r1", "t1", 1, Paper.UNKNOWN), w.PrintAgain("r1"))

    assert nothing == []
    assert again[-1] == w.PrintTicket("r1", TICKET, 2, "张*", False)


def test_the_result_of_an_older_print_job_does_not_settle_the_newer(shown: Intake) -> None:
    state, _ = played(
        shown,
        w.PrintDone("r1", "t1", 1, Paper.FAILED),
        w.PrintAgain("r1"),
        w.PrintDone("r1", "t1", 1, Paper.FAILED),
    )

    assert state.paper is Paper.PRINTING


def test_a_ticket_for_a_citizen_who_left_is_given_back(at_card: Intake) -> None:
    gone, _ = played(at_card, w.CardSeen("r1", CITIZEN), w.Tick(161.0))
    state, effects = advance(gone, w.TicketIssued("r1", TICKET))

    assert state.step is Step.DEPARTMENT
    assert effects == (w.CancelTicket("r1", "t1"),)


def test_a_ticket_that_comes_after_the_apology_is_still_shown(at_card: Intake) -> None:
    state, effects = played(at_card, w.WithoutCard("r1"), w.IssueFailed("r1"), w.TicketIssued("r1", TICKET))

    assert state.step is Step.TICKET
    assert not any(isinstance(e, w.CancelTicket) for e in effects)


def test_a_doubled_reply_does_not_cancel_a_ticket_its_citizen_took(shown: Intake) -> None:
    _, effects = played(shown, w.WentHome(), w.TicketIssued("r1", TICKET))

    assert effects == []


def test_a_refusal_shows_the_servers_sentence(at_card: Intake) -> None:
    state, _ = played(
        at_card, w.WithoutCard("r1"), w.IssueRefused("r1", "quota-exhausted", "今日号已取完", "明日再来")
    )

    assert state.step is Step.SORRY
    assert state.refusal is not None
    assert state.refusal.title == "今日号已取完"


def test_id_required_asks_for_the_card_in_the_same_visit(at_card: Intake) -> None:
    state, effects = played(at_card, w.WithoutCard("r1"), w.IssueRefused("r1", "id-required", "请刷证"))

    assert (state.step, state.card_note) == (Step.CARD, "id-required")
    assert effects[-1] == w.ReadCard("r1", 1)
    assert played(state, w.WithoutCard("r1"))[1] == []


def test_a_card_that_was_read_badly_is_read_again_with_advice(at_card: Intake) -> None:
    state, effects = played(at_card, w.CardFailed("r1", "read-failed"))

    assert state.card_note == "place-again"
    assert effects == [w.ReadCard("r1", 2)]


def test_a_broken_reader_is_not_asked_again_by_itself(at_card: Intake) -> None:
    state, effects = played(at_card, w.CardFailed("r1", "reader-fault"))
    again, more = played(state, w.TryCardAgain("r1"))

    assert (state.card_note, effects) == ("reader-fault", [])
    assert (again.card_note, more) == ("", [w.ReadCard("r1", 2)])


@pytest.mark.parametrize(("elder", "seconds"), [(False, 60), (True, 120)])
def test_idle_time_is_a_minute_and_twice_that_in_elder_mode(home: Intake, elder: bool, seconds: int) -> None:
    first = [w.ElderToggled()] if elder else []
    state, _ = played(home, *first, w.DepartmentChosen("r1", "D06"))

    assert remaining_s(state) == seconds


def test_fifteen_seconds_before_the_end_the_citizen_is_asked(home: Intake) -> None:
    choosing, _ = played(home, w.DepartmentChosen("r1", "D06"), w.Tick(144.0))
    warned, _ = advance(choosing, w.Tick(145.0))
    stayed, _ = advance(warned, w.Touched())

    assert [is_warning(s) for s in (choosing, warned, stayed)] == [False, True, False]
    assert remaining_s(stayed) == 60


def test_time_out_at_the_card_stops_reading_and_goes_home(at_card: Intake) -> None:
    state, effects = advance(at_card, w.Tick(160.0))

    assert state.step is Step.DEPARTMENT
    assert effects == (w.StopReading("r1"),)


def test_the_home_page_left_alone_wakes_nobody(home: Intake) -> None:
    assert next_wake_s(home) is None


def test_language_may_change_at_any_step_and_home_forgets_it(at_card: Intake) -> None:
    english, _ = played(at_card, w.LanguageChosen("en"))
    home, _ = played(english, w.WentHome())

    assert (english.step, english.language, home.language) == (Step.CARD, "en", "zh")


def test_a_lost_server_closes_the_kiosk_and_its_return_opens_it(at_card: Intake, hall: Hall) -> None:
    lost, effects = advance(at_card, w.ServerLost())
    back, _ = advance(lost, w.HallLoaded(hall))

    assert (lost.step, back.step) == (Step.OUT_OF_ORDER, Step.DEPARTMENT)
    assert effects == (w.StopReading("r1"),)


def test_a_lost_server_takes_no_number_from_the_screen(shown: Intake) -> None:
    lost, _ = advance(shown, w.ServerLost())
    gone, _ = advance(lost, w.WentHome())

    assert (lost.step, gone.step) == (Step.TICKET, Step.OUT_OF_ORDER)


def test_back_keeps_language_and_elder_mode(home: Intake) -> None:
    state, _ = played(
        home, w.LanguageChosen("en"), w.ElderToggled(), w.DepartmentChosen("r1", "D06"), w.WentBack()
    )

    assert (state.step, state.language, state.elder) == (Step.DEPARTMENT, "en", True)


def test_back_from_the_card_returns_to_the_services(home: Intake) -> None:
    state, effects = played(home, w.DepartmentChosen("r0", "D06"), w.ServiceChosen("r1", "J"), w.WentBack())

    assert (state.step, state.request_id) == (Step.SERVICE, "")
    assert effects[-1] == w.StopReading("r1")


def test_nobody_walks_home_from_a_number_under_way(at_card: Intake) -> None:
    state, _ = played(at_card, w.WithoutCard("r1"), w.WentHome())

    assert state.step is Step.ISSUING


def test_a_reader_that_works_again_reads_again_by_itself(home: Intake) -> None:
    state = home
    for event in (w.DepartmentChosen("r", "D04"), w.CardFailed("r", "reader-fault")):
        state, _ = advance(state, event)
    state, effects = advance(state, w.MachineChanged("reader", ""))

    assert (state.card_note, effects) == ("", (w.ReadCard("r", 2),))
