"""What a card on a kiosk's reader finds: a due appointment instead of a new number, and one's own tickets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.queue_server.booking import resident
from tests.queue_server.serving import Running, fresh_key, running, ticket_body

START = "2026-11-24T09:00:00+08:00"


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        await set_clock(made, "2026-11-23T10:00:00+08:00")
        yield made


async def set_clock(run: Running, text: str) -> None:
    assert (await run.client().post("/lab/api/clock", json={"now": text})).status_code == 200


async def book(run: Running, who: int = 1, service: str = "A") -> None:
    citizen = {"name": "张三丰", "id_number": resident(who)}
    body = {"service_id": service, "start": START, "citizen": citizen}
    answer = await run.client().post("/api/v1/appointments", json=body, headers=fresh_key())
    assert answer.status_code == 201, answer.text


async def take(run: Running, service: str, who: int = 1) -> httpx.Response:
    body = ticket_body(service, citizen={"id_number": resident(who)}, use_appointment=True)
    return await run.client("kiosk").post("/api/v1/tickets", json=body, headers=fresh_key())


async def mine(run: Running, who: int = 1, role: str = "kiosk") -> httpx.Response:
    client = await run.any_role(role)
    return await client.post("/api/v1/tickets:mine", json={"citizen": {"id_number": resident(who)}})


@pytest.mark.parametrize(
    ("service", "now", "booked"),
    [
        ("A", "2026-11-24T08:45:00+08:00", True),
        ("B", "2026-11-24T08:45:00+08:00", False),
        ("A", "2026-11-24T08:00:00+08:00", False),
        ("A", "2026-11-24T09:30:00+08:00", False),
    ],
)
async def test_only_an_appointment_for_this_service_that_is_due_is_used(
    run: Running, service: str, now: str, booked: bool
) -> None:
    await book(run)
    await set_clock(run, now)
    told = (await take(run, service)).json()

    assert (told["booked"], told["slip"]["labels"]) == (booked, ["网上预约"] if booked else [])
    assert told["service_id"] == service


async def test_whoever_used_an_appointment_already_holds_that_number(run: Running) -> None:
    await book(run)
    await set_clock(run, "2026-11-24T08:45:00+08:00")
    first, again = (await take(run, "A")).json(), (await take(run, "A")).json()

    assert (again["code"], again["ticket_id"]) == ("ticket-already-waiting", first["id"])


async def test_a_second_check_in_gives_the_same_paper_marked_as_a_reprint(run: Running) -> None:
    await book(run)
    await set_clock(run, "2026-11-24T08:45:00+08:00")
    body = {"citizen": {"id_number": resident(1)}}
    first, again = [
        (
            await run.client("kiosk").post("/api/v1/appointments/check-in", json=body, headers=fresh_key())
        ).json()
        for _ in range(2)
    ]

    assert (first["slip"]["labels"], again["slip"]["labels"]) == (["网上预约"], ["网上预约", "补打"])
    assert first["id"] == again["id"]


async def test_a_card_finds_its_own_open_tickets_only_newest_first(run: Running) -> None:
    for service in ("J", "A"):
        await take(run, service)
    other = (await take(run, "J", who=2)).json()
    gone = (await take(run, "B")).json()
    await run.client("kiosk").post(f"/api/v1/tickets/{gone['id']}/cancel", headers=fresh_key())
    answer = await mine(run)
    items = answer.json()["items"]

    assert [(one["service_id"], one["state"]) for one in items] == [("A", "waiting"), ("J", "waiting")]
    assert {tuple(one["slip"]["labels"]) for one in items} == {("补打",)}
    assert other["id"] not in answer.text
    assert resident(1) not in answer.text
    assert (await mine(run, who=3)).json()["items"] == []


async def test_my_place_says_how_many_are_ahead_and_where_it_was_called_to(run: Running) -> None:
    for who in (1, 2):
        await take(run, "A", who=who)
    (second,) = (await mine(run, who=2)).json()["items"]
    clerk = await run.person("operator")
    called = (await clerk.post("/api/v1/windows/3/call-next", json={}, headers=fresh_key())).json()
    (first,) = (await mine(run)).json()["items"]

    assert (second["ahead"], second["window"]) == (1, None)
    assert (called["id"], first["state"], first["window"], first["ahead"]) == (first["id"], "called", "3", 0)


async def test_an_impossible_id_number_is_refused(run: Running) -> None:
    body = {"citizen": {"id_number": "123"}}
    answer = await run.client("kiosk").post("/api/v1/tickets:mine", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "id-invalid")
