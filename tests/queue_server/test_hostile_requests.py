"""What strangers send: cookies, paths, moments and bodies that no client of ours makes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.queue_server.booking import resident
from tests.queue_server.serving import Running, fresh_key, running

CHEAP = {"TINGTONG_ACCOUNTS__ARGON2_MEMORY_KIB": "8192", "TINGTONG_ACCOUNTS__ARGON2_TIME_COST": "1"}
ENDS_OF_TIME = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, **CHEAP) as made:
        yield made


@pytest.mark.parametrize("cookie", ["a,b=1", "a@b=c", "x{y}=1; tingtong_screen=old", "=", ";;", '"'])
async def test_a_page_is_shown_whatever_cookies_a_browser_has(run: Running, cookie: str) -> None:
    answer = await run.client().get("/wall", headers={"Cookie": cookie})

    assert answer.status_code == 200
    assert "tingtong_screen=" in answer.headers["set-cookie"]


async def test_a_screen_that_has_its_pass_is_not_given_it_again(run: Running) -> None:
    client = run.client()
    given = (await client.get("/wall")).headers["set-cookie"].partition(";")[0]
    again = await client.get("/wall", headers={"Cookie": f"a,b=1; {given}"})

    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("start", ENDS_OF_TIME)
async def test_no_slot_is_at_the_ends_of_the_calendar(run: Running, start: str) -> None:
    citizen = {"name": "张三丰", "id_number": resident(1)}
    body = {"service_id": "A", "start": start, "citizen": citizen}
    answer = await run.client().post("/api/v1/appointments", json=body, headers=fresh_key())

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")
    assert "2000" in answer.json()["detail"]


@pytest.mark.parametrize("at", ENDS_OF_TIME)
@pytest.mark.parametrize("side", ["since", "until"])
async def test_the_record_is_not_asked_for_the_ends_of_the_calendar(run: Running, side: str, at: str) -> None:
    answer = await (await run.person("auditor")).get("/api/v1/audit", params={side: at})

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")


async def test_a_body_too_large_is_413_also_when_its_length_was_not_announced(run: Running) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"a" * 8192

    headers = {"Content-Type": "application/json"}
    answer = await run.client().post("/api/v1/appointments", content=parts(), headers=headers)

    assert answer.status_code == 413
    assert answer.json()["code"] == "validation"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", ["%2e%2e", "%2e"])
async def test_no_machine_of_the_lab_is_called_dot(run: Running, method: str, name: str) -> None:
    rest = "" if method == "GET" else "/do"
    url = httpx.URL("http://127.0.0.1:8080", raw_path=f"/lab/api/devices/{name}{rest}".encode())
    answer = await run.client().request(method, url, json={} if rest else None)

    assert answer.status_code in (404, 422)
