"""The screens of appointments, one's own place and packages, measured like all others (test_layout.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.intake_words import Event
from tests.kiosk.gui.stage import Stage
from tests.kiosk.gui.test_layout import CARD, SETTLED, TICKET, long_hall, problems, too_small_in_elder_mode

pytestmark = pytest.mark.gui
SIZES = [((1080, 1920), "en"), ((1024, 768), "en"), ((1920, 1080), "zh")]
CITIZEN = w.Citizen("张三", "resident", "1", masked_name="张*")
CHECK_IN = (w.ErrandChosen("r", w.Errand.CHECK_IN),)
CODE = (*CHECK_IN, w.CodeWanted("r"), w.LetterTyped("r", "W"))
PLACE = (w.ErrandChosen("r", w.Errand.PLACE), w.CardSeen("r", CITIZEN))
EARLY = w.IssueRefused("r", "appointment-early", "early", "", moment="09:30")
LATE = w.IssueRefused("r", "appointment-late", "late", "预约报到已于09:15截止,请现场取号或到咨询台。")
UNKNOWN = w.IssueRefused("r", "appointment-not-found", "unknown")
HELD = w.IssueRefused("r", "ticket-already-waiting", "held", held=TICKET)
SCANNER = w.MachineChanged("scanner")
SCANNED = w.CodeScanned("r", "https://hall.example/t/mV0c3Qm9rZW5leGFtcGxl")
CHAIN = replace(TICKET, stops=(w.Stop("社会保险", "Social insurance"), w.Stop("住房公积金", "Housing fund")))
PACKAGE = (w.PackagesOpened(), w.PackageChosen("r", "P0"))
ERRANDS: dict[str, tuple[Event, ...]] = {
    "check-in": CHECK_IN,
    "check-in fault": (*CHECK_IN, w.CardFailed("r", "reader-fault")),
    "code": CODE,
    "early": (*CHECK_IN, w.CardSeen("r", CITIZEN), EARLY),
    "late": (*CHECK_IN, w.CardSeen("r", CITIZEN), LATE),
    "unknown": (*CHECK_IN, w.CardSeen("r", CITIZEN), UNKNOWN),
    "place": (*PLACE, w.PlacesTold("r", (TICKET, TICKET))),
    "place called": (*PLACE, w.PlacesTold("r", (replace(TICKET, state="called", window="8"),))),
    "no place": (*PLACE, w.PlacesTold("r", ())),
    "held": (*CARD, w.CardSeen("r", CITIZEN), HELD),
    "check-in with scanner": (SCANNER, *CHECK_IN),
    "check-in fault with scanner": (SCANNER, *CHECK_IN, w.CardFailed("r", "reader-fault")),
    "code with scanner": (SCANNER, *CODE),
    "place card with scanner": (SCANNER, *PLACE[:1]),
    "foreign code": (w.CodeScanned("r", "https://pay.example/1"),),
    "place by code": (SCANNED, w.PlacesTold("r", (replace(TICKET, looked_up=True, service_en="Social"),))),
    "place by code, over": (SCANNED, w.PlacesTold("r", (replace(TICKET, looked_up=True, state="done"),))),
    "no such ticket": (SCANNED, w.IssueRefused("r", "not-found", "no")),
    "everything is down": (
        *(w.MachineChanged(one, "offline") for one in ("reader", "printer", "scanner")),
        *CHECK_IN,
    ),
    "packages": PACKAGE[:1],
    "chain": (*PACKAGE, w.WithoutCard("r"), w.TicketIssued("r", CHAIN)),
}


@pytest.mark.parametrize(("size", "language"), SIZES, ids=lambda one: str(one))
@pytest.mark.parametrize("screen", ERRANDS)
def test_every_errand_can_be_touched_and_read_in_both_sizes_of_text(
    open_stage: Callable[[tuple[int, int]], Stage], size: tuple[int, int], language: str, screen: str
) -> None:
    stage = open_stage(size)
    stage.say(w.HallLoaded(long_hall()), w.LanguageChosen(language), *ERRANDS[screen])
    stage.step(SETTLED)
    in_plain = problems(stage)

    assert in_plain == []
    if screen == "packages":  # tiles have layouts of their own, with other texts
        stage.tap("elder")
        stage.step(SETTLED)
        assert problems(stage) == []
    else:
        assert too_small_in_elder_mode(stage) == []
