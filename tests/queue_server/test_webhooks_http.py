"""Webhooks over the API: made, tested, listed, retried and dropped by an administrator."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.queue_server.serving import Running, running, ticket_body
from tests.queue_server.webhook_receiver import Receiver, receiving

HOOKS = "/api/v1/webhooks"
QUICK = {
    "TINGTONG_WEBHOOKS__ALLOW_LOOPBACK": "true",
    "TINGTONG_WEBHOOKS__TRIES": "1",
    "TINGTONG_ACCOUNTS__ARGON2_TIME_COST": "1",
    "TINGTONG_ACCOUNTS__ARGON2_MEMORY_KIB": "8192",
}


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, **QUICK) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def becomes(admin: httpx.AsyncClient, path: str, count: int) -> list[dict[str, object]]:
    """Read a list until it has `count` items."""
    async with asyncio.timeout(10):
        while True:
            items: list[dict[str, object]] = (await admin.get(path)).json()["items"]
            if len(items) == count:
                return items
            await asyncio.sleep(0)


async def test_a_new_receiver_is_told_at_once_with_the_secret_shown_once(
    run: Running, receiver: Receiver
) -> None:
    admin = await run.person("admin")
    made = (await admin.post(HOOKS, json={"url": receiver.url, "events": ["ticket-issued"]})).json()
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("A"))
    await receiver.got(1)
    signed = dict(part.split("=") for part in receiver.headers[0]["Tingtong-Signature"].split(","))
    told = signed["t"].encode() + b"." + receiver.bodies[0]
    listed = await admin.get(HOOKS)

    assert signed["v1"] == hmac.new(made["secret"].encode(), told, hashlib.sha256).hexdigest()
    assert made["secret"] not in listed.text
    assert [one["id"] for one in listed.json()["items"]] == [made["id"]]


async def test_a_test_says_what_the_receiver_answered(run: Running, receiver: Receiver) -> None:
    admin = await run.person("admin")
    made = (await admin.post(HOOKS, json={"url": receiver.url, "events": ["ticket-rated"]})).json()
    good = (await admin.post(f"{HOOKS}/{made['id']}/test")).json()
    receiver.status = 404
    bad = (await admin.post(f"{HOOKS}/{made['id']}/test")).json()
    tries = (await admin.get(f"{HOOKS}/{made['id']}/deliveries")).json()["items"]

    assert (good["taken"], good["status"]) == (True, 200)
    assert (bad["taken"], bad["status"], bad["reason"]) == (False, 404, "status 404")
    assert [one["status"] for one in tries] == [404, 200]


async def test_a_dead_letter_is_listed_and_sent_again_when_asked(run: Running, receiver: Receiver) -> None:
    admin = await run.person("admin")
    receiver.status = 500
    made = (await admin.post(HOOKS, json={"url": receiver.url, "events": ["ticket-issued"]})).json()
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("A"))
    letter = (await becomes(admin, f"{HOOKS}/{made['id']}/dead", 1))[0]
    receiver.status = 200
    again = await admin.post(f"{HOOKS}/{made['id']}/dead/{letter['n']}/retry")
    gone = await admin.post(f"{HOOKS}/{made['id']}/dead/{letter['n']}/retry")

    rows = (await (await run.person("auditor")).get("/api/v1/audit?action=webhook-retried")).json()["items"]

    assert (letter["reason"], again.json()["taken"]) == ("status 500", True)
    assert [row["detail"] for row in rows] == [f"webhook={made['id']} taken n={letter['n']}"]
    assert (gone.status_code, gone.json()["code"]) == (404, "not-found")
    assert len(set(receiver.deliveries)) == 1


async def test_a_dropped_receiver_is_told_nothing_more(run: Running, receiver: Receiver) -> None:
    admin = await run.person("admin")
    kept = (await admin.post(HOOKS, json={"url": receiver.url})).json()
    async with receiving() as other:
        dropped = (await admin.post(HOOKS, json={"url": other.url})).json()
        await admin.delete(f"{HOOKS}/{dropped['id']}")
        again = await admin.delete(f"{HOOKS}/{dropped['id']}")
        await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("A"))
        await receiver.got(1)

        assert (again.status_code, other.bodies) == (404, [])
    assert [one["id"] for one in (await admin.get(HOOKS)).json()["items"]] == [kept["id"]]


async def test_what_cannot_be_told_is_refused_and_the_audit_names_a_host_without_its_path(
    run: Running,
) -> None:
    admin = await run.person("admin")
    bodies = [
        {"url": "ftp://a/"},
        {"url": "http://a/", "events": ["none-*"]},
        {"url": "http://a/", "events": []},
    ]
    answers = [await admin.post(HOOKS, json=body) for body in bodies]
    await admin.post(HOOKS, json={"url": "http://receiver.example/t0ken"})
    rows = (await (await run.person("auditor")).get("/api/v1/audit?action=webhook-added")).text

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(422, "validation")}
    assert "host=receiver.example" in rows
    assert "t0ken" not in rows
