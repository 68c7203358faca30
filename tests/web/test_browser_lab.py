"""The lab page: every machine, its knobs, its wire, and the story."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Complaints
from tests.web.served import Served

pytestmark = pytest.mark.browser


def test_a_card_a_touch_and_a_key_make_a_ticket_a_call_and_a_sentence(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    page.get_by_role("button", name="李奶奶").click()
    expect(page.locator(".idcard")).to_contain_text("李桂兰")
    for height in (0.9, 0.3, 0.6):  # the next page, a department, a service
        touch(page, height)
    expect(page.locator("#printer .tickets img")).to_have_attribute("alt", re.compile("Z005"))

    page.locator("#pads").get_by_role("button", name="下一位").click()
    expect(page.locator(".led", has_text="3号窗口")).to_contain_text("请Z001到3号窗口")
    expect(page.locator(".said li").first).to_have_text("请Z001号到3号窗口办理")
    expect(page.frame_locator("#wall-frame").locator("#newest .number")).to_have_text("Z001")
    expect(page.frame_locator("#tablet-frame").locator("#stage .number")).to_have_text("Z001")


def touch(page: Page, height: float) -> None:
    screen = page.locator("#kiosk-screen")
    expect(screen).to_have_attribute("src", re.compile("^data:image/png"))
    size = screen.bounding_box()
    assert size
    with page.expect_response("**/lab/api/devices/QK01/do"):
        screen.click(position={"x": size["width"] * 0.5, "y": size["height"] * height})


def test_a_touch_reaches_the_kiosk_where_the_pointer_was(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    screen = page.locator("#kiosk-screen")
    expect(screen).to_have_attribute("src", re.compile("^data:image/png"))
    size = screen.bounding_box()
    assert size
    with page.expect_request("**/lab/api/devices/QK01/do") as sent:
        screen.click(position={"x": size["width"] * 0.25, "y": size["height"] * 0.75})

    body = sent.value.post_data_json
    assert body
    assert body["action"] == "touch"
    assert body["x"] == pytest.approx(0.25, abs=0.01)
    assert body["y"] == pytest.approx(0.75, abs=0.01)


def test_boards_lamps_and_digit_displays_show_what_is_seen_of_them(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    board = page.locator("#shown .led", has_text="board-1")
    expect(board).to_contain_text("图片 1 页")
    expect(board.locator("img")).to_have_attribute("src", re.compile("^data:image/png"))
    expect(page.locator(".lamp-box", has_text="light-1")).to_contain_text("#00ff00")
    second = page.locator(".lamp-box", has_text="digits-1 · 第 2 块")
    expect(second).to_contain_text("0022")

    second.get_by_role("button", name="断电").click()
    expect(second).to_contain_text("不亮")
    expect(page.locator(".lamp-box", has_text="digits-1 · 第 1 块")).to_contain_text("0012")


def test_a_smart_card_is_put_in_and_taken_out_beside_the_identity_card(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    reader = page.locator(".card-reader")
    expect(reader.locator("span")).to_have_text("没有卡")
    reader.get_by_role("button", name="工卡").click()
    expect(reader.locator("span")).to_have_text("工卡")
    expect(reader.get_by_role("button", name="社保卡")).to_be_disabled()
    page.get_by_role("button", name="李奶奶").click()
    expect(page.locator(".idcard")).to_contain_text("李桂兰")
    reader.get_by_role("button", name="取出卡").click()

    expect(reader.locator("span")).to_have_text("没有卡")
    expect(page.locator(".idcard")).to_contain_text("李桂兰")


def test_a_machine_that_cannot_says_why(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.expected = ("409",)
    page.goto(f"{served.url}/lab")
    page.locator("#pads .evaluator button").first.click()

    expect(page.get_by_role("alert")).to_have_text("评价器没有在等待评价")


def test_a_drawer_shows_the_frames_of_its_wire_and_every_knob(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    drawer = page.locator("details[data-device=printer-1]")
    drawer.locator("summary").click()
    page.locator("#printer").get_by_role("button", name="缺纸").click()

    expect(drawer.locator(".frames li").first).to_contain_text("→ paper")
    expect(drawer.locator(".frames small").first).to_have_text("aa aa aa 96")
    with page.expect_request("**/lab/api/devices/printer-1/do") as sent:
        drawer.locator("select[name=kind]").select_option("noise")
        drawer.get_by_role("button", name="fault").click()
    assert sent.value.post_data_json == {"action": "fault", "kind": "noise", "for_s": 10}


def test_an_evaluator_has_only_the_keys_of_the_machine(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")

    expect(page.locator("#pads .evaluator button")).to_have_text(["非常满意", "满意", "基本满意", "不满意"])


def test_a_knob_is_named_in_the_language_of_the_page(page: Page, served: Served) -> None:
    for language in ("zh", "en"):
        page.goto(f"{served.url}/lab?lang={language}")
        drawer = page.locator("details[data-device=id-reader-1]")
        drawer.locator("summary").click()
        expect(drawer.locator("form button").first).to_have_text(f"place-card-{language}")


def test_a_machine_with_a_broken_wire_looks_broken_until_it_is_healed(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    drawer = page.locator("details[data-device=printer-1]")
    drawer.locator("summary").click()
    drawer.locator("select[name=kind]").select_option("unplug")
    drawer.get_by_role("button", name="fault").click()
    expect(page.locator("#step-3")).to_have_class(re.compile("broken"))
    expect(page.locator("#step-3 .fault")).to_contain_text("printer-1 · 线被拔掉")

    page.locator("#step-3 .fault").get_by_role("button", name="修好").click()
    expect(page.locator("#step-3 .fault")).to_have_count(0)
    expect(page.locator("#step-3")).not_to_have_class(re.compile("broken"))


def test_a_pad_that_beeps_says_that_nobody_waits(page: Page, served: Served) -> None:
    for ticket in served.hall.tickets.values():
        ticket.state = "done"
    page.goto(f"{served.url}/lab")
    expect(page.locator(".beep")).to_have_text("")
    page.locator("#pads").get_by_role("button", name="下一位").click()

    expect(page.locator(".beep")).to_have_text("滴——没有人等候")


def test_a_ticket_that_no_pad_calls_shows_the_way_to_the_console(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    expect(page.locator("#pads .hint")).to_be_hidden()
    served.do(served.lab.print_ticket("D"))

    hint = page.locator("#pads .hint")
    expect(hint).to_contain_text("D027 由23–25、29号窗口叫号")
    assert hint.get_by_role("link").get_attribute("href") == "/console?lang=zh&window=23"


def test_opening_a_drawer_does_not_make_its_neighbours_taller(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    drawer = page.locator("details[data-device=id-reader-1]")
    drawer.wait_for()
    height = page.locator("#step-3").evaluate("(element) => element.offsetHeight")
    drawer.locator("summary").click()
    expect(drawer.locator("form").first).to_be_visible()

    assert page.locator("#step-3").evaluate("(element) => element.offsetHeight") <= height


def test_the_story_plays_from_the_card_to_the_rating(page: Page, served: Served) -> None:
    page.clock.install()
    page.goto(f"{served.url}/lab")
    expect(page.locator(".led").first).to_be_visible()
    page.get_by_role("button", name="播放整个过程").click()
    for words in (
        "身份证放到读卡器",
        "选部门",
        "票打出来了",
        "按下“下一位”",
        "条屏亮起 Z001",
        "大屏也显示 Z001",
        "按“评价”",
        "非常满意",
        "这就是厅通",
    ):
        play_until(page, words)

    assert [one["level"] for one in served.hall.evaluations] == ["very-satisfied"]
    assert served.hall.tickets["t-Z001"].rated


def play_until(page: Page, words: str) -> None:
    """Let the page's clock run until the story says these words."""
    story = page.locator("#story-says")
    for _ in range(60):
        if words in (story.text_content() or ""):
            return
        page.clock.run_for(500)
        page.evaluate("fetch('/lab/api/credentials').then((answer) => answer.json())")
    raise AssertionError(f"the story never said {words!r}, but {story.text_content()!r}")


def test_the_story_stops_when_told(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/lab")
    page.get_by_role("button", name="播放整个过程").click()
    expect(page.locator("#story")).to_be_visible()
    page.get_by_role("button", name="停止").click()

    expect(page.locator("#story")).to_be_hidden()
    expect(page.locator("#play")).to_be_enabled()
