"""From a pressed key to the bar and the page in a whole running hall; and what the kiosk costs."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from tests.bench.floor import percentile
from tests.process.hall import Hall, running_hall, until

PRESSES = 45
IDLE_S = 20.0
PAD_REPEAT_S = 0.8  # an equal frame sooner than this is the pad's own repeat, not a press
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The page notes when it first shows each ticket number in the list of calls.
WATCH = """() => {
  window.seen = {};
  const look = () => {
    for (const number of (document.body.innerText.match(/[A-Z]\\d{3}/g) || []))
      if (!(number in window.seen)) window.seen[number] = Date.now();
  };
  look();
  new MutationObserver(look).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def _at_ms(frame: dict[str, str]) -> float:
    return datetime.fromisoformat(frame["at"]).timestamp() * 1000


def _issue(hall: Hall, count: int) -> None:
    headers = hall.token("kiosk")
    for number in range(count):  # over three services: each has its cap for half a day
        answer = hall.http.post(
            "/api/v1/tickets", json={"service_id": "ZYA"[number % 3], "channel": "kiosk"}, headers=headers
        )
        answer.raise_for_status()


def _press_once(hall: Hall, clerk: Any, page: Any) -> tuple[float, float] | None:
    """Press next at window 3; return milliseconds to the first byte at the bar and to the page."""
    before = len(hall.device("led-3")["frames"])
    hall.do("pad-3", "press", key="call-next")
    pressed = _at_ms([frame for frame in hall.device("pads-1f")["frames"] if frame["dir"] == "tx"][-1])
    window = until(lambda: clerk.get("/api/v1/windows/3").json()["ticket"], "window 3 calls", 20)
    number = window["number"]

    def bar() -> float | None:
        for frame in hall.device("led-3")["frames"]:
            if frame["dir"] == "rx" and number in frame["text"] and _at_ms(frame) >= pressed - 1:
                return _at_ms(frame)
        return None

    shown = until(bar, f"the bar shows {number} (frames before: {before})", 20)
    page.wait_for_function("number => number in window.seen", arg=number, timeout=20_000)
    on_page = page.evaluate("number => window.seen[number]", number)
    for step in ("start", "finish"):
        clerk.post(f"/api/v1/windows/3/{step}", json={}).raise_for_status()
    return shown - pressed, on_page - pressed


def _presses(hall: Hall) -> list[dict[str, object]]:
    clerk = hall.login("operator")
    _issue(hall, PRESSES)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(f"{hall.http.base_url}/wall?view=calls")
        page.wait_for_load_state("load")
        page.evaluate(WATCH)
        results = []
        for _ in range(PRESSES):
            done = _press_once(hall, clerk, page)
            if done is not None:
                results.append(done)
            hall.http.post("/lab/api/clock", json={"advance_s": 5})  # past the server's debounce of the key
            threading.Event().wait(PAD_REPEAT_S)
        browser.close()
    bars, pages = [one for one, _ in results], [two for _, two in results]
    return [
        {
            "what": name,
            "p50_ms": round(percentile(values, 0.5), 1),
            "p99_ms": round(percentile(values, 0.99), 1),
        }
        for name, values in (("press -> bytes at the bar", bars), ("press -> wall page updated", pages))
    ]


def _kiosk(hall: Hall) -> dict[str, object]:
    launcher = psutil.Process(hall.process.pid)
    kiosk = next(child for child in launcher.children() if "kiosk" in child.cmdline())
    used = kiosk.cpu_times()
    begun = time.perf_counter()
    threading.Event().wait(IDLE_S)
    now = kiosk.cpu_times()
    share = (now.user + now.system - used.user - used.system) / (time.perf_counter() - begun)
    memory = {}
    for child in launcher.children():
        with contextlib.suppress(psutil.Error):
            name = Path(child.cmdline()[2]).name
            memory[f"{name} {Path(child.cmdline()[-1]).stem}"] = round(child.memory_info().rss / 1e6, 1)
    return {
        "kiosk_rss_mb": round(kiosk.memory_info().rss / 1e6, 1),
        "kiosk_idle_cpu_percent": round(100 * share, 2),
        "rss_mb": memory,
    }


def measure() -> dict[str, object]:
    """Return rows of latencies and the kiosk's costs."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with running_hall(Path(folder)) as hall:
            start_s = time.perf_counter() - begun
            kiosk = _kiosk(hall)
            return {"rows": _presses(hall), "kiosk": kiosk, "hall_start_s": round(start_s, 1)}


def measure_kiosk_start(rounds: int = 3) -> dict[str, object]:
    """Return the kiosk's cold start against a bare Kivy window, seconds to the first drawn frame."""
    from tests.bench.kiosk_start import bare_start_s, kiosk_start_s

    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    bare = statistics.median(bare_start_s() for _ in range(rounds))
    ours = statistics.median(kiosk_start_s() for _ in range(rounds))
    return {"kiosk_s": round(ours, 2), "bare_window_s": round(bare, 2), "ratio": round(ours / bare, 2)}
