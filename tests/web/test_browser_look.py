"""Nothing is cut off and nothing scrolls sideways, at the sizes the pages are made for."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.served import Served
from tests.web.test_browser_queue import finish_one, sit_down

pytestmark = pytest.mark.browser

CUT = """() => [...document.querySelectorAll('body *')].filter((element) => {
  const style = getComputedStyle(element);
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const hides = style.overflowX !== 'visible' || style.textOverflow === 'ellipsis';
  const seen = element.getClientRects().length > 0 && !element.closest('.marquee, .out-of-sight, select');
  return own && seen && hides && element.scrollWidth > element.clientWidth + 1;
}).map((element) => element.textContent.trim())"""
TOO_TALL = "(element) => element.scrollHeight - element.clientHeight"
SIDEWAYS = "() => document.documentElement.scrollWidth - innerWidth"
OUTSIDE = """() => [...document.querySelectorAll('main *')].filter((element) => {
  const box = element.getBoundingClientRect();
  const inside = box.right <= innerWidth + 1 && box.left >= -1;
  return box.width > 0 && !inside && !element.closest('.bars, .frame, .frames, .line');
}).map((element) => element.outerHTML.slice(0, 80))"""

SIZES = [
    ("/", 1366, 768),
    ("/", 360, 740),
    ("/wall", 1920, 1080),
    ("/wall", 1366, 768),
    ("/wall", 3840, 2160),
    ("/wall", 1080, 1920),
    ("/wall?layout=list", 1920, 1080),
    ("/wall?layout=focus", 1920, 1080),
    ("/wall", 768, 320),
    ("/wall", 1024, 384),
    ("/wall?layout=list", 1024, 384),
    ("/wall?layout=focus", 1024, 384),
    ("/wall?lang=en", 1024, 384),
    ("/wall?lang=en", 1920, 1080),
    ("/wall?lang=en", 1080, 1920),
    ("/window/3", 1280, 720),
    ("/window/3", 1920, 360),
    ("/window/3", 1080, 1920),
    ("/tablet/3", 1280, 800),
    ("/tablet/3", 800, 1280),
    ("/t/t-B005", 360, 740),
    ("/lab", 1366, 768),
    ("/lab", 390, 844),
]


@pytest.mark.parametrize(("path", "width", "height"), SIZES)
def test_no_text_is_cut_and_nothing_leaves_the_screen(
    page: Page, served: Served, path: str, width: int, height: int
) -> None:
    served.do(served.hall.call_next("3"))
    page.set_viewport_size({"width": width, "height": height})
    page.goto(served.url + path)
    expect(page.locator("body")).to_contain_text("Z001" if path != "/t/t-B005" else "B005")
    page.evaluate("document.fonts.ready.then(() => true)")

    assert page.evaluate(CUT) == []
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (360, 740)])
def test_the_console_fits_a_small_screen_and_a_narrow_column(
    page: Page, served: Served, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    sit_down(page, served, "3")
    page.locator("#call-next").click()
    expect(page.locator("#current .number")).to_have_text("Z001")

    assert page.evaluate(CUT) == []
    assert page.evaluate(SIDEWAYS) <= 0
    assert page.evaluate(OUTSIDE) == []


def test_the_console_needs_no_scrolling_at_1366_by_768(page: Page, served: Served) -> None:
    sit_down(page, served, "3")
    page.locator("#call-next").click()
    expect(page.locator("#current .number")).to_have_text("Z001")

    assert page.locator("main").evaluate(TOO_TALL) <= 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_reasons_of_a_rating_fit_the_tablet(page: Page, served: Served, language: str) -> None:
    finish_one(served)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"{served.url}/tablet/3?lang={language}")
    page.locator(".face").nth(3).click()
    expect(page.locator(".reason")).to_have_count(8)

    assert page.evaluate(CUT) == []
    assert page.locator("#stage").evaluate(TOO_TALL) <= 1


@pytest.mark.parametrize(("width", "height"), [(768, 320), (1024, 384), (1280, 800)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_rating_can_be_sent_without_scrolling(
    page: Page, served: Served, width: int, height: int, language: str
) -> None:
    finish_one(served)
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{served.url}/tablet/3?lang={language}")
    page.locator(".face").nth(3).click()

    expect(page.locator(".rating-buttons .primary")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height", "rows"), [(768, 320, 5), (1024, 384, 5), (1920, 1080, 10)])
def test_a_low_wall_shows_fewer_lines(page: Page, served: Served, width: int, height: int, rows: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{served.url}/wall")

    expect(page.locator("#waiting li")).to_have_count(rows)


@pytest.mark.parametrize("query", ["", "?lang=en", "?layout=focus", "?layout=focus&lang=en"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (1024, 384)])
def test_the_newest_call_fits_its_card_for_a_window_of_two_digits(
    page: Page, served: Served, width: int, height: int, query: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    served.hall.desks["60"].operator = "clerk"
    served.do(served.hall.issue("W"))
    served.do(served.hall.call_next("60"))
    page.goto(f"{served.url}/wall{query}")
    expect(page.locator("#newest .to")).to_have_text("60")
    page.evaluate("document.fonts.ready.then(() => true)")

    line = page.locator(".newest-line")
    assert line.evaluate("(element) => element.scrollWidth - element.clientWidth") <= 0
