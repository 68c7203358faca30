"""Pages stay true: they say when they are not live, and mend themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Complaints
from tests.web.served import Served

pytestmark = pytest.mark.browser

GONE = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")


def test_a_wall_shows_what_happened_while_the_server_was_away_without_a_reload(
    page: Page, served: Served, complaints: Complaints
) -> None:
    complaints.expected = GONE
    page.goto(f"{served.url}/wall")
    page.evaluate("window.notReloaded = true")
    expect(page.locator("#newest .number")).to_have_text("Y001")

    served.stop()
    served.start()
    served.do(served.hall.call_next("3"))

    expect(page.locator("#newest .number")).to_have_text("Z001")
    assert page.evaluate("window.notReloaded") is True


def test_a_wall_says_since_when_it_is_not_live_and_stops_saying_it(
    page: Page, served: Served, complaints: Complaints
) -> None:
    complaints.expected = GONE
    page.clock.install()
    page.goto(f"{served.url}/wall")
    badge = page.locator(".stale")
    expect(badge).to_be_hidden()

    served.stop()
    page.clock.run_for(12_000)
    expect(badge).to_have_text(re.compile(r"^信息自 \d\d:\d\d:\d\d 起未更新"))
    expect(page.locator("html")).to_have_attribute("data-stale", "yes")

    served.start()
    served.do(served.hall.call_next("3"))
    page.clock.run_for(5_000)
    expect(badge).to_be_hidden()
    expect(page.locator("#newest .number")).to_have_text("Z001")


def test_many_events_at_once_end_in_the_newest_state(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/")
    expect(page.locator("#waiting")).to_have_text("51")
    for _ in range(40):
        served.do(served.hall.issue("F"))

    expect(page.locator("#waiting")).to_have_text("91")


def test_more_pages_than_a_browser_has_connections_all_follow(page: Page, served: Served) -> None:
    walls = [page, *(page.context.new_page() for _ in range(6))]
    for wall in walls:
        wall.goto(f"{served.url}/wall")
    served.do(served.hall.call_next("3"))

    for wall in walls:
        expect(wall.locator("#newest .number")).to_have_text("Z001")
