"""The paper of a ticket is in one language throughout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devices.codecs.ticket_layout import NARROW, WIDE, PaperWidth, lay_out
from devices.codecs.ticket_lines import TextLine
from devices.contracts.printer import TicketSlip
from queue_server.application.slip import make_slip, slip_text, windows_phrase
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import Window
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import MONDAY, small_hall


def slip_in(language: str, *, ahead: int = 2, estimate: Estimate | None = None) -> TicketSlip:
    ticket = Ticket("t", "A001", 1, "A", "2026-11-23", 0, MONDAY, "x" * 20)
    ticket = replace(ticket, language=language, priority="ELDER")
    return make_slip(small_hall(), ticket, ahead, estimate or Estimate(60, 70, 80), reprint=True)


def chinese(text: str) -> str:
    return "".join(char for char in text if "\u3000" <= char <= "\u9fff")


@pytest.mark.parametrize("paper", [WIDE, NARROW])
@pytest.mark.parametrize("large", [False, True])
def test_an_english_ticket_has_no_chinese_on_its_paper(paper: PaperWidth, large: bool) -> None:
    slip = slip_in("en").model_copy(update={"large": large})
    lines = [line for line in lay_out(slip, paper=paper) if isinstance(line, TextLine)]
    text = " ".join(span.text for line in lines for span in line.spans)

    assert chinese(text) == ""
    for wanted in (
        "Test hall",
        "Start-up",
        "1F·Zone one",
        "Windows 1-2",
        "about 1-2 min",
        "[Priority] [Reprint]",
    ):
        assert wanted.replace(" ", "") in text.replace(" ", "")  # it may be broken into rows


def test_an_english_ticket_has_no_chinese_in_its_plain_text() -> None:
    text = slip_text(slip_in("en"))

    assert chinese(text) == ""
    assert "1F Zone one Windows 1-2\n2 people ahead of you. Estimated wait: about 1-2 min." in text


def test_a_chinese_ticket_has_one_line_of_english_only() -> None:
    slip = slip_in("zh")
    text = slip_text(slip)

    assert "前面还有 2 人在等待。预计等候约1-2分钟。" in text
    assert slip.english == "Start-up: 2 ahead of you"
    assert [line for line in text.splitlines() if line.isascii()] == [slip.issued_at]


def test_nobody_waiting_is_no_estimate_on_the_paper() -> None:
    assert slip_in("zh", ahead=0, estimate=Estimate(0, 0, 0)).estimate == ""


@pytest.mark.parametrize(
    ("ids", "zh", "en"),
    [
        ((), "", ""),
        (("3",), "3号窗口", "Window 3"),
        (("29", "23", "24", "25"), "23-25、29号窗口", "Windows 23-25, 29"),
    ],
)
def test_windows_are_drawn_together(ids: tuple[str, ...], zh: str, en: str) -> None:
    windows = [Window(name, name, "Z1") for name in ids]

    assert (windows_phrase(windows), windows_phrase(windows, in_english=True)) == (zh, en)
