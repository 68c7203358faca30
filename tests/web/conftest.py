"""One Chromium for the run, a page that must not complain for each test, a served hall."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.web.fake_app import busy_hall
from tests.web.served import Served

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the whole run: while Playwright lives, this thread has a running event loop, which every
    # asyncio test of other folders would trip over.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
        yield chromium
        chromium.close()


class Complaints(list[str]):
    """What a page complained of; a test may name words that it expects."""

    expected: tuple[str, ...] = ()

    def hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.append(message.text)

    def unexpected(self) -> list[str]:
        return [text for text in self if not any(word in text for word in self.expected)]


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def served() -> Iterator[Served]:
    with ThreadPoolExecutor(1) as aside:  # this thread's loop is Playwright's
        hall = Served(aside.submit(asyncio.run, busy_hall()).result())
    hall.start()
    yield hall
    hall.stop()


@pytest.fixture
def page(browser: Browser, served: Served, complaints: Complaints) -> Iterator[Page]:
    """A fresh Chinese browser; at the end nothing may stand in its console, a policy violation included."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    shown = context.new_page()
    shown.on("console", complaints.hear)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.set_default_timeout(15_000)
    yield shown
    context.close()
    assert complaints.unexpected() == []
