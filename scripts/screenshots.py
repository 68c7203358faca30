"""`make screenshots`: walks the demonstration hall as a newcomer and keeps the pictures of the README.

Every picture is of the running programs; nothing is drawn for the occasion.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.bench.live import CHROMIUM  # noqa: E402
from tests.process.hall import Hall, running_hall, until  # noqa: E402

IMAGES = ROOT / "docs" / "images"
GRANNY = {"kind": "citizen", "name": "李桂兰", "birth": "1951-03-07"}


def keep(name: str, data: bytes, width: int | None = None) -> None:
    """Write a picture, small enough for a repository: at most `width` wide, 128 colours."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if width is not None and picture.width > width:
        picture = picture.resize(
            (width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS
        )
    picture.quantize(128, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
    print(f"docs/images/{name}.png", picture.size)


def keep_url(name: str, url: str) -> None:
    """Keep a `data:` picture that a simulator gave."""
    keep(name, base64.b64decode(url.partition(",")[2]))


def kiosk(hall: Hall, name: str, width: int = 540) -> None:
    """Keep the kiosk's present frame."""
    keep(name, hall.http.get("/lab/api/devices/QK01/files/screen.png").content, width)


def page_of(browser: Any, hall: Hall, path: str, width: int, height: int) -> Page:
    """Open a page in Chinese, and wait until it is live."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    page: Page = context.new_page()
    page.goto(f"{hall.http.base_url}{path}")
    page.wait_for_load_state("load")
    page.wait_for_timeout(1500)
    return page


def others_take_tickets(hall: Hall) -> None:
    """Let the hall look as it does on a morning."""
    for service in "BBBBCDDDDDEGGGGGHJJJJKKL":
        body = {"service_id": service, "channel": "kiosk"}
        hall.http.post("/api/v1/tickets", json=body, headers=hall.token("kiosk")).raise_for_status()
    for window in ("7", "10", "24", "32", "43"):
        clerk = hall.login("operator")
        clerk.post(f"/api/v1/windows/{window}/call-next", json={})


def walk(hall: Hall, browser: Any) -> None:
    """Take the pictures in the order of the six steps."""
    others_take_tickets(hall)
    lab = page_of(browser, hall, "/lab", 1600, 900)
    kiosk(hall, "kiosk-departments")
    hall.do("QK01", "language", language="en")
    kiosk(hall, "kiosk-departments-en")
    hall.do("QK01", "language", language="zh")
    hall.touch("长辈版")
    kiosk(hall, "kiosk-elder")
    hall.do("QK01", "home")
    hall.touch("税务局")
    kiosk(hall, "kiosk-services")
    hall.do("QK01", "home")
    hall.touch("市监局")
    kiosk(hall, "kiosk-card")
    hall.do("id-reader-1", "place-card", card=GRANNY)
    ticket = until(lambda: hall.device("printer-1")["state"]["tickets"], "the ticket")[-1]
    kiosk(hall, "kiosk-ticket")
    keep_url("ticket", ticket["png"])
    hall.do("pad-3", "press", key="call-next")
    until(lambda: "请A" in hall.device("led-3")["state"]["text"], "the bar")
    keep_url("bar", hall.device("led-3")["state"]["png"])
    lab.wait_for_timeout(2500)
    keep("lab", lab.screenshot(full_page=True), 1200)
    keep("wall", page_of(browser, hall, "/wall", 1920, 1080).screenshot(), 1200)
    keep("window", page_of(browser, hall, "/window/3", 1280, 720).screenshot(), 800)
    console = page_of(browser, hall, "/console", 1366, 768)
    console.get_by_role("button", name="operator1").click()
    console.wait_for_timeout(1500)
    keep("console-choose", console.screenshot(), 900)
    clerk = hall.login("operator")
    for step in ("start", "finish"):
        clerk.post(f"/api/v1/windows/3/{step}", json={}).raise_for_status()
    keep("tablet", page_of(browser, hall, "/tablet/3", 1280, 800).screenshot(), 900)


def main() -> None:
    """Start a hall, walk it, stop it."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_hall(Path(folder)) as hall,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        walk(hall, browser)
        browser.close()


if __name__ == "__main__":
    main()
