"""Who may do what, and how they prove who they are."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.queue_server.serving import Running, running, ticket_body

MACHINES = {"kiosk", "tablet", "display", "integration"}
STAFF = {"operator", "supervisor", "admin"}
EVERYBODY = {*MACHINES, *STAFF, "auditor"}
ISSUERS = {"kiosk", *STAFF}
READERS = {*STAFF, "auditor"}
SUPERVISORS = {"supervisor", "admin"}
PUBLIC = "public"
OWN = "/api/v1/"
ACTS = (
    *("sign-in", "sign-out", "pause", "resume", "auto-call", "call-next", "call", "recall", "start"),
    *("finish", "no-show", "hold", "resume-held", "transfer"),
)
ROLES: dict[str, set[str] | str] = {
    "POST tickets": ISSUERS,
    "GET tickets": READERS,
    "GET tickets/{ticket_id}": READERS,
    "GET tickets/{ticket_id}/history": READERS,
    "POST tickets/{ticket_id}/void-paper": STAFF,
    "POST tickets/{ticket_id}/cancel": ISSUERS,
    "POST tickets/{ticket_id}/requeue": ISSUERS,
    "POST tickets/{ticket_id}/print-result": ISSUERS,
    "POST tickets/{ticket_id}/reprint": STAFF,
    "POST tickets:settle": {"kiosk"},
    "POST tickets:mine": ISSUERS,
    "POST leases": {"kiosk"},
    "POST leases/{lease_id}/sync": {"kiosk"},
    "GET windows": READERS,
    "GET windows/{window_id}": READERS,
    **{f"POST windows/{{window_id}}/{act}": STAFF for act in ACTS},
    "GET services": PUBLIC,
    "GET appointments/slots": PUBLIC,
    "POST appointments": PUBLIC,
    "POST appointments/{code}/cancel": PUBLIC,
    "GET appointments/{code}/qr.svg": PUBLIC,
    "POST appointments/check-in": ISSUERS,
    "POST appointments/{code}/check-in": ISSUERS,
    "GET appointments/{code}/phone": STAFF,
    "GET packages": PUBLIC,
    "GET board": PUBLIC,
    "GET track/{token}": PUBLIC,
    "POST evaluations": {"tablet", "admin"},
    "GET events": EVERYBODY,
    "GET devices": STAFF,
    "POST devices/{device_id}/commands": SUPERVISORS,
    "POST auth/login": PUBLIC,
    "POST auth/logout": PUBLIC,
    "GET auth/me": EVERYBODY,
    "POST auth/password": {*STAFF, "auditor"},
    "GET audit": {"auditor"},
    "GET statistics/{kind}": SUPERVISORS,
    "GET webhooks": {"admin"},
    "POST webhooks": {"admin"},
    "DELETE webhooks/{hook_id}": {"admin"},
    "POST webhooks/{hook_id}/test": {"admin"},
    "GET webhooks/{hook_id}/deliveries": {"admin"},
    "GET webhooks/{hook_id}/dead": {"admin"},
    "POST webhooks/{hook_id}/dead/{n}/retry": {"admin"},
    "GET users": {"admin"},
    "POST users": {"admin"},
    "POST users/{username}/remove": {"admin"},
    "POST users/{username}/unlock": {"admin"},
    "POST users/{username}/totp": {"admin"},
    "POST users/{username}/totp-off": {"admin"},
    "POST users/{username}/card": {"admin"},
    "POST users/{username}/card-off": {"admin"},
    "GET tokens": {"admin"},
    "POST tokens": {"admin"},
    "POST tokens/{name}/rotate": {"admin"},
    "POST tokens/{name}/revoke": {"admin"},
}
"""Who is let in, for every route of the OpenAPI below /api/v1.  A new route needs a line here."""
BODIES: dict[str, object] = {
    "POST tickets": ticket_body(),
    "POST tickets/{ticket_id}/print-result": {"outcome": "printed"},
    "POST windows/{window_id}/pause": {"reason": "x"},
    "POST windows/{window_id}/auto-call": {"on": False},
    "POST windows/{window_id}/call": {"ticket_id": "none"},
    "POST windows/{window_id}/transfer": {"service_id": "A"},
    "POST appointments": {
        "service_id": "A",
        "start": "2026-11-24T09:00:00+08:00",
        "citizen": {"name": "x", "id_number": "11010519491231002X"},
    },
    "POST appointments/check-in": {"citizen": {"id_number": "11010519491231002X"}},
    "POST tickets:mine": {"citizen": {"id_number": "11010519491231002X"}},
    "POST evaluations": {"ticket_id": "none", "level": 5},
    "POST devices/{device_id}/commands": {"name": "beep", "window": "1"},
    "POST users": {"username": "new", "password": "long enough", "role": "operator"},
    "POST users/{username}/card": {"card": "0" * 64},
    "POST tokens": {"name": "new", "role": "display"},
    "POST webhooks": {"url": "http://receiver.example/hook"},
    "POST auth/password": {"old": "none", "new": "another long one"},
    "POST auth/login": {"username": "nobody", "password": "none"},
}
FILLED = {"window_id": "62", "kind": "day", "n": "1"}


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


async def status(run: Running, client: httpx.AsyncClient, route: str) -> int:
    """Return the status of a route: read off the first message, for one of them never ends."""
    method, path = route.split()
    filled = OWN + re.sub(r"{(\w+)}", lambda found: FILLED.get(found[1], "none"), path)
    if route == "GET events":
        return await first_status(run, client, filled)
    body = BODIES.get(route)
    return (await client.request(method, filled, json=body)).status_code


async def first_status(run: Running, client: httpx.AsyncClient, path: str) -> int:
    request = client.build_request("GET", path)
    client.cookies.set_cookie_header(request)
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8080),
        "scheme": "http",
        "http_version": "1.1",
        "asgi": {"version": "3.0"},
        "root_path": "",
    }
    seen: list[int] = []
    started = asyncio.Event()

    async def receive() -> dict[str, object]:
        await started.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])
            started.set()

    await run.server.app(scope, receive, send)
    return seen[0]


def api_routes(run: Running) -> set[str]:
    """Return every route of the OpenAPI below /api/v1: `POST tickets/{ticket_id}/cancel`."""
    return {
        f"{method.upper()} {path.removeprefix(OWN)}"
        for path, methods in run.server.app.openapi()["paths"].items()
        if path.startswith(OWN)
        for method in methods
    }


async def test_the_table_has_every_route_of_the_api(run: Running) -> None:
    assert api_routes(run) == set(ROLES)


@pytest.mark.parametrize("role", sorted(EVERYBODY))
async def test_a_role_is_let_in_where_the_table_says_and_nowhere_else(run: Running, role: str) -> None:
    client = await run.any_role(role)
    guarded = {route: roles for route, roles in ROLES.items() if roles != PUBLIC}
    let_in = {route for route in guarded if await status(run, client, route) not in (401, 403)}

    assert let_in == {route for route, roles in guarded.items() if role in roles}


async def test_nobody_gets_in_without_proof_but_where_everybody_may(run: Running) -> None:
    refused = {
        route
        for route in ROLES
        if route != "POST auth/login" and await status(run, run.client(), route) == 401
    }

    assert refused == {route for route, roles in ROLES.items() if roles != PUBLIC}


async def test_a_wrong_token_is_refused_even_where_none_is_needed(run: Running) -> None:
    client = run.client()
    client.headers["Authorization"] = "Bearer nonsense"

    assert (await client.get("/api/v1/auth/me")).status_code == 401


async def test_public_paths_need_no_proof(run: Running) -> None:
    for path in ("/api/v1/board", "/api/v1/services", "/healthz"):
        assert (await run.client().get(path)).status_code == 200


async def test_me_tells_who_is_asking(run: Running) -> None:
    person = (await (await run.person("operator")).get("/api/v1/auth/me")).json()
    machine = (await run.client("kiosk").get("/api/v1/auth/me")).json()

    assert (person["username"], person["role"]) == ("operator1", "operator")
    assert (machine["username"], machine["role"]) == ("demo-kiosk", "kiosk")


async def test_after_logging_out_the_cookie_is_worth_nothing(run: Running) -> None:
    client = await run.person("operator")
    cookie = client.cookies["tingtong_session"]
    await client.post("/api/v1/auth/logout")
    client.cookies.set("tingtong_session", cookie)

    assert (await client.get("/api/v1/windows")).status_code == 401


async def test_the_session_cookie_is_kept_from_scripts_and_other_sites(run: Running) -> None:
    user = run.credentials["users"][0]
    login = {"username": user["username"], "password": user["password"]}
    answer = await run.client().post("/api/v1/auth/login", json=login)

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "headers, expected",
    [
        ({}, 204),
        ({"Origin": "http://127.0.0.1:8080"}, 204),
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_cookies_write_must_come_from_our_own_pages(
    run: Running, headers: dict[str, str], expected: int
) -> None:
    client = await run.person("operator")

    answer = await client.post("/api/v1/windows/62/call-next", headers=headers)

    assert answer.status_code == expected


async def test_a_token_may_write_from_anywhere(run: Running) -> None:
    headers = {"Origin": "http://evil.example"}
    answer = await run.client("kiosk").post("/api/v1/tickets", json=ticket_body(), headers=headers)

    assert answer.status_code == 201


async def test_five_wrong_passwords_lock_an_account_for_a_while(run: Running) -> None:
    client = run.client()
    user = run.credentials["users"][0]
    wrong = {"username": user["username"], "password": "wrong"}
    right = {"username": user["username"], "password": user["password"]}
    for _ in range(5):
        assert (await client.post("/api/v1/auth/login", json=wrong)).json()["code"] == "unauthenticated"
    locked = await client.post("/api/v1/auth/login", json=right)
    await client.post("/lab/api/clock", json={"advance_s": 16 * 60})
    later = await client.post("/api/v1/auth/login", json=right)

    assert (locked.status_code, locked.json()["code"]) == (423, "locked-out")
    assert later.status_code == 200


async def test_an_unknown_name_is_answered_like_a_wrong_password(run: Running) -> None:
    answer = await run.client().post("/api/v1/auth/login", json={"username": "x", "password": "y"})

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_too_many_logins_in_a_minute_are_slowed_down(run: Running) -> None:
    client = run.client()
    codes = set()
    for _ in range(62):
        answer = await client.post("/api/v1/auth/login", json={"username": "x", "password": "y"})
        codes.add(answer.json()["code"])

    assert "rate-limited" in codes


async def test_a_wall_may_follow_events_after_its_page_was_opened(run: Running) -> None:
    client = run.client()
    before = await client.get("/api/v1/windows")
    page = await client.get("/wall")
    context = run.server.app.state.context
    passes = context.accounts.by_pass(client.cookies["tingtong_screen"])

    assert (before.status_code, page.status_code) == (401, 200)
    assert passes is not None
    assert passes.role == "display"
    assert (await client.get("/api/v1/windows")).status_code == 401


async def test_an_open_tablet_may_rate_and_a_closed_one_may_not(tmp_path: Path) -> None:
    statuses = {}
    for opened in ("true", "false"):
        async with running(tmp_path / opened, TINGTONG_HTTP__OPEN_TABLETS=opened) as run:
            client = run.client()
            await client.get("/tablet/4")
            answer = await client.post("/api/v1/evaluations", json={"ticket_id": "none", "level": 5})
            statuses[opened] = answer.status_code

    assert statuses == {"true": 404, "false": 401}


@pytest.mark.parametrize(
    "peer, host, expected",
    [
        ("127.0.0.1", "127.0.0.1:8080", 200),
        ("127.0.0.1", "localhost", 200),
        ("10.1.2.3", "127.0.0.1:8080", 403),
        ("127.0.0.1", "evil.example:8080", 403),
    ],
)
async def test_the_lab_answers_this_machine_only(run: Running, peer: str, host: str, expected: int) -> None:
    answer = await run.client(peer=peer).get("/lab/api/credentials", headers={"Host": host})

    assert answer.status_code == expected


async def test_there_is_no_lab_where_machines_are_real(tmp_path: Path) -> None:
    async with running(tmp_path, TINGTONG_LAB__ENABLED="false") as run:
        assert (await run.client().get("/lab/api/credentials")).status_code == 404


async def test_forwarded_headers_prove_nothing(run: Running) -> None:
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    answer = await run.client(peer="10.1.2.3").get("/lab/api/credentials", headers=headers)

    assert answer.status_code == 403
