"""What is read on the screens of appointments, one's own place and packages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import start
from kiosk.flows.intake_words import Errand, Event
from kiosk.i18n.catalog import load
from kiosk.presenters.intake import present
from kiosk.presenters.views import CardView, CodeView, NoticeView, TicketView, TilesView, View

CITIZEN = w.Citizen("张三", "resident", "990000199001011234", masked_name="张*")
HELD = w.Ticket("t", "J004", "社会保险", windows=("30",), ahead=3, service_id="J")
CHECK_IN = w.ErrandChosen("r", Errand.CHECK_IN)
PLACE = (w.ErrandChosen("r", Errand.PLACE), w.CardSeen("r", CITIZEN))
ENTRIES = ("entry:check-in", "entry:place", "entry:package")


def shown(hall: Hall, *events: Event, language: str = "zh") -> View:
    state = start()
    for event in (w.HallLoaded(hall), w.LanguageChosen(language), *events):
        state, _ = advance(state, event)
    return present(state, load(language), "QK01")


def notice(hall: Hall, refused: w.IssueRefused) -> NoticeView:
    body = shown(hall, CHECK_IN, w.CardSeen("r", CITIZEN), refused).body
    assert isinstance(body, NoticeView)
    return body


@pytest.mark.parametrize(
    ("changes", "keys"),
    [({}, ENTRIES), ({"packages": ()}, ENTRIES[:2]), ({"offline": True}, ())],
)
def test_the_first_page_offers_what_the_hall_and_the_server_can_do(
    hall: Hall, changes: dict[str, object], keys: tuple[str, ...]
) -> None:
    body = shown(replace(hall, **changes)).body  # type: ignore[arg-type]

    assert isinstance(body, TilesView)
    assert tuple(entry.key for entry in body.entries) == keys


def test_who_comes_too_early_reads_the_time_first(hall: Hall) -> None:
    early = notice(hall, w.IssueRefused("r", "appointment-early", "early", "server", moment="09:30"))
    other_day = notice(hall, w.IssueRefused("r", "appointment-early", "early", "请11月25日来报到。"))

    assert (early.title, early.key) == ("请在 09:30 以后再来签到", "notice:home")
    assert other_day.lines[0] == "请11月25日来报到。"


@pytest.mark.parametrize("code", ["appointment-late", "appointment-over"])
def test_who_cannot_use_an_appointment_any_more_is_offered_an_ordinary_ticket(hall: Hall, code: str) -> None:
    body = notice(hall, w.IssueRefused("r", code, code, "已于09:15截止"))

    assert (body.key, body.second_key, body.lines[0]) == ("notice:ordinary", "notice:home", "已于09:15截止")


def test_an_unknown_card_may_type_a_code_and_an_unknown_code_may_be_typed_anew(hall: Hall) -> None:
    unknown = w.IssueRefused("r", "appointment-not-found", "x")
    by_card = notice(hall, unknown)
    typed = [w.CodeWanted("r"), *(w.LetterTyped("r", one) for one in "7K3WPQ9X"), w.CodeEntered("r")]
    by_code = shown(hall, CHECK_IN, *typed, unknown).body

    assert isinstance(by_code, NoticeView)
    assert (by_card.button, by_code.button) == ("输入预约码", "重新输入")
    assert {by_card.key, by_code.key} == {"notice:code"}
    assert "7K3WPQ9X" not in repr(by_code)


def test_the_key_to_check_in_counts_the_letters_that_are_missing(hall: Hall) -> None:
    typed = [w.LetterTyped("r", one) for one in "7K3WPQ9X"]
    bodies = [shown(hall, CHECK_IN, w.CodeWanted("r"), *typed[:count]).body for count in (3, 8)]
    half, whole = [one for one in bodies if isinstance(one, CodeView)]

    assert (half.enter, half.ready, half.letters) == ("还差 5 位", False, ("7", "K", "3", *" " * 5))
    assert (whole.enter, whole.ready) == ("签到", True)


def test_a_broken_reader_leads_to_the_code_and_to_the_desk(hall: Hall) -> None:
    fault = w.CardFailed("r", "reader-fault")
    check_in, place = shown(hall, CHECK_IN, fault).body, shown(hall, PLACE[0], fault).body

    assert isinstance(check_in, CardView)
    assert isinstance(place, CardView)
    assert (check_in.without, check_in.code, place.without) == ("输入预约码签到", True, "")
    assert "总服务台" in place.keep


@pytest.mark.parametrize(
    ("state", "window", "said"),
    [
        ("waiting", "", "正在排队，请在休息区等候"),
        ("called", "30", "正在叫您的号，请到 30 号窗口"),
        ("serving", "30", "您的业务正在 30 号窗口办理"),
        ("held", "30", "您的业务暂时挂起，请等窗口叫您"),
        ("passed", "", "已过号，请到总服务台重新排队"),
    ],
)
def test_my_place_says_how_the_number_stands(hall: Hall, state: str, window: str, said: str) -> None:
    ticket = replace(HELD, state=state, window=window)
    body = shown(hall, *PLACE, w.PlacesTold("r", (ticket,))).body

    assert isinstance(body, TicketView)
    assert (body.notice, body.again) == (said, "补打号票")
    assert ("3 人" in [fact.value for fact in body.facts]) == (state == "waiting")


def test_of_several_numbers_each_is_a_page_and_the_head_says_which(hall: Hall) -> None:
    other = replace(HELD, id="u", number="M009")
    view = shown(hall, *PLACE, w.PlacesTold("r", (HELD, other)), w.PageTurned(1))
    body = view.body

    assert isinstance(body, TicketView)
    assert (body.number, body.page, body.pages, body.done) == ("M009", 1, 2, "下一个号")
    assert view.header.hint == "您有 2 个号，这是第 2 个"


def test_nothing_found_says_why_and_offers_a_ticket(hall: Hall) -> None:
    body = shown(hall, *PLACE, w.PlacesTold("r", ())).body

    assert isinstance(body, NoticeView)
    assert (body.title, body.key) == ("没有查到您正在排队的号", "notice:ordinary")


def test_a_number_that_is_held_already_is_named_and_may_be_printed_again(hall: Hall) -> None:
    refused = w.IssueRefused("r", "ticket-already-waiting", "x", held=HELD)
    body = shown(hall, w.DepartmentChosen("r", "D04"), w.CardSeen("r", CITIZEN), refused).body

    assert isinstance(body, NoticeView)
    assert (body.title, body.key) == ("您已有号码 J004", "notice:reprint")


def test_a_package_shows_its_services_in_order_before_and_after(hall: Hall) -> None:
    tiles = shown(hall, w.PackagesOpened(), language="en").body
    chain = replace(HELD, stops=(w.Stop("社会保险", "Social insurance"), w.Stop("医保", "Health insurance")))
    events = (w.PackagesOpened(), w.PackageChosen("r", "WORK"), w.WithoutCard("r"))
    ticket = shown(hall, *events, w.TicketIssued("r", chain)).body

    assert isinstance(tiles, TilesView)
    assert isinstance(ticket, TicketView)
    first, closed, _ = tiles.tiles
    assert (first.subtitle, closed.enabled) == ("Employment and talent → Social insurance", False)
    assert ticket.facts[-1].value == "社会保险 → 医保"


def test_a_used_appointment_and_a_reprint_say_so_in_the_head(hall: Hall) -> None:
    booked = w.TicketIssued("r", replace(HELD, booked=True))
    checked_in = shown(hall, w.DepartmentChosen("r", "D04"), w.CardSeen("r", CITIZEN), booked)
    again = shown(hall, *PLACE, w.PlacesTold("r", (HELD,)), w.ReprintWanted("r"))

    assert (checked_in.header.title, again.header.title) == ("预约签到成功", "补打号票")


SCANNER = w.MachineChanged("scanner")
LOOKED_UP = w.Ticket("", "J004", "社会保险", service_en="Insurance", ahead=3, looked_up=True)
TICKET_CODE = w.CodeScanned("r", "https://hall.example/t/mV0c3Qm9rZW5leGFtcGxl")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((), ""),
        ((SCANNER,), "也可以把预约二维码对准扫码口"),
        ((w.MachineChanged("scanner", "no-answer"),), ""),
        ((SCANNER, w.MachineChanged("scanner", "no-answer")), ""),
    ],
)
def test_a_code_is_asked_for_only_where_a_scanner_works(
    hall: Hall, told: tuple[Event, ...], said: str
) -> None:
    body = shown(hall, *told, CHECK_IN).body
    code = shown(hall, *told, CHECK_IN, w.CodeWanted("r"))

    assert isinstance(body, CardView)
    assert (body.detail, body.scan) == (said, bool(said))
    assert ("二维码" in code.header.hint) == bool(said)


def test_nobody_is_told_of_the_scanner_who_takes_a_number(hall: Hall) -> None:
    body = shown(hall, SCANNER, w.DepartmentChosen("r", "D04")).body

    assert isinstance(body, CardView)
    assert (body.detail, body.scan) == ("", False)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("state", ["waiting", "done", "cancelled", "expired"])
def test_a_looked_up_ticket_names_nobody_and_offers_no_paper(hall: Hall, language: str, state: str) -> None:
    told = w.PlacesTold("r", (replace(LOOKED_UP, state=state),))
    body = shown(hall, TICKET_CODE, told, language=language).body

    assert isinstance(body, TicketView)
    assert (body.number, body.again, body.reminder) == ("J004", "", "")
    assert body.service == ("社会保险" if language == "zh" else "Social insurance")
    assert bool(body.facts) == (state == "waiting")


@pytest.mark.parametrize(
    ("events", "title"),
    [
        ((w.CodeScanned("r", "https://pay.example/1"),), "这不是本厅的码"),
        ((TICKET_CODE, w.IssueRefused("r", "not-found", "x")), "没有查到这张号票"),
    ],
)
def test_a_code_that_leads_nowhere_gets_one_clear_sentence(
    hall: Hall, events: tuple[Event, ...], title: str
) -> None:
    body = shown(hall, *events).body

    assert isinstance(body, NoticeView)
    assert (body.title, body.key) == (title, "notice:home")


def test_the_foot_names_a_scanner_that_is_down(hall: Hall) -> None:
    footer = shown(hall, w.MachineChanged("scanner", "no-answer")).footer

    assert (footer.status, footer.status_good) == ("扫码器暂停使用", False)
