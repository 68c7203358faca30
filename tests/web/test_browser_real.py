"""The same pages on the real server: its rules, its database, its sign-in, its events."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from devices.bus.memory import MemoryBus
from queue_server.bootstrap.server import Server
from tests.queue_server.serving import settings_for
from tests.web.conftest import Complaints
from tests.web.served import ServedApp

pytestmark = pytest.mark.browser
GONE = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")


class RealHall:
    """A demonstration hall on disk, served; its windows are signed in by themselves."""

    def __init__(self, folder: Path) -> None:
        settings = settings_for(folder, TINGTONG_CALLING__CALL_DEBOUNCE_S="0")
        self.served = ServedApp(lambda: Server(settings, MemoryBus()).app)
        self.url = self.served.url
        self._keys = itertools.count()

    def issue(self, service: str, **more: Any) -> dict[str, Any]:
        """Take a ticket as the kiosk does."""
        tokens = httpx.get(f"{self.url}/lab/api/credentials").json()["tokens"]
        headers = {"Authorization": f"Bearer {tokens['kiosk']}", "Idempotency-Key": f"k{next(self._keys)}"}
        body = {"service_id": service, "channel": "kiosk", **more}
        answer = httpx.post(f"{self.url}/api/v1/tickets", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        issued: dict[str, Any] = answer.json()
        return issued

    def hand_in(self, service: str, **more: Any) -> str:
        """Let the kiosk give out a number by itself and hand it in; return the number."""
        tokens = httpx.get(f"{self.url}/lab/api/credentials").json()["tokens"]
        headers = {"Authorization": f"Bearer {tokens['kiosk']}", "Idempotency-Key": f"k{next(self._keys)}"}
        api = f"{self.url}/api/v1/leases"
        lease = httpx.post(api, json={"services": [service], "size": 1}, headers=headers).json()
        leased = lease["services"][0]
        number = f"{leased['prefix']}{leased['first']:0{leased['digits']}d}"
        item = {"key": "one", "service_id": service, "number": number, "issued_at": lease["made_at"], **more}
        headers["Idempotency-Key"] = f"k{next(self._keys)}"
        told = httpx.post(f"{api}/{lease['id']}/sync", json={"items": [item]}, headers=headers).json()
        assert told["items"][0]["accepted"], told
        return number

    def board_window(self, window: str) -> dict[str, Any]:
        board = httpx.get(f"{self.url}/api/v1/board").json()
        found: dict[str, Any] = next(one for one in board["windows"] if one["id"] == window)
        return found


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[RealHall]:
    real = RealHall(tmp_path)
    real.served.start()
    yield real
    real.served.stop()


@pytest.fixture
def page(browser: Browser, hall: RealHall, complaints: Complaints) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    shown = context.new_page()
    shown.on("console", complaints.hear)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    yield shown
    context.close()
    assert complaints.unexpected() == []


def sit_down(page: Page, hall: RealHall, window: str) -> None:
    page.goto(f"{hall.url}/console")
    page.get_by_role("button", name=re.compile("operator1")).click()
    page.get_by_role("button", name=re.compile(rf"^{window}号窗口")).click()
    expect(page.locator("#work")).to_be_visible()


def serve_one(page: Page) -> None:
    """Call, start and finish with the keys a clerk presses."""
    page.keyboard.press("F2")
    expect(page.locator("#current")).to_have_attribute("data-state", "called")
    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    page.locator("#finish-dialog").get_by_role("button", name="办理完成").click()
    expect(page.locator("#current .idle")).to_be_visible()


def test_a_call_at_the_console_is_on_the_wall_and_the_tablet_rates_it_once(
    page: Page, hall: RealHall
) -> None:
    number = hall.issue("Z")["number"]
    wall, tablet = page.context.new_page(), page.context.new_page()
    wall.goto(f"{hall.url}/wall")
    tablet.goto(f"{hall.url}/tablet/3")
    page.bring_to_front()
    sit_down(page, hall, "3")
    page.keyboard.press("F2")
    expect(wall.locator("#newest .number")).to_have_text(number)
    expect(tablet.locator("#stage .number")).to_have_text(number)
    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    page.locator("#finish-dialog").get_by_role("button", name="办理完成").click()

    tablet.bring_to_front()
    tablet.get_by_role("button", name="满意", exact=True).click()
    tablet.get_by_text("跑大厅一次办完").click()
    tablet.get_by_role("button", name="提交评价").click()
    expect(tablet.get_by_text("感谢您的评价！")).to_be_visible()
    assert hall.board_window("3")["rate_ticket"] is None
    tablet.reload()
    expect(tablet.locator("#stage")).to_contain_text("很高兴为您服务")


def test_a_rating_on_the_phone_ends_the_question_on_the_tablet(page: Page, hall: RealHall) -> None:
    issued = hall.issue("Z")
    sit_down(page, hall, "3")
    serve_one(page)
    phone, tablet = page.context.new_page(), page.context.new_page()
    tablet.goto(f"{hall.url}/tablet/3")
    tablet.get_by_role("button", name="非常满意").first.click()
    phone.bring_to_front()
    phone.goto(f"{hall.url}/t/{issued['track_url'].rsplit('/', 1)[-1]}")
    phone.get_by_role("button", name="基本满意").click()
    phone.get_by_role("button", name="提交评价").click()
    expect(phone.get_by_text("感谢您的评价！")).to_be_visible()

    expect(tablet.locator(".face, .reason")).to_have_count(0)
    expect(tablet.locator("#stage")).to_contain_text("很高兴为您服务")


def test_the_console_holds_resumes_passes_and_transfers(page: Page, hall: RealHall) -> None:
    first, second = hall.issue("Z")["number"], hall.issue("Z")["number"]
    sit_down(page, hall, "3")
    number = page.locator("#current .number")
    page.keyboard.press("F2")
    expect(number).to_have_text(first)
    page.locator("[data-act=start]").click()
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.locator("[data-act=hold]").click()
    expect(page.locator("#held-count")).to_have_text("1")

    page.locator("#call-next").click()
    expect(number).to_have_text(second)
    page.locator("[data-act=no-show]").click()
    page.get_by_role("tab", name=re.compile("挂起与过号")).click()
    expect(page.locator("#line li")).to_have_count(2)

    page.locator("[data-act=resume-held]").click()
    expect(number).to_have_text(first)
    page.locator("[data-act=start]").click()
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.locator("[data-act=transfer]").click()
    page.get_by_label("转到").select_option("service:A")
    page.get_by_label("排在最前").check()
    page.locator("#transfer-dialog").get_by_role("button", name="转移").click()
    page.get_by_role("tab", name=re.compile("等候")).click()
    expect(page.locator("#line li", has_text=first)).to_contain_text("企业开办")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_clerk_ends_the_whole_number_and_is_asked_only_where_stops_are_left(
    page: Page, hall: RealHall
) -> None:
    hall.issue("Z", stops=["A"])
    hall.issue("Z")
    sit_down(page, hall, "3")
    page.keyboard.press("F2")
    expect(page.locator("#current .stops")).to_contain_text("企业开办")
    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    expect(page.locator("#finish-rest")).to_contain_text("企业开办")
    page.get_by_label("整号办结").check()
    page.locator("#finish-dialog").get_by_role("button", name="办理完成").click()
    expect(page.locator("#current .idle")).to_be_visible()
    expect(page.locator("#line li")).to_have_count(1)

    page.keyboard.press("F2")
    expect(page.locator("#current")).to_have_attribute("data-state", "called")
    page.keyboard.press("F4")
    expect(page.locator("#current")).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    expect(page.locator("#finish-dialog")).to_be_visible()
    expect(page.locator("#finish-rest")).to_be_hidden()


def test_the_line_and_the_window_show_what_was_given_out_offline_and_why_it_is_marked(
    page: Page, hall: RealHall
) -> None:
    citizen = {"name": "张三", "id_number": "11010519491231002X"}
    hall.issue("Z", citizen=citizen)
    number = hall.hand_in("Z", citizen=citizen)
    sit_down(page, hall, "3")

    row = page.locator("#line li", has_text=number)
    expect(row).to_contain_text("离线取号：已有同类未办的号")
    row.get_by_role("button", name="呼叫").click()
    expect(page.locator("#current .chip", has_text="离线取号：已有同类未办的号")).to_be_visible()


def test_a_pause_in_the_clerks_own_words_hides_long_numbers(page: Page, hall: RealHall) -> None:
    sit_down(page, hall, "3")
    page.locator("[data-act=pause]").click()
    expect(page.locator("#pause-dialog")).to_contain_text("请勿写姓名")
    page.get_by_label("其他原因").fill("给 138 0013 8000 回电话")
    page.locator("#pause-dialog").get_by_role("button", name="暂停服务").click()

    expect(page.locator("#bar-state")).to_have_text("暂停服务 · 给 … 回电话")


def test_a_wall_finds_the_real_server_again_after_a_restart(
    page: Page, hall: RealHall, complaints: Complaints
) -> None:
    complaints.expected = GONE
    hall.issue("A")
    page.goto(f"{hall.url}/wall")
    page.evaluate("window.notReloaded = true")
    chip = page.locator("#waiting li").first.locator(".chip")
    expect(chip).to_have_text("1 人")

    hall.served.stop()
    hall.served.start()
    hall.issue("A")

    expect(chip).to_have_text("2 人", timeout=15_000)
    assert page.evaluate("window.notReloaded") is True
    assert page.locator("html").get_attribute("data-gaps") is None


def test_the_phone_follows_its_ticket(page: Page, hall: RealHall) -> None:
    hall.issue("Z")
    token = hall.issue("Z")["track_url"].rsplit("/", 1)[-1]
    page.goto(f"{hall.url}/t/{token}")
    expect(page.locator(".facts b").first).to_have_text("1")
    clerk = page.context.new_page()
    sit_down(clerk, hall, "3")
    serve_one(clerk)

    expect(page.locator(".facts b").first).to_have_text("0")
    clerk.keyboard.press("F2")
    expect(page.locator("#ticket .state")).to_have_text("请到 3 号窗口")


def test_the_clock_is_the_halls_and_not_the_screens(browser: Browser, hall: RealHall) -> None:
    context = browser.new_context(timezone_id="America/New_York")
    screen = context.new_page()
    screen.goto(f"{hall.url}/wall")
    local = datetime.now(ZoneInfo("Asia/Shanghai"))

    either = [f"{local:%H:%M}", f"{local + timedelta(minutes=1):%H:%M}"]
    expect(screen.locator("#clock")).to_have_text(re.compile("|".join(either)))
    context.close()


def test_an_unknown_phone_address_is_said_kindly(page: Page, hall: RealHall, complaints: Complaints) -> None:
    complaints.expected = ("404",)
    page.goto(f"{hall.url}/t/nonsense")

    expect(page.get_by_role("alert")).to_have_text("没有找到这张号票，可能已经过期。")
    expect(page.locator("#note")).to_be_hidden()


def test_an_unknown_window_is_said_kindly_by_the_real_server(
    page: Page, hall: RealHall, complaints: Complaints
) -> None:
    complaints.expected = ("404",)
    answer = page.goto(f"{hall.url}/window/99")

    assert answer
    assert answer.status == 404
    expect(page.get_by_role("heading")).to_have_text("没有这个页面")
    page.get_by_role("link", name="回到首页").click()
    expect(page.locator(".places")).to_be_visible()


def test_every_page_of_the_real_server_opens_without_a_complaint(page: Page, hall: RealHall) -> None:
    for path in ("/", "/console", "/wall?view=all", "/window/3", "/tablet/3", "/lab", "/wall?zone=Z11"):
        page.goto(hall.url + path)
        expect(page.locator("body")).to_be_visible()
        page.evaluate("document.fonts.ready.then(() => true)")


def test_the_console_and_the_phone_name_the_next_stop_and_the_history_who_called_why(
    page: Page, browser: Browser, hall: RealHall
) -> None:
    issued = hall.issue("A", stops=["H"])
    phone = browser.new_context(locale="en-GB").new_page()
    phone.goto(f"{hall.url}/t/{issued['track_url'].rsplit('/', 1)[1]}")
    expect(phone.locator("#ticket")).to_contain_text("then go on to")
    sit_down(page, hall, "4")
    serve_one_to = page.locator("#current")
    page.keyboard.press("F2")
    expect(serve_one_to).to_contain_text("下一环节：发票领用与代开")
    expect(serve_one_to).to_contain_text("等候最久")
    serve_one_to.get_by_role("button", name="记录").click()
    expect(page.locator("#history-rows li")).to_have_count(2)
    expect(page.locator("#history-rows")).to_contain_text("operator:operator1")
    page.locator("#history-dialog").get_by_role("button", name="关闭").click()
    page.keyboard.press("F4")
    expect(serve_one_to).to_have_attribute("data-state", "serving")
    page.keyboard.press("F8")
    page.locator("#finish-dialog button.primary").click()
    expect(serve_one_to).to_have_attribute("data-state", "")
    expect(phone.locator("#ticket")).to_contain_text("Invoices")
    phone.context.close()


def test_a_clerk_who_was_relieved_is_told(page: Page, hall: RealHall) -> None:
    sit_down(page, hall, "4")
    users = httpx.get(f"{hall.url}/lab/api/credentials").json()["users"]
    other = next(one for one in users if one["role"] == "supervisor")
    with httpx.Client(base_url=hall.url) as client:
        login = {"username": other["username"], "password": other["password"]}
        assert client.post("/api/v1/auth/login", json=login).status_code == 200
        assert client.post("/api/v1/windows/4/sign-in").status_code == 200

    expect(page.locator("#trouble")).to_contain_text(f"{other['username']} 已在本窗口登录")
