"""The lab interface on a real loopback port, with a window made of a list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest

from kiosk.adapters.lab_http import LabHttp
from kiosk.flows.intake_words import Event, LanguageChosen
from kiosk.ports import Shown, Spot


@dataclass
class FakeWindow:
    touched: list[tuple[float, float]] = field(default_factory=list)
    frame: int = 1

    async def shown(self) -> Shown:
        spot = Spot("社会保险", "service:J", 0.5, 0.25)
        return Shown("choose-service", "zh", False, 1080, 1920, True, (spot,))

    async def touch(self, x: float, y: float) -> None:
        self.touched.append((x, y))
        self.frame += 1

    async def picture(self) -> tuple[str, bytes]:
        return str(self.frame), b"\x89PNG"


@dataclass
class Lab:
    window: FakeWindow
    client: httpx.AsyncClient
    said: list[Event]


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    window, said = FakeWindow(), list[Event]()
    server = LabHttp("QK01", window, said.append)
    port = await server.start(0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield Lab(window, client, said)
    await server.close()


async def test_the_kiosk_lists_itself_with_what_can_be_touched(lab: Lab) -> None:
    (device,) = (await lab.client.get("/devices")).json()["items"]

    assert (device["id"], device["kind"], device["wire"]) == ("QK01", "kiosk", "1080x1920 offscreen")
    assert device["state"]["buttons"] == [{"text": "社会保险", "key": "service:J", "x": 0.5, "y": 0.25}]
    assert device == (await lab.client.get("/devices/QK01")).json()


async def test_a_touch_reaches_the_window(lab: Lab) -> None:
    answer = await lab.client.post("/devices/QK01/do", json={"action": "touch", "x": 0.5, "y": 0.25})

    assert (answer.status_code, lab.window.touched) == (200, [(0.5, 0.25)])


async def test_a_language_reaches_the_flow(lab: Lab) -> None:
    await lab.client.post("/devices/QK01/do", json={"action": "language", "language": "en"})

    assert lab.said == [LanguageChosen("en")]


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"action": "touch", "x": 2, "y": 0}', b'{"action": "touch"}', b'{"action": "fly"}'],
)
async def test_a_wish_that_makes_no_sense_is_refused_and_touches_nothing(lab: Lab, body: bytes) -> None:
    answer = await lab.client.post("/devices/QK01/do", content=body)

    assert (answer.status_code, answer.json()["code"], lab.window.touched) == (400, "validation", [])


async def test_a_picture_is_sent_once_for_each_frame(lab: Lab) -> None:
    path = "/devices/QK01/files/screen.png"
    first = await lab.client.get(path)
    again = await lab.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    await lab.window.touch(0, 0)
    later = await lab.client.get(path, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.content, again.status_code, again.content, later.status_code) == (b"\x89PNG", 304, b"", 200)


async def test_what_is_not_there_is_not_found(lab: Lab) -> None:
    assert (await lab.client.get("/devices/QK02")).status_code == 404
