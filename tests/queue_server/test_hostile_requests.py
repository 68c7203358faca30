"""What strangers send: cookies, paths, moments and bodies that no client of ours makes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.queue_server.booking import resident
from tests.queue_server.serving import BASE, Running, fresh_key, running

CHEAP = {"TINGTONG_ACCOUNTS__ARGON2_MEMORY_KIB": "8192", "TINGTONG_ACCOUNTS__ARGON2_TIME_COST": "1"}
ENDS_OF_TIME = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
ODD_COOKIES = ("a,b=1", "a@b=c", "x{y}=1; tingtong_screen=old", "=", ";;", '"')


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, **CHEAP) as made:
        yield made


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_page_is_shown_whatever_cookies_a_browser_has(run: Running) -> None:
    client = run.client()
    plain = await client.get("/wall")
    given = plain.headers["set-cookie"].partition(";")[0]
    odd = [await run.client().get("/wall", headers={"Cookie": cookie}) for cookie in ODD_COOKIES]
    has_it = await run.client().get("/wall", headers={"Cookie": f"a,b=1; {given}"})

    assert {answer.status_code for answer in odd} == {200}
    assert all(given in answer.headers["set-cookie"] for answer in odd)
    assert "set-cookie" not in has_it.headers


async def test_the_ends_of_the_calendar_are_no_moments(run: Running) -> None:
    citizen = {"name": "张三丰", "id_number": resident(1)}
    public, auditor = run.client(), await run.person("auditor")
    answers = []
    for at in ENDS_OF_TIME:
        body = {"service_id": "A", "start": at, "citizen": citizen}
        answers.append(await public.post("/api/v1/appointments", json=body, headers=fresh_key()))
        answers += [await auditor.get("/api/v1/audit", params={side: at}) for side in ("since", "until")]

    assert {refusal(answer) for answer in answers} == {(422, "validation")}
    assert all("2000" in answer.json()["detail"] for answer in answers)


async def test_a_body_too_large_is_413_also_when_its_length_was_not_announced(run: Running) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"a" * 8192

    headers = {"Content-Type": "application/json"}
    answer = await run.client().post("/api/v1/appointments", content=parts(), headers=headers)

    assert refusal(answer) == (413, "validation")


async def test_no_machine_of_the_lab_is_called_dot(run: Running) -> None:
    client = run.client()
    for name in ("%2e%2e", "%2e"):
        path = f"/lab/api/devices/{name}"
        seen = await client.get(httpx.URL(BASE, raw_path=path.encode()))
        done = await client.post(httpx.URL(BASE, raw_path=f"{path}/do".encode()), json={})
        file = await client.get(httpx.URL(BASE, raw_path=f"/lab/api/devices/led-1/files/{name}".encode()))

        assert {seen.status_code, done.status_code, file.status_code} == {422}


async def test_yes_and_no_are_no_levels(run: Running) -> None:
    client = run.client()
    answers = [
        await client.post("/api/v1/evaluations", json={"token": "x", "level": level})
        for level in (True, False)
    ]

    assert {refusal(answer) for answer in answers} == {(422, "validation")}


async def test_the_database_alone_does_not_tell_whether_an_id_number_was_sent(
    run: Running, tmp_path: Path
) -> None:
    await run.client().post("/lab/api/clock", json={"now": "2026-11-23T10:00:00+08:00"})
    citizen = {"name": "张三丰", "id_number": resident(1)}
    start = "2026-11-24T09:00:00+08:00"
    body = json.dumps({"service_id": "A", "start": start, "citizen": citizen}).encode()
    headers, path = {**fresh_key(), "Content-Type": "application/json"}, "/api/v1/appointments"
    answer = await run.client().post(path, content=body, headers=headers)
    with contextlib.closing(sqlite3.connect(tmp_path / "hall.db")) as db:
        kept = [digest for (digest,) in db.execute("SELECT digest FROM answer")]

    assert (answer.status_code, len(kept)) == (201, 1)
    assert hashlib.sha256(f"POST {path}\n".encode() + body).hexdigest() not in kept


async def test_nobody_removes_himself_so_an_admin_is_left(run: Running) -> None:
    admin = await run.person("admin")
    name = (await admin.get("/api/v1/auth/me")).json()["username"]
    answer = await admin.post(f"/api/v1/users/{name}/remove", headers=fresh_key())

    assert refusal(answer) == (422, "validation")
    assert (await admin.get("/api/v1/users")).status_code == 200
