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
    page.locator("#kiosk-screen").click()
    expect(page.locator("#printer .tickets img")).to_have_attribute("alt", "Z005")

    page.locator("#pads").get_by_role("button", name="下一位").click()
    expect(page.locator(".led", has_text="3号窗口")).to_contain_text("请Z001到3号窗口")
    expect(page.locator(".said li").first).to_have_text("请Z001号到3号窗口办理")
    expect(page.frame_locator("#wall-frame").locator("#newest .number")).to_have_text("Z001")
    expect(page.frame_locator("#tablet-frame").locator("#stage .number")).to_have_text("Z001")


def test_a_touch_reaches_the_kiosk_where_the_pointer_was(
    page: Page, served: Served, complaints: Complaints
) -> None:
    complaints.expected = ("409",)  # without a card the fake kiosk refuses
    page.goto(f"{served.url}/lab")
    screen = page.locator("#kiosk-screen")
    expect(screen).to_have_attribute("src", re.compile("^data:image/png"))
    size = screen.bounding_box()
    assert size
    with page.expect_request("**/lab/api/devices/QK01/do") as sent:
        screen.click(position={"x": size["width"] * 0.25, "y": size["height"] * 0.75})
        page.get_by_role("alert").wait_for()

    body = sent.value.post_data_json
    assert body["action"] == "touch"
    assert body["x"] == pytest.approx(0.25, abs=0.01)
    assert body["y"] == pytest.approx(0.75, abs=0.01)


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
