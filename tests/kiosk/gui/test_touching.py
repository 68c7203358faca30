"""A finger on the real widgets."""

from __future__ import annotations

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake_state import Step
from kiosk.flows.intake_words import Paper
from kiosk.ui import theme
from tests.kiosk.gui.stage import Stage

pytestmark = pytest.mark.gui
TICKET = w.Ticket("t1", "J001", "社会保险", ahead=2, wait_low_s=60, wait_high_s=600)


def at_home(stage: Stage, hall: Hall) -> None:
    stage.say(w.Tick(0.0), w.HallLoaded(hall))
    stage.step()


def test_two_touches_lead_from_a_department_to_the_card(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D06")
    stage.tap("service:J")

    assert (stage.state.step, stage.state.service_id) == (Step.CARD, "J")
    assert [type(e) for e in stage.effects] == [w.ReadCard]


def test_a_touch_without_a_card_orders_a_ticket(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D04")
    stage.tap("card:without")

    assert isinstance(stage.effects[-1], w.IssueTicket)


def test_a_closed_department_takes_no_touch(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)

    assert "department:D17" not in [one.key for one in stage.touchables()]
    assert "department:D06" in [one.key for one in stage.touchables()]


def test_language_and_large_text_change_what_is_shown(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("language:en")
    english = stage.find("department:D04").caption
    stage.tap("elder")

    assert english == "Real-estate registration"
    assert (theme.metrics.elder, stage.find("elder").caption) == (True, "Standard size")


def test_the_number_is_on_the_screen_while_the_paper_is_still_printing(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D04")
    visit = stage.state.request_id
    stage.say(
        w.CardSeen(visit, w.Citizen("张三", "resident", "1", masked_name="张*")),
        w.TicketIssued(visit, TICKET),
    )
    stage.step()

    assert "J001" in stage.texts()
    assert "ticket:again" not in [one.key for one in stage.touchables()]


def test_print_again_appears_after_a_failure_and_orders_a_second_job(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D04")
    visit = stage.state.request_id
    stage.say(w.WithoutCard(visit), w.TicketIssued(visit, TICKET), w.PrintDone(visit, "t1", 1, Paper.FAILED))
    stage.step()
    stage.tap("ticket:again")

    assert isinstance(stage.effects[-1], w.PrintTicket)
    assert stage.effects[-1].job == 2


def test_done_leads_home_and_no_name_stays_on_any_widget(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D04")
    visit = stage.state.request_id
    stage.say(
        w.CardSeen(visit, w.Citizen("张三", "resident", "1", masked_name="张*")),
        w.TicketIssued(visit, TICKET),
    )
    stage.step()
    seen = [text for text in stage.texts() if "张" in text]
    stage.tap("ticket:done")

    assert seen
    assert stage.state.step is Step.DEPARTMENT
    assert not [text for text in stage.texts(everywhere=True) if "张" in text]


def test_under_the_question_only_its_own_buttons_can_be_touched(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D06")
    stage.say(w.Tick(46.0))
    stage.step()
    keys = sorted(one.key for one in stage.touchables())
    stage.tap("warning:continue")

    assert keys == ["warning:continue", "warning:leave"]
    assert stage.state.step is Step.SERVICE
    assert not stage.app.root_widget.ids.warning.shown


def test_an_idle_home_page_draws_no_frame(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.step(5)
    before = stage.frames
    stage.step(30)

    assert stage.frames == before


def test_a_new_count_redraws_the_badge_without_building_new_tiles(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    tile = stage.find("department:D04")
    busier = Hall(
        **{
            **{name: getattr(hall, name) for name in Hall.__dataclass_fields__},
            "services": (hall.services[1], *hall.services[1:]),
        }
    )
    stage.say(w.HallLoaded(hall), w.HallLoaded(busier), w.HallLoaded(hall))

    assert stage.find("department:D04") is tile
