"""Leases over HTTP: blocks of numbers, what was issued from them, orders that were never answered."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from queue_server.application.expire_day import expire_day
from tests.queue_server.halls import MONDAY
from tests.queue_server.serving import Running, at, fresh_key, running, ticket_body

PERSON = {"name": "张三", "id_number": "11010519491231002X", "birth": "1949-12-31"}


_days = itertools.count()
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("leases")) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def run(server: Running) -> Running:
    """The server, on a business day of the test's own: numbers, lines and limits begin anew."""
    server.server.clock.move_to(MONDAY + timedelta(days=2 * next(_days)))  # type: ignore[union-attr]
    await server.server.store.change(expire_day)
    return server


@pytest_asyncio.fixture(loop_scope="module")
async def kiosk(run: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with run.client("kiosk") as client:
        yield client


async def lease(kiosk: httpx.AsyncClient, **wanted: Any) -> dict[str, Any]:
    answer = await kiosk.post("/api/v1/leases", json={"services": ["A", "B"], **wanted}, headers=fresh_key())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def item(taken: dict[str, Any], nth: int = 0, service: int = 0, **more: Any) -> dict[str, Any]:
    """Return the nth ticket of a lease's service, issued when the lease was made."""
    leased = taken["services"][service]
    number = f"{leased['prefix']}{leased['first'] + nth:0{leased['digits']}d}"
    return {
        "key": f"r-{number}",
        "service_id": leased["service_id"],
        "number": number,
        "issued_at": taken["made_at"],
        **more,
    }


async def sync(kiosk: httpx.AsyncClient, taken: dict[str, Any], *items: dict[str, Any], **more: Any) -> Any:
    answer = await kiosk.post(
        f"/api/v1/leases/{taken['id']}/sync", json={"items": list(items), **more}, headers=fresh_key()
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def issue(kiosk: httpx.AsyncClient, service: str = "A", **more: Any) -> httpx.Response:
    return await kiosk.post("/api/v1/tickets", json=ticket_body(service, **more), headers=fresh_key())


async def waiting(run: Running, service: str) -> list[str]:
    store = run.server.store
    return [one.number for one in await store.change(lambda tx: tx.line(service, 100))]


async def test_the_day_begins_with_the_first_number_though_a_block_is_out(kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk, size=7)
    online = (await issue(kiosk)).json()["number"]

    assert (taken["services"][0]["first"], taken["services"][0]["last"]) == (601, 607)
    assert online == "A001"


async def test_the_same_key_gets_the_same_lease(kiosk: httpx.AsyncClient) -> None:
    key = fresh_key()
    first = await kiosk.post("/api/v1/leases", json={"services": ["A"]}, headers=key)
    again = await kiosk.post("/api/v1/leases", json={"services": ["A"]}, headers=key)

    assert first.json() == again.json()
    assert again.headers["Idempotent-Replay"] == "true"


async def test_all_services_are_leased_with_what_their_paper_needs(kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk, services="all")

    assert len(taken["services"]) > 10
    for one in taken["services"]:
        assert one["name"]
        assert one["windows_text"]
        assert one["spans"]
    assert taken["hall"]
    assert at(taken["expires_at"]) > at(taken["made_at"])


async def test_who_took_an_offline_ticket_earlier_stands_before_who_took_one_online(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    taken = await lease(kiosk)
    run.server.clock.advance(600)  # type: ignore[union-attr]
    online = (await issue(kiosk)).json()["number"]
    said = await sync(kiosk, taken, item(taken, 0), item(taken, 1))

    assert await waiting(run, "A") == ["A601", "A602", online]
    assert [one["accepted"] for one in said["items"]] == [True, True]
    assert all("/t/" in one["track_url"] for one in said["items"])


async def test_an_item_sent_again_is_the_same_ticket(run: Running, kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk)
    first = await sync(kiosk, taken, item(taken))
    again = await sync(kiosk, taken, item(taken), item(taken, 1))

    assert again["items"][0]["ticket_id"] == first["items"][0]["ticket_id"]
    assert await waiting(run, "A") == ["A601", "A602"]


async def test_only_the_foreign_number_of_a_batch_is_refused(run: Running, kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk, size=2)
    said = await sync(
        kiosk,
        taken,
        item(taken, 0),
        item(taken, 2),
        item(taken, 0, key="another"),
        item(taken, 1, number="A2"),
        item(taken, 1, service_id="nothing"),
        item(taken, 1),
    )

    assert [one["code"] for one in said["items"]] == [
        "",
        "validation",
        "validation",
        "validation",
        "service-unknown",
        "",
    ]
    assert await waiting(run, "A") == ["A601", "A602"]


async def test_what_would_be_refused_online_stands_in_the_line_with_a_mark(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    taken = await lease(kiosk)
    said = await sync(kiosk, taken, item(taken, 0, citizen=PERSON), item(taken, 1, citizen=PERSON))
    events = await run.server.store.read(lambda view: view.events(0, 1000))

    assert [one["mark"] for one in said["items"]] == ["", "ticket-already-waiting"]
    assert sorted(await waiting(run, "A")) == ["A601", "A602"]
    assert [one.reason for one in events if one.name.value == "ticket-issued"][-2:] == [
        "offline",
        "offline: ticket-already-waiting",
    ]


async def test_who_holds_an_offline_ticket_gets_no_second_one_online(kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk)
    await sync(kiosk, taken, item(taken, citizen=PERSON))

    assert (await issue(kiosk, citizen=PERSON)).json()["code"] == "ticket-already-waiting"


async def test_a_ticket_of_yesterday_is_recorded_and_expired(run: Running, kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk)
    run.server.clock.advance(86400)  # type: ignore[union-attr]
    said = await sync(kiosk, taken, item(taken, print="printed"))
    ticket = await run.server.store.read(lambda view: view.ticket(said["items"][0]["ticket_id"]))

    assert (ticket.state.value, ticket.day, ticket.lease) == ("expired", taken["day"], taken["id"])
    assert await waiting(run, "A") == []


async def test_a_wrong_clock_cannot_put_a_ticket_outside_the_leases_life(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    taken = await lease(kiosk)
    long_ago = (at(taken["made_at"]) - timedelta(days=3)).isoformat()
    far_away = (at(taken["made_at"]) + timedelta(days=3)).isoformat()
    said = await sync(kiosk, taken, item(taken, 0, issued_at=long_ago), item(taken, 1, issued_at=far_away))
    ids = [one["ticket_id"] for one in said["items"]]
    made = [await run.server.store.read(lambda view, one=one: view.ticket(one)) for one in ids]  # type: ignore[misc]

    assert made[0].issued_at == at(taken["made_at"])
    assert made[1].issued_at <= run.server.clock.now()


@pytest.mark.parametrize("lease_id", ["l_0000000000000000", "x"])
async def test_an_unknown_lease_is_said_so(kiosk: httpx.AsyncClient, lease_id: str) -> None:
    answer = await kiosk.post(f"/api/v1/leases/{lease_id}/sync", json={"items": []}, headers=fresh_key())

    assert (answer.status_code, answer.json()["code"]) == (404, "lease-unknown")


async def test_one_lease_too_many_closes_the_oldest_whose_tickets_still_count(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    taken = [await lease(kiosk, size=1) for _ in range(run.server.hall.leases.max_open + 1)]
    said = await sync(kiosk, taken[0], item(taken[0]))

    assert said["closed"] is True
    assert said["items"][0]["accepted"] is True
    assert (await sync(kiosk, taken[1]))["closed"] is False


async def test_places_of_a_cap_go_with_the_lease_and_come_back_with_its_closing(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    capped = next(one.id for one in run.server.hall.services.values() if one.caps.slots(noon(run)))

    async def count() -> int:
        taken = await run.server.store.read(
            lambda view: view.slots_taken(run.server.hall.business_day(now(run)))
        )
        return sum(taken.get(capped, {}).values())

    taken = await lease(kiosk, services=[capped], size=4)
    leased = await count()
    await sync(kiosk, taken, item(taken))
    handed_in = await count()
    await sync(kiosk, taken, close=True)

    shares = sum(one["places"] for one in taken["services"][0]["places"])
    assert (leased, handed_in) == (shares, shares)
    assert 0 < await count() < shares


def now(run: Running) -> Any:
    return run.server.clock.now()


def noon(run: Running) -> Any:
    return now(run).astimezone(run.server.hall.timezone)


async def test_a_settled_order_makes_no_ticket_when_it_comes_late(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    settled = await kiosk.post("/api/v1/tickets:settle", json={"key": "late-1"}, headers=fresh_key())
    late = await kiosk.post("/api/v1/tickets", json=ticket_body(), headers={"Idempotency-Key": "late-1"})

    assert settled.json()["outcome"] == "refused"
    assert late.json()["code"] == "idempotency-mismatch"
    assert await waiting(run, "A") == []


async def test_settling_an_order_that_was_done_cancels_its_ticket(
    run: Running, kiosk: httpx.AsyncClient
) -> None:
    made = await kiosk.post("/api/v1/tickets", json=ticket_body(), headers={"Idempotency-Key": "done-1"})
    settled = await kiosk.post("/api/v1/tickets:settle", json={"key": "done-1"}, headers=fresh_key())
    again = await kiosk.post("/api/v1/tickets:settle", json={"key": "done-1"}, headers=fresh_key())

    assert (settled.json()["outcome"], settled.json()["ticket_id"]) == ("cancelled", made.json()["id"])
    assert again.json()["outcome"] == "kept"
    assert await waiting(run, "A") == []


async def test_settling_a_key_under_the_same_key_is_refused_and_changes_nothing(
    kiosk: httpx.AsyncClient,
) -> None:
    own = {"Idempotency-Key": "itself"}
    settled = await kiosk.post("/api/v1/tickets:settle", json={"key": "itself"}, headers=own)
    later = await kiosk.post("/api/v1/tickets:settle", json={"key": "itself"}, headers=fresh_key())

    assert (settled.status_code, settled.json()["code"]) == (422, "validation")
    assert later.json()["outcome"] == "refused"


async def test_one_ticket_may_be_handed_in_like_an_order(run: Running, kiosk: httpx.AsyncClient) -> None:
    taken = await lease(kiosk)
    run.server.clock.advance(600)  # type: ignore[union-attr]
    online = (await issue(kiosk)).json()["number"]
    offline = {"offline": {"lease_id": taken["id"], "number": "A603"}, "issued_at": taken["made_at"]}
    first, again = [(await issue(kiosk, **offline)).json() for _ in range(2)]
    foreign = await issue(kiosk, offline={"lease_id": taken["id"], "number": online})
    unknown = await issue(kiosk, offline={"lease_id": "none", "number": "A603"})

    assert (first["number"], first["id"]) == ("A603", again["id"])
    assert await waiting(run, "A") == ["A603", online]
    assert [one.json()["code"] for one in (foreign, unknown)] == ["validation", "lease-unknown"]


async def test_nobody_is_named_in_what_is_kept_or_logged_of_a_sync(
    run: Running, kiosk: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    taken = await lease(kiosk)
    said = await sync(kiosk, taken, item(taken, citizen=PERSON), item(taken, 99, citizen=PERSON))

    assert PERSON["id_number"] not in str(said) + caplog.text
    assert PERSON["name"] not in str(said) + caplog.text
