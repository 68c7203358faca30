"""Booking ahead in a browser, on the real server, until the ticket comes out at the kiosk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from devices.bus.memory import MemoryBus
from queue_server.bootstrap.server import Server
from tests.queue_server.serving import settings_for
from tests.web.conftest import Complaints
from tests.web.served import ServedApp

pytestmark = pytest.mark.browser
NAME, NUMBER, PHONE = "张三丰", "11010519491231002X", "13800000000"


class BookingHall:
    """A demonstration hall on a Monday morning."""

    def __init__(self, folder: Path) -> None:
        settings = settings_for(folder)
        self.served = ServedApp(lambda: Server(settings, MemoryBus()).app)
        self.url = self.served.url

    def move_to(self, moment: str) -> None:
        """Make it that moment at the hall."""
        assert httpx.post(f"{self.url}/lab/api/clock", json={"now": f"{moment}+08:00"}).status_code == 200

    def check_in(self, code: str) -> httpx.Response:
        """Come to the kiosk with a code."""
        tokens = httpx.get(f"{self.url}/lab/api/credentials").json()["tokens"]
        headers = {"Authorization": f"Bearer {tokens['kiosk']}"}
        return httpx.post(f"{self.url}/api/v1/appointments/{code}/check-in", headers=headers)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BookingHall]:
    made = BookingHall(tmp_path_factory.mktemp("hall"))
    made.served.start()
    made.move_to("2026-11-23T10:00:00")
    yield made
    made.served.stop()


@pytest.fixture
def page(browser: Browser, hall: BookingHall, complaints: Complaints) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 360, "height": 780})
    shown = context.new_page()
    shown.on("console", complaints.hear)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.set_default_timeout(15_000)
    yield shown
    context.close()
    assert complaints.unexpected() == []


def choose_slot(page: Page, hall: BookingHall, time: str) -> None:
    page.goto(f"{hall.url}/appointments")
    page.get_by_role("button", name=re.compile("^区市场监督管理局")).click()
    page.get_by_role("button", name=re.compile("^企业")).first.click()
    page.get_by_role("button", name=re.compile(f"^{time}")).click()


def fill_in(page: Page, number: str = NUMBER) -> None:
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("证件号码", exact=True).fill(number)
    page.get_by_label("手机号码").fill(PHONE)
    page.get_by_role("button", name="确认预约").click()


def test_a_booking_made_on_a_phone_is_a_ticket_at_the_kiosk_and_leaves_no_name_in_the_page(
    page: Page, hall: BookingHall
) -> None:
    choose_slot(page, hall, "09:00")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fill_in(page)
    expect(page.get_by_role("heading", name="预约成功")).to_be_focused()
    code = (page.locator(".code").text_content() or "").replace(" ", "")
    expect(page.locator("img.qr")).to_have_js_property("complete", True)
    assert page.evaluate("document.querySelector('img.qr').naturalWidth") > 0
    whole = page.evaluate("document.documentElement.outerHTML")
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    early = hall.check_in(code).json()
    hall.move_to("2026-11-24T08:50:00")
    came = hall.check_in(code)
    again = hall.check_in(code)
    hall.move_to("2026-11-23T10:00:00")

    assert not any(secret in whole + kept for secret in (NAME, NUMBER, PHONE))
    assert early["code"] == "appointment-early"
    assert (came.status_code, again.status_code) == (201, 200)
    assert came.json()["number"] == again.json()["number"]
    assert "网上预约" in came.json()["slip"]["labels"]
    page.get_by_role("button", name="完成", exact=True).click()
    expect(page.get_by_role("heading", name="您要到哪个部门办事")).to_be_visible()
    assert code not in page.evaluate("document.documentElement.outerHTML").replace(" ", "")


def test_a_wrong_number_is_said_beside_the_field_and_can_be_mended(
    page: Page, hall: BookingHall, complaints: Complaints
) -> None:
    complaints.expected = ("422",)
    choose_slot(page, hall, "10:00")
    page.get_by_role("button", name="确认预约").click()
    expect(page.get_by_role("alert")).to_have_text("请填写姓名。")
    fill_in(page, "110105194912310021")
    expect(page.get_by_role("alert")).to_contain_text("证件号码有误")
    expect(page.get_by_label("证件号码", exact=True)).to_be_focused()
    page.get_by_label("证件号码", exact=True).fill("110105194912310038")
    page.get_by_role("button", name="确认预约").click()

    expect(page.locator(".code")).to_be_visible()


def test_a_booking_is_given_up_with_its_code_and_the_end_of_the_number(
    page: Page, hall: BookingHall, complaints: Complaints
) -> None:
    complaints.expected = ("404",)
    wanted = {
        "service_id": "B",
        "start": "2026-11-25T09:00:00+08:00",
        "citizen": {"name": NAME, "id_number": NUMBER},
    }
    made = httpx.post(f"{hall.url}/api/v1/appointments", json=wanted).json()
    page.goto(f"{hall.url}/appointments?lang=en")
    page.get_by_role("button", name="Cancel a booking").click()
    page.get_by_label("Booking code").fill(f"{made['code'][:4].lower()} {made['code'][4:]}")
    page.get_by_label("Last 4").fill("0000")
    page.get_by_role("button", name="Cancel this booking").click()
    expect(page.get_by_role("alert")).to_contain_text("No such appointment")
    page.get_by_label("Last 4").fill(NUMBER[-4:])
    page.get_by_role("button", name="Cancel this booking").click()

    expect(page.get_by_role("status")).to_contain_text("is cancelled")


def test_going_back_keeps_the_way_and_full_times_cannot_be_chosen(page: Page, hall: BookingHall) -> None:
    choose_slot(page, hall, "11:00")
    page.get_by_role("button", name="返回上一步").click()
    expect(page.get_by_role("heading", name="选择时间")).to_be_visible()
    page.get_by_role("button", name="返回上一步").click()

    expect(page.get_by_role("heading", name="您要办什么")).to_be_focused()
