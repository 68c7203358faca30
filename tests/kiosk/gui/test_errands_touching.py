"""A finger on the screens of appointments, one's own place and packages."""

from __future__ import annotations

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake_state import Step
from tests.kiosk.gui.stage import Stage, boxes

pytestmark = pytest.mark.gui
CITIZEN = w.Citizen("张三", "resident", "1", masked_name="张*")
HELD = w.Ticket("t2", "J004", "社会保险", service_id="J", ahead=3)
CODE = "7K3WPQ9X"


def at_home(stage: Stage, hall: Hall) -> None:
    stage.say(w.Tick(0.0), w.HallLoaded(hall))
    stage.step()


def test_a_code_is_typed_with_the_fingers_and_leaves_no_trace(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:check-in")
    stage.tap("card:code")
    for letter in CODE[:7] + "A":
        stage.tap(f"letter:{letter}")
    stage.tap("letter:erase")
    stage.tap(f"letter:{CODE[7]}")
    written = [one for one in stage.texts() if len(one) == 1]
    stage.tap("code:enter")
    order = stage.effects[-1]
    stage.say(w.IssueRefused(stage.state.request_id, "appointment-early", "x", moment="09:30"))
    stage.step()
    stage.tap("notice:home")

    assert isinstance(order, w.OrderCheckIn)
    assert (order.code, order.citizen) == (CODE, None)
    assert all(letter in written for letter in CODE)
    assert stage.state.step is Step.DEPARTMENT
    boxes = stage.app.root_widget.screens()
    assert not [one for screen in boxes for one in screen.walk() if getattr(one, "letter", "")]


def test_the_key_to_check_in_takes_no_touch_before_the_last_letter(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:check-in")
    stage.tap("card:code")
    stage.tap("letter:7")

    assert "code:enter" not in [one.key for one in stage.touchables()]


def test_a_lost_ticket_is_looked_up_and_printed_and_its_number_forgotten(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:place")
    visit = stage.state.request_id
    stage.say(w.CardSeen(visit, CITIZEN), w.PlacesTold(visit, (HELD,)))
    stage.step()
    stage.tap("place:reprint")
    order = stage.effects[-1]
    stage.tap("ticket:done")

    assert isinstance(order, w.PrintTicket)
    assert order.ticket is HELD
    left = stage.texts(everywhere=True)
    assert not [one for one in left if "张" in one or "J004" in one]


def test_whoever_has_a_number_gets_its_paper_with_one_touch(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("department:D04")
    visit = stage.state.request_id
    stage.say(w.CardSeen(visit, CITIZEN), w.IssueRefused(visit, "ticket-already-waiting", "x", held=HELD))
    stage.step()
    stage.tap("notice:reprint")

    assert isinstance(stage.effects[-1], w.PrintTicket)
    assert stage.state.step is Step.TICKET


def test_who_is_late_takes_an_ordinary_ticket_with_one_touch(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:check-in")
    visit = stage.state.request_id
    stage.say(w.CardSeen(visit, CITIZEN), w.IssueRefused(visit, "appointment-late", "x"))
    stage.step()
    stage.tap("notice:ordinary")

    assert (stage.state.step, stage.state.request_id) == (Step.DEPARTMENT, "")


def test_two_touches_order_a_package(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:package")
    closed = "package:BUILD" not in [one.key for one in stage.touchables()]
    stage.tap("package:WORK")
    stage.tap("card:without")

    assert closed
    assert isinstance(stage.effects[-1], w.IssueTicket)
    assert stage.effects[-1].package == "WORK"


def test_the_way_without_a_card_stands_in_the_middle_also_for_the_next_visitor(
    stage: Stage, hall: Hall
) -> None:
    at_home(stage, hall)
    stage.tap("elder")
    for errand in ("check-in", "place", "check-in"):  # home takes large text back
        stage.tap(f"entry:{errand}")
        stage.step(8)
        middles = [sum(boxes(one)[0::2]) / 2 for one in stage.touchables() if one.key == "card:code"]
        stage.tap("home")

    assert middles == pytest.approx([stage.size[0] / 2], abs=3)


def test_what_stands_on_a_closed_tile_can_be_read(stage: Stage, hall: Hall) -> None:
    at_home(stage, hall)
    stage.tap("entry:package")
    stage.step(5)
    closed = [one for one in stage.labels() if one.disabled]

    assert "建房一件事" in [one.text for one in closed]
    assert all(one.disabled_color[:3] == one.color[:3] and one.disabled_color[3] == 1 for one in closed)
