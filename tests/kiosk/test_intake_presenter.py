"""What the citizen reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Department, Hall, Service
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, start
from kiosk.flows.intake_words import Event, Paper
from kiosk.i18n.catalog import load
from kiosk.presenters.facts import minutes
from kiosk.presenters.intake import present
from kiosk.presenters.tiles import brief, window_range
from kiosk.presenters.views import CardView, NoticeView, TicketView, TilesView, Tone, View


def shown(hall: Hall | None, *events: Event, portrait: bool = True) -> View:
    state: Intake = start(portrait=portrait)
    loaded = (w.HallLoaded(hall),) if hall else ()
    for event in (*loaded, *events):
        state, _ = advance(state, event)
    return present(state, load(state.language), "QK01")


def wide_hall(count: int) -> Hall:
    departments = tuple(Department(f"D{n}", f"部门{n}", f"局{n}", f"Office {n}") for n in range(count))
    services = tuple(Service(f"S{n}", f"业务{n}", f"Service {n}", (f"D{n}",)) for n in range(count))
    return Hall("厅", "Hall", departments=departments, services=services)


def test_a_department_tile_sums_its_lines_and_names_its_services(hall: Hall) -> None:
    body = shown(hall).body

    assert isinstance(body, TilesView)
    assert [(t.title, t.subtitle, t.badge, t.tone) for t in body.tiles[:2]] == [
        ("不动产", "二手房转移登记\n抵押权登记", "等候 12 人", Tone.BUSY),
        ("人社局", "社会保险\n就业与人才", "等候 3 人", Tone.CALM),
    ]


def test_a_department_with_nothing_open_cannot_be_touched(hall: Hall) -> None:
    body = shown(hall).body

    assert isinstance(body, TilesView)
    assert [(t.key, t.badge) for t in body.tiles if not t.enabled] == [("D17", "暂停取号")]


@pytest.mark.parametrize("elder", [False, True])
@pytest.mark.parametrize("portrait", [True, False])
def test_every_one_of_32_departments_is_on_exactly_one_page(portrait: bool, elder: bool) -> None:
    seen: list[str] = []
    first: list[Event] = [w.ElderToggled()] if elder else []
    body = shown(wide_hall(32), *first, portrait=portrait).body
    assert isinstance(body, TilesView)
    for page in range(body.pages):
        turned = shown(wide_hall(32), *first, w.PageTurned(page), portrait=portrait).body
        assert isinstance(turned, TilesView)
        seen += [tile.key for tile in turned.tiles]

    assert seen == [f"D{n}" for n in range(32)]


def test_a_page_beyond_the_last_shows_the_last() -> None:
    body = shown(wide_hall(13), w.PageTurned(9)).body

    assert isinstance(body, TilesView)
    assert (body.page, body.pages, [t.key for t in body.tiles]) == (1, 2, ["D12"])


def test_english_has_no_chinese_but_the_language_button(hall: Hall) -> None:
    state, _ = advance(start(), w.HallLoaded(hall))
    for event in (w.LanguageChosen("en"), w.DepartmentChosen("r", "D06")):
        state, _ = advance(state, event)
    view = present(state, load("en"), "QK01")
    footer = replace(view.footer, languages=())

    assert not [c for c in repr(replace(view, footer=footer)) if "\u4e00" <= c <= "\u9fff"]


def test_no_card_is_not_offered_where_a_card_is_needed(hall: Hall) -> None:
    body = shown(hall, w.DepartmentChosen("r", "D28")).body

    assert isinstance(body, CardView)
    assert (body.without, body.detail) == ("", "本业务须刷身份证取号")


@pytest.mark.parametrize(
    ("department", "advice", "take"),
    [
        ("D04", "请按下面的按钮，不刷证直接取号", "不刷证，直接取号"),
        ("D28", "本业务须刷身份证，请到总服务台由工作人员取号", ""),
    ],
)
@pytest.mark.parametrize("known_before", [True, False])
def test_a_broken_reader_is_the_headline_and_nothing_asks_for_a_card(
    hall: Hall, department: str, advice: str, take: str, known_before: bool
) -> None:
    choice = w.DepartmentChosen("r", department)
    trouble = w.MachineChanged("reader", "offline")
    events = (trouble, choice) if known_before else (choice, w.CardFailed("r", "reader-fault"))
    view = shown(hall, *events)
    body = view.body

    assert isinstance(body, CardView)
    assert (body.place, body.keep, body.without) == ("身份证读卡器暂时不能使用", advice, take)
    assert (view.header.title, body.why, body.note) == ("暂时不能刷身份证", "", "")


@pytest.mark.parametrize(
    ("down", "said"),
    [
        ((), "设备正常"),
        (("reader",), "身份证读卡器暂停使用"),
        (("printer",), "打印机暂停，号码看屏幕"),
        (("printer", "reader"), "读卡器、打印机暂停"),
    ],
)
def test_the_foot_names_every_machine_that_is_down(hall: Hall, down: tuple[str, ...], said: str) -> None:
    footer = shown(hall, *(w.MachineChanged(machine, "offline") for machine in down)).footer

    assert (footer.status, footer.status_good) == (said, not down)


def test_an_english_ticket_screen_has_no_chinese_but_the_name(hall: Hall) -> None:
    state = start()
    for event in (w.HallLoaded(hall), w.LanguageChosen("en"), *ticket_events(Paper.PRINTED)):
        state, _ = advance(state, event)
    body = repr(present(state, load("en"), "QK01").body)

    assert "Real-estate registration" in body
    assert "1F Real estate" in body
    assert {c for c in body if "\u4e00" <= c <= "\u9fff"} == {"张"}


def ticket_events(paper: Paper) -> tuple[Event, ...]:
    ticket = w.Ticket(
        "t", "B001", "不动产登记", ahead=12, wait_low_s=600, wait_high_s=1300, windows=("8", "9")
    )
    return (
        w.DepartmentChosen("r", "D04"),
        w.CardSeen("r", w.Citizen("张三", "resident", "990000199001011234", masked_name="张*")),
        w.TicketIssued("r", ticket),
        *(() if paper is Paper.PRINTING else (w.PrintDone("r", "t", 1, paper),)),
    )


@pytest.mark.parametrize(
    ("paper", "again"),
    [
        (Paper.PRINTING, ""),
        (Paper.PRINTED, ""),
        (Paper.FAILED, "再打印一次"),
        (Paper.UNKNOWN, "再打印一次"),
    ],
)
def test_print_again_is_offered_only_when_the_paper_is_in_doubt(hall: Hall, paper: Paper, again: str) -> None:
    body = shown(hall, *ticket_events(paper)).body

    assert isinstance(body, TicketView)
    assert (body.number, body.again) == ("B001", again)


def test_the_number_is_greeted_by_masked_name_with_wait_and_place(hall: Hall) -> None:
    body = shown(hall, *ticket_events(Paper.PRINTED)).body

    assert isinstance(body, TicketView)
    assert body.greeting.startswith("张* 您好")
    assert [f.value for f in body.facts] == ["12 人", "约 10–22 分钟", "1F 不动产区", "8–9 号窗口"]
    assert body.reminder == "请取走您的身份证"


def test_a_demonstration_says_so(hall: Hall) -> None:
    assert (shown(hall).header.demo, shown(replace(hall, demo=False)).header.demo) == ("演示", "")


def test_the_countdown_is_visible_once_something_can_be_lost(hall: Hall) -> None:
    assert shown(hall).header.remaining == ""
    assert shown(hall, w.DepartmentChosen("r", "D06")).header.remaining == "剩余 60 秒"


def test_out_of_order_says_what_a_citizen_can_do(hall: Hall) -> None:
    body = shown(hall, w.ServerLost()).body

    assert isinstance(body, NoticeView)
    assert any("总服务台" in line for line in body.lines)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(None, None, ""), (0, 0, ""), (20, 50, "约 1 分钟"), (300, 900, "约 5–15 分钟")],
)
def test_waits_are_said_in_whole_minutes(low: int | None, high: int | None, said: str) -> None:
    assert minutes(low, high, load("zh")) == said


def test_windows_are_said_as_ranges() -> None:
    assert window_range(("3", "1", "2", "7", "导办台")) == "1–3, 7, 导办台"


def test_a_tile_leaves_brackets_out() -> None:
    assert brief("房屋所有权转移登记(二手房,登记办税一窗)") == "房屋所有权转移登记"
