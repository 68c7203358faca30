"""Big enough, apart, inside the window, readable: over the real widget tree of every screen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Department, Hall, Package, Service
from kiosk.flows.intake_words import Event, Paper
from kiosk.ui import theme
from tests.kiosk.gui.stage import Stage, boxes

pytestmark = pytest.mark.gui
SETTLED = 8  # frames: a box as high as its text wants moves its neighbours, and those theirs
SIZES = [(1080, 1920), (1920, 1080), (1280, 1024), (1024, 768)]
TICKET = w.Ticket(
    "t", "B012", "不动产登记", windows=("8", "9"), floor="1F", ahead=9, wait_low_s=60, wait_high_s=900
)
CARD = (w.DepartmentChosen("r", "D0"), w.ServiceChosen("r", "S0"))
SHOWN = (
    *CARD,
    w.CardSeen("r", w.Citizen("张三", "resident", "1", masked_name="张*")),
    w.TicketIssued("r", TICKET),
)
SCREENS: dict[str, tuple[Event, ...]] = {
    "departments": (),
    "last page": (w.PageTurned(9),),
    "services": (w.DepartmentChosen("r", "D0"),),
    "card": CARD,
    "card fault": (*CARD, w.CardFailed("r", "reader-fault")),
    "card again": (*CARD, w.CardFailed("r", "read-failed")),
    "printing": SHOWN,
    "print failed": (*SHOWN, w.PrintDone("r", "t", 1, Paper.FAILED)),
    "sorry": (*CARD, w.WithoutCard("r"), w.IssueFailed("r")),
    "out of order": (w.ServerLost(),),
}


def long_hall() -> Hall:
    """32 departments with names as long as real ones; D0 offers two services, the others one."""
    departments = tuple(
        Department(
            f"D{n}",
            f"市住房公积金管理中心第{n}分中心",
            "生态环境局",
            "Natural resources and planning",
            "leaf",
        )
        for n in range(32)
    )
    services = tuple(
        Service(
            f"S{n}",
            "综合许可(涉农/文旅/应急/城管)",
            "Household register and ID cards",
            (f"D{n}",),
            "社会事务与涉农交通综合区",
            "Social affairs, transport, agriculture, safety",
            "3F",
            waiting=n * 7,
            matters=("城乡居民基本养老保险参保登记", "失业登记"),
        )
        for n in range(32)
    )
    extra = Service("T", "出入境", "Exit and entry documents", ("D0",))
    packages = tuple(
        Package(f"P{n}", "二手房交易一件事", "Buying a home", ("S0", "S1", "T")) for n in range(2)
    )
    return Hall("示范区政务服务中心", "Demonstration District Government Service Centre", "", True, "",
                departments, (*services, extra), packages=packages)  # fmt: skip


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def sized(request: pytest.FixtureRequest, open_stage: Callable[[tuple[int, int]], Stage]) -> Stage:
    return open_stage(request.param)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_screen_can_be_touched_and_read(sized: Stage, screen: str) -> None:
    for language, elder in (("zh", False), ("en", False), ("en", True)):  # the longest words, the biggest
        sized.restart()
        first = [w.ElderToggled()] if elder else []
        sized.say(w.HallLoaded(long_hall()), w.LanguageChosen(language), *first, *SCREENS[screen])
        sized.step(SETTLED)
        assert problems(sized) == [], f"{language} {'elder' if elder else 'plain'}"


ELDER_AT_LEAST = 1.25


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "screen", [name for name in SCREENS if name not in ("departments", "last page", "services")]
)
def test_large_text_is_larger_on_every_screen_of_a_visit(sized: Stage, screen: str, language: str) -> None:
    sized.say(w.HallLoaded(long_hall()), w.LanguageChosen(language), *SCREENS[screen])
    sized.step(SETTLED)
    assert too_small_in_elder_mode(sized) == []


def too_small_in_elder_mode(sized: Stage) -> list[str]:
    """Turn large text on, and return what is not large, cut or apart there."""
    plain = stage_texts(sized)
    sized.tap("elder")
    sized.step(SETTLED)
    large = stage_texts(sized)

    small = {
        text: (size, before)
        for text, size in large.items()
        if size < ELDER_AT_LEAST * (before := plain.get(text) or plain[part_of(text, plain)])
    }
    assert sized.state.elder
    assert len(large) >= 3
    return [f"{text!r} is {size} px, was {before}" for text, (size, before) in small.items()] + problems(
        sized
    )


def stage_texts(stage: Stage) -> dict[str, float]:
    """What the white sheet says, and in what size."""
    return {one.text: one.font_size for one in stage.words_in(stage.app.root_widget.ids.stage)}


def part_of(text: str, others: dict[str, float]) -> str:
    """Return the longest of `others` that `text` says: large text has no label beside a value."""
    return max((said for said in others if said in text), key=len)


def problems(stage: Stage) -> list[str]:
    width, height = stage.size
    touchables = {one.key: boxes(one) for one in stage.touchables()}
    found = []
    for key, (left, bottom, right, top) in touchables.items():
        if min(right - left, top - bottom) < theme.LEAST_TOUCH - 0.5:
            found.append(f"{key} is {right - left:.0f}x{top - bottom:.0f}")
        if left < -1 or bottom < -1 or right > width + 1 or top > height + 1:
            found.append(f"{key} leaves the window")
    for (a, first), (b, second) in combinations(touchables.items(), 2):
        if first[0] < second[2] - 1 and second[0] < first[2] - 1 and (
            first[1] < second[3] - 1 and second[1] < first[3] - 1
        ):  # fmt: skip
            found.append(f"{a} overlaps {b}")
    for label in stage.labels():
        if label.font_size < theme.LEAST_TEXT:
            found.append(f"{label.text!r} is {label.font_size:.0f} px high")
        if label.texture_size[1] > label.height + label.font_size * 0.6:
            found.append(f"{label.text!r} is cut")
    return found
