"""A window changes hands, a password is changed, and only the server says when a ticket is issued."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.hall_file import load_hall
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.application.announce import public_event
from queue_server.application.audit import AuditFilter
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.queries import ticket_out, windows
from queue_server.application.sign import sign_in
from queue_server.application.slip import make_slip
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import CallRules, Hall
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.serving import ROOT, Running, running, ticket_body

CHEAP = {"TINGTONG_ACCOUNTS__ARGON2_TIME_COST": "1", "TINGTONG_ACCOUNTS__ARGON2_MEMORY_KIB": "8192"}
PASSWORD = "/api/v1/auth/password"


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, **CHEAP) as made:
        yield made


def store_of(hall: Hall) -> MemoryStore:
    return MemoryStore(hall, FixedClock(MONDAY), Identity(b"k" * 32))


async def test_whoever_relieves_a_clerk_is_recorded_with_the_name_of_the_earlier_one(hall: Hall) -> None:
    store = store_of(hall)
    for clerk in ("wang", "wang", "li"):
        await store.change(lambda tx, clerk=clerk: sign_in(tx, "1", clerk), f"operator:{clerk}")  # type: ignore[misc]
    events = await store.read(lambda view: view.events(0, 10))
    rows = await store.read(lambda view: view.audit(AuditFilter()))

    assert [one.reason for one in events] == [None, None, "handed over"]
    assert [row.detail for row in rows if row.detail] == ["handed over from wang"]
    assert all(public_event(one).reason is None for one in events)


async def test_a_hall_may_refuse_to_take_a_window_over(hall: Hall) -> None:
    store = store_of(small_hall(calling=CallRules(takeover="refuse")))
    await store.change(lambda tx: sign_in(tx, "1", "wang"))
    with pytest.raises(QueueError) as caught:
        await store.change(lambda tx: sign_in(tx, "1", "li"))
    same = await store.change(lambda tx: sign_in(tx, "1", "wang"))

    assert (caught.value.error_code, same.operator) == ("window-taken", "wang")
    assert "wang" not in caught.value.detail("zh") + caught.value.detail("en")


async def test_who_needs_an_accessible_window_is_told_those_and_staff_see_it(tmp_path: Path) -> None:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    path = tmp_path / "hall.toml"
    path.write_text(
        text.replace('code = "DISABLED"', 'code = "DISABLED"\naccessible = true', 1), encoding="utf-8"
    )
    hall = load_hall(path, always_open=True)
    near = {window.id for window in hall.windows_of["A"] if window.accessible}
    store = store_of(hall)
    wanted = TicketIn(service_id="A", channel=Channel.CONSOLE, priority="DISABLED", priority_reason="证")
    ticket = await store.change(lambda tx: issue_ticket(tx, wanted))
    normal = await store.change(
        lambda tx: issue_ticket(tx, TicketIn(service_id="A", channel=Channel.CONSOLE))
    )
    slips = [make_slip(hall, one, 0, Estimate()).windows for one in (ticket, normal)]
    shown = await store.read(lambda view: windows(view, hall, MONDAY))

    assert near
    assert near < {window.id for window in hall.windows_of["A"]}
    assert slips[0] == "、".join(sorted(near)) + "号窗口"
    assert slips[1] != slips[0]
    assert (ticket_out(hall, ticket).accessible, ticket_out(hall, normal).accessible) == (True, False)
    assert {one.id for one in shown if one.accessible} >= near


async def test_ones_own_password_is_changed_and_all_other_logins_end(run: Running) -> None:
    here, there = await run.person("operator"), await run.person("operator")
    user = next(one for one in run.credentials["users"] if one["role"] == "operator")
    body = {"old": user["password"], "new": "a quite different one 7"}
    wrong = await here.post(PASSWORD, json={**body, "old": "not this"})
    weak = await here.post(PASSWORD, json={**body, "new": "aaaaaaaa"})
    changed = await here.post(PASSWORD, json=body)
    me = [(await one.get("/api/v1/auth/me")).status_code for one in (here, there)]
    logins = [
        (
            await run.client().post(
                "/api/v1/auth/login", json={"username": user["username"], "password": password}
            )
        ).status_code
        for password in (body["old"], body["new"])
    ]
    audit = (await (await run.person("auditor")).get("/api/v1/audit?action=password-changed")).json()

    assert (wrong.status_code, weak.status_code, changed.status_code) == (422, 422, 204)
    assert (me, logins) == ([200, 401], [401, 200])
    assert [row["actor"] for row in audit["items"]] == [f"operator:{user['username']}"]


async def test_a_ticket_dated_by_its_taker_is_refused_and_packages_are_listed(run: Running) -> None:
    kiosk = run.client("kiosk")
    dated = await kiosk.post("/api/v1/tickets", json=ticket_body(issued_at="2026-11-23T10:00:00+08:00"))
    packages = (await run.client().get("/api/v1/packages")).json()["items"]
    first = packages[0]
    taken = await kiosk.post("/api/v1/tickets", json={"channel": "kiosk", "package": first["id"]})
    both = await kiosk.post("/api/v1/tickets", json=ticket_body("A", package=first["id"]))
    staff = await run.person("operator")
    kept = (await staff.get(f"/api/v1/tickets/{taken.json()['id']}/history")).json()

    assert (dated.status_code, dated.json()["code"]) == (422, "validation")
    assert (both.status_code, both.json()["code"]) == (422, "validation")
    assert [one["service_id"] for one in taken.json()["stops"]] == [
        one["service_id"] for one in first["services"][1:]
    ]
    assert [one["state"] for one in kept["periods"]] == ["waiting"]
