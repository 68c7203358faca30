"""What a visitor and staff see while the server is away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.codecs.ticket_layout import lay_out
from devices.codecs.ticket_lines import TextLine
from devices.contracts.printer import TicketSlip
from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, start
from kiosk.flows.intake_words import Ticket
from kiosk.i18n.catalog import load
from kiosk.presenters.intake import present
from kiosk.presenters.views import TicketView, TilesView
from tests.kiosk.small_hall import small_hall

ESTIMATE = {"zh": ("预计等候", "暂时无法预计"), "en": ("Expected wait", "not available")}


def shown(hall: Hall, *events: w.Event, language: str = "zh") -> Intake:
    state = start(language)
    for event in (w.HallLoaded(hall), *events):
        state, _ = advance(state, event)
    return state


def without_server() -> Hall:
    hall = small_hall()
    services = tuple(replace(one, waiting=-1, wait_low_s=None, wait_high_s=None) for one in hall.services)
    return replace(hall, services=services, offline=True)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_ticket_says_that_the_wait_is_not_known_and_no_queue_length(language: str) -> None:
    issued = w.TicketIssued("r1", Ticket("offline-r1", "B001", "不动产", ahead=-1))
    events = (w.DepartmentChosen("r1", "D04"), w.WithoutCard("r1"), issued)
    body = present(shown(without_server(), *events, language=language), load(language)).body

    assert isinstance(body, TicketView)
    facts = {fact.label: fact.value for fact in body.facts}
    assert ESTIMATE[language] in facts.items()
    assert load(language)("fact.ahead") not in facts


def test_tiles_can_be_touched_and_count_nobody() -> None:
    body = present(shown(without_server()), load("zh")).body

    assert isinstance(body, TilesView)
    assert [(one.badge, one.enabled) for one in body.tiles if one.key != "D17"] == [("可以取号", True)] * 3


def test_only_the_foot_says_that_the_server_is_away() -> None:
    words = load("zh")
    away, there = present(shown(without_server()), words), present(shown(small_hall()), words)

    assert (away.footer.status, there.footer.status) == ("离线取号", "设备正常")
    assert away.header == there.header


@pytest.mark.parametrize("ahead", [-1, 0, 3])
def test_the_paper_has_the_row_of_people_ahead_only_when_it_is_known(ahead: int) -> None:
    slip = TicketSlip(hall="厅", number="A001", service="咨询", issued_at="2026-11-23 10:00", ahead=ahead)
    texts = [span.text for line in lay_out(slip) if isinstance(line, TextLine) for span in line.spans]

    assert any("前面等候" in text for text in texts) is (ahead >= 0)
