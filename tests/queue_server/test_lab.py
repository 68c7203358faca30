"""`/lab/api`: the proxied machines and the movable clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.queue_server.serving import Running, running, ticket_body

MACHINE = {
    "id": "printer-1",
    "kind": "printer",
    "driver": "printer-escpos",
    "wire": "pty",
    "state": {},
    "actions": [],
}
ANSWERS: dict[str, tuple[int, str, bytes]] = {
    "GET /devices": (200, "application/json", json.dumps({"items": [MACHINE]}).encode()),
    "GET /devices/printer-1": (200, "application/json", json.dumps(MACHINE).encode()),
    "POST /devices/printer-1/do": (409, "application/json", b'{"reason": "there is no paper to take"}'),
    "GET /devices/printer-1/files/t1.png": (200, "image/png", b"\x89PNG"),
}


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    status, media, body = ANSWERS.get(head.split(" HTTP/")[0], (404, "application/json", b"{}"))
    told = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\nConnection: close"
    writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    sims = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = sims.sockets[0].getsockname()[1]
    urls = {
        "TINGTONG_LAB__SIMS_URL": f"http://127.0.0.1:{port}",
        "TINGTONG_LAB__KIOSK_URL": "http://127.0.0.1:1",
    }
    async with running(tmp_path, **urls) as made:
        yield made
    sims.close()


async def test_machines_are_listed_although_the_kiosk_is_away(run: Running) -> None:
    assert (await run.client().get("/lab/api/devices")).json()["items"] == [MACHINE]


async def test_answers_of_the_simulators_are_passed_on_as_they_are(run: Running) -> None:
    lab = run.client()
    state = await lab.get("/lab/api/devices/printer-1")
    done = await lab.post("/lab/api/devices/printer-1/do", json={"action": "take"})
    picture = await lab.get("/lab/api/devices/printer-1/files/t1.png")

    assert state.json() == MACHINE
    assert (done.status_code, done.json()) == (409, {"reason": "there is no paper to take"})
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"\x89PNG")


async def test_a_path_cannot_be_smuggled_into_the_simulators_address(run: Running) -> None:
    answer = await run.client().get("/lab/api/devices/..%2f..%2fsecret")

    assert answer.status_code in (404, 422)


async def test_the_clock_of_the_demonstration_can_be_moved(run: Running) -> None:
    lab = run.client()
    at = "2026-12-01T09:30:00+08:00"
    await lab.post("/lab/api/clock", json={"now": at})
    issued = (await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())).json()
    await lab.post("/lab/api/clock", json={"advance_s": 3600})
    later = (await lab.get("/lab/api/clock")).json()["now"]

    assert issued["slip"]["issued_at"].startswith("2026-12-01 09:3")
    assert later.startswith("2026-12-01T02:3")


async def test_a_new_day_expires_yesterday_and_counts_from_one(run: Running) -> None:
    kiosk, staff = run.client("kiosk"), await run.person("operator")
    first = (await kiosk.post("/api/v1/tickets", json=ticket_body())).json()
    await run.client().post("/lab/api/clock", json={"advance_s": 86400})
    fresh = await run.person("operator")
    again = (await kiosk.post("/api/v1/tickets", json=ticket_body())).json()
    old = (await fresh.get(f"/api/v1/tickets/{first['id']}")).json()

    assert (first["number"], again["number"], old["state"]) == ("A001", "A001", "expired")
    await staff.aclose()


@pytest.mark.parametrize(
    "body", [{}, {"now": "yesterday"}, {"now": "2026-12-01T09:30:00"}, {"advance_s": 1e12}]
)
async def test_a_time_that_is_none_is_refused(run: Running, body: dict[str, object]) -> None:
    answer = await run.client().post("/lab/api/clock", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
