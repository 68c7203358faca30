"""The clerk's page, the screens and the tablet in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.conftest import Complaints
from tests.web.fake_app import TABLET_TOKEN
from tests.web.served import Served

pytestmark = pytest.mark.browser
# What a reader of English must be able to read; the bars and the loudspeaker speak the hall's Chinese.
SEEN_TEXT = """() => {
  const copy = document.body.cloneNode(true);
  for (const own of copy.querySelectorAll('[lang=zh-CN], .led, .said')) own.remove();
  return copy.textContent;
}"""


def sit_down(page: Page, served: Served, window: str) -> None:
    """Sign in with a demonstration account and take a window."""
    page.goto(f"{served.url}/console")
    page.get_by_role("button", name=re.compile("clerk3")).click()
    page.get_by_role("button", name=re.compile(rf"^{window}号窗口")).click()
    expect(page.locator("#work")).to_be_visible()


def test_a_clerk_calls_starts_and_finishes_with_keys_and_the_wall_follows(page: Page, served: Served) -> None:
    sit_down(page, served, "3")
    wall = page.context.new_page()
    wall.goto(f"{served.url}/wall")
    page.bring_to_front()

    page.keyboard.press("F2")
    expect(page.locator("#current .number")).to_have_text("Z001")
    expect(wall.locator("#newest .number")).to_have_text("Z001")
    expect(wall.locator("#newest .to")).to_have_text("3")
    expect(wall.locator("#newest")).to_have_class(re.compile("flash"))

    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    page.get_by_label("办件编号").fill("SF-2026-0001")
    page.get_by_label("当场办结").check()
    page.locator("#finish-dialog").get_by_role("button", name="办理完成").click()

    expect(page.locator("#current .idle")).to_be_visible()
    expect(wall.locator("#newest .number")).not_to_have_text("Z001")
    assert served.hall.tickets["t-Z001"].state == "done"


def test_keys_typed_faster_than_the_answers_are_done_in_turn(page: Page, served: Served) -> None:
    sit_down(page, served, "3")
    page.keyboard.press("F2")
    page.keyboard.press("F2")
    page.keyboard.press("F4")

    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    expect(page.locator("#current .number")).to_have_text("Z001")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_only_what_the_ticket_allows_can_be_pressed(page: Page, served: Served) -> None:
    sit_down(page, served, "3")

    for action in ("recall", "start", "finish", "no-show", "hold", "transfer", "resume-held"):
        expect(page.locator(f"[data-act={action}]")).to_be_disabled()
    page.locator("#call-next").click()
    expect(page.locator("[data-act=start]")).to_be_enabled()
    expect(page.locator("[data-act=finish]")).to_be_disabled()


def test_a_wrong_password_is_said_in_a_sentence(page: Page, served: Served, complaints: Complaints) -> None:
    complaints.expected = ("401",)
    page.goto(f"{served.url}/console")
    page.get_by_label("用户名").fill("clerk3")
    page.get_by_label("密码").fill("wrong")
    page.locator("#signin-form").get_by_role("button").click()

    expect(page.get_by_role("alert")).to_have_text("用户名或密码不对")


def test_a_refusal_of_the_server_is_shown_as_its_sentence(
    page: Page, served: Served, complaints: Complaints
) -> None:
    complaints.expected = ("409",)
    sit_down(page, served, "4")
    page.locator("#call-next").click()

    expect(page.get_by_role("alert")).to_contain_text("正在办理 A001")


def test_nobody_waiting_is_said(page: Page, served: Served) -> None:
    sit_down(page, served, "60")
    page.locator("#call-next").click()

    expect(page.locator("#notice")).to_have_text("现在没有人等候")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_ticket_that_was_not_printed_is_marked_and_can_be_printed_again(page: Page, served: Served) -> None:
    sit_down(page, served, "5")
    page.get_by_role("tab", name=re.compile("打印失败")).click()
    row = page.locator("#line li", has_text="A006")
    expect(row).to_contain_text("票未打出")

    row.get_by_role("button", name="补打").click()
    expect(page.locator("#line .empty")).to_be_visible()
    expect(page.locator("#notice")).to_have_text("A006 已补打。")
    assert served.hall.tickets["t-A006"].print_state == "printed"


def test_a_second_print_that_fails_says_why(page: Page, served: Served) -> None:
    served.hall.paper_left = False
    sit_down(page, served, "5")
    page.get_by_role("tab", name=re.compile("打印失败")).click()
    page.locator("#line li", has_text="A006").get_by_role("button", name="补打").click()

    expect(page.get_by_role("alert")).to_have_text("A006 未打出：打印机缺纸")


def test_a_link_to_a_window_opens_it_after_signing_in(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/console?window=23")
    page.get_by_role("button", name=re.compile("clerk3")).click()

    expect(page.locator("#bar-title")).to_have_text("23号窗口")
    assert served.hall.desks["23"].operator == "clerk3"


def test_pausing_asks_for_a_reason_and_the_same_key_goes_on(page: Page, served: Served) -> None:
    sit_down(page, served, "3")
    page.keyboard.press("F10")
    page.get_by_label("午休").check()
    page.locator("#pause-dialog").get_by_role("button", name="暂停服务").click()

    expect(page.locator("#bar-state")).to_have_text("暂停服务 · 午休")
    expect(page.locator("[data-act=pause]")).to_contain_text("恢复服务")
    expect(page.locator("#call-next")).to_contain_text("恢复服务并呼叫下一位")
    expect(page.locator("#current")).to_have_attribute("data-state", "paused")
    page.keyboard.press("F10")
    expect(page.locator("#bar-state")).to_have_text("空闲")


def test_a_transfer_goes_to_the_chosen_service(page: Page, served: Served) -> None:
    sit_down(page, served, "3")
    page.keyboard.press("F2")
    expect(page.locator("#current .number")).to_have_text("Z001")
    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F6")
    page.get_by_label("转到").select_option("service:D")
    page.locator("#transfer-dialog").get_by_role("button", name="转移").click()

    expect(page.locator("#current .idle")).to_be_visible()
    expect(page.locator("#notice")).to_contain_text("Z001 已转到 D ")
    assert served.hall.tickets["t-Z001"].service_id == "D"


def test_a_console_reads_its_lists_for_its_own_services_only(page: Page, served: Served) -> None:
    sit_down(page, served, "60")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    served.do(served.hall.issue("A"))
    served.do(served.hall.issue("W"))
    expect(page.locator("#line li", has_text="W001")).to_be_visible()

    assert any("service=W" in url for url in asked)
    assert len([url for url in asked if "/windows/60" in url]) == 1


def finish_one(served: Served) -> None:
    served.do(served.hall.call_next("3"))
    served.do(served.hall.act("3", "start", {}))
    served.do(served.hall.act("3", "finish", {}))


def test_the_tablet_wakes_after_the_service_and_rates_once(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/tablet/3")
    expect(page.locator("#stage")).to_contain_text("很高兴为您服务")
    served.do(served.hall.call_next("3"))
    expect(page.locator("#stage .number")).to_have_text("Z001")
    served.do(served.hall.act("3", "start", {}))
    served.do(served.hall.act("3", "finish", {}))

    page.get_by_role("button", name="基本满意").click()
    page.get_by_text("在承诺的时间内办结").click()
    page.get_by_placeholder("其他意见").fill("谢谢")
    page.get_by_role("button", name="提交评价").click()

    expect(page.get_by_text("感谢您的评价！")).to_be_visible()
    assert served.hall.evaluations == [
        {"ticket_id": "t-Z001", "level": "fair", "options": ["309"], "text": "谢谢", "number": "Z001"}
    ]


def test_a_second_rating_of_a_ticket_is_refused_in_words(
    page: Page, served: Served, complaints: Complaints
) -> None:
    complaints.expected = ("409",)
    finish_one(served)
    page.goto(f"{served.url}/tablet/3")
    page.get_by_role("button", name="非常满意").first.click()
    served.hall.tickets["t-Z001"].rated = True  # on the citizen's phone, meanwhile
    page.get_by_role("button", name="提交评价").click()

    expect(page.get_by_text("该排队号已评价，请勿重复评价！")).to_be_visible()


def test_a_tablet_keeps_the_token_it_was_opened_with_and_hides_it(page: Page, served: Served) -> None:
    served.stop()
    hall = Served(served.hall, lab=False)  # nobody tells tokens here
    hall.start()
    finish_one(hall)
    page.goto(f"{hall.url}/tablet/3#token={TABLET_TOKEN}")
    expect(page.locator(".face").first).to_be_visible()
    assert "token" not in page.url
    page.reload()

    page.get_by_role("button", name="非常满意").first.click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("感谢您的评价！")).to_be_visible()
    page.goto("about:blank")
    hall.stop()
    served.start()


def test_a_tablet_that_nobody_touches_goes_back_and_records_nothing(page: Page, served: Served) -> None:
    finish_one(served)
    page.clock.install()
    page.goto(f"{served.url}/tablet/3")
    expect(page.locator(".face").first).to_be_visible()
    page.clock.run_for(61_000)

    expect(page.locator(".face")).to_have_count(0)
    expect(page.locator("#stage")).to_contain_text("很高兴为您服务")
    assert served.hall.evaluations == []


def test_the_screen_above_a_window_shows_the_number_that_is_called(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/window/3")
    expect(page.locator("#line")).to_have_text("热情为您服务")
    served.do(served.hall.call_next("3"))

    expect(page.locator("#number")).to_have_text("Z001")
    expect(page.locator(".middle")).to_have_class(re.compile("flash"))


def test_a_phone_sees_its_place_the_call_and_may_rate(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/t/t-Z002")
    expect(page.locator("#ticket")).to_contain_text("Z002")
    expect(page.locator(".facts b").first).to_have_text("1")
    expect(page.locator(".facts")).to_contain_text("1F 综合咨询引导区")
    expect(page.locator(".facts")).to_contain_text("1、2、3")
    finish_one(served)
    expect(page.locator(".facts b").first).to_have_text("0")
    served.do(served.hall.call_next("3"))
    expect(page.locator("#ticket .state")).to_have_text("请到 3 号窗口")
    served.do(served.hall.act("3", "start", {}))
    served.do(served.hall.act("3", "finish", {}))

    page.get_by_role("button", name="非常满意").first.click()
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("感谢您的评价！")).to_be_visible()
    page.reload()
    expect(page.get_by_text("感谢您的评价！")).to_be_visible()


def test_all_five_answers_look_alike_before_one_is_given(page: Page, served: Served) -> None:
    finish_one(served)
    page.goto(f"{served.url}/tablet/3")
    expect(page.locator(".face")).to_have_count(5)
    look = """(faces) => faces.map((face) => {
      const [own, icon] = [getComputedStyle(face), getComputedStyle(face.firstChild)];
      return [own.backgroundColor, own.borderColor, own.color, icon.color, face.offsetWidth].join();
    })"""

    assert len(set(page.locator(".face").evaluate_all(look))) == 1


def test_english_is_complete_on_every_page(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    for path in (
        "/",
        "/console",
        "/wall?lang=en",
        "/window/3?lang=en",
        "/tablet/3?lang=en",
        "/t/t-A004",
        "/lab",
    ):
        page.goto(served.url + path)
        text = page.evaluate("document.body.innerText")
        assert not re.search(
            r"(common|index|console|wall|window|tablet|track|rating|lab)\.[a-z_]+\b", text
        ), path
        seen = page.evaluate(SEEN_TEXT)
        assert not re.search("[一-鿿]", seen), (path, seen)
    context.close()
