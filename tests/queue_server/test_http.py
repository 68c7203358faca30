from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.queue_server.halls import OTHER_RESIDENT, RESIDENT
from tests.queue_server.serving import Running, fresh_key, running, ticket_body

CITIZEN = {"name": "张三", "id_number": RESIDENT}


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path, TINGTONG_CALLING__CALL_DEBOUNCE_S="0") as made:
        yield made


async def test_a_ticket_is_issued_with_all_that_paper_and_screen_need(run: Running) -> None:
    answer = await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("A", citizen=CITIZEN))

    told = answer.json()
    assert answer.status_code == 201
    assert (told["number"], told["ahead"], told["zone"]) == ("A001", 0, "Z11")
    assert told["windows"][:2] == ["4", "5"]
    assert told["estimate"]["low_s"] <= told["estimate"]["likely_s"] <= told["estimate"]["high_s"]
    assert told["slip"]["windows"] == "3-9号窗口"
    assert told["track_url"].endswith(f"/t/{told['track_url'].rsplit('/', 1)[1]}")
    assert RESIDENT not in answer.text


async def test_the_same_key_and_body_gets_the_same_answer_marked_as_a_replay(run: Running) -> None:
    kiosk, key = run.client("kiosk"), fresh_key()
    first = await kiosk.post("/api/v1/tickets", json=ticket_body(), headers=key)
    again = await kiosk.post("/api/v1/tickets", json=ticket_body(), headers=key)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"


async def test_nobody_waiting_is_204_and_stays_204_for_its_key(run: Running) -> None:
    staff, key = await run.person("operator"), fresh_key()
    first = await staff.post("/api/v1/windows/4/call-next", headers=key)
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
    again = await staff.post("/api/v1/windows/4/call-next", headers=key)
    fresh = await staff.post("/api/v1/windows/4/call-next", headers=fresh_key())

    assert (first.status_code, again.status_code, fresh.status_code) == (204, 204, 200)
    assert again.headers["Idempotent-Replay"] == "true"


async def test_the_whole_visit_goes_over_the_api(run: Running) -> None:
    kiosk, staff, tablet = run.client("kiosk"), await run.person("operator"), run.client("tablet")
    issued = (await kiosk.post("/api/v1/tickets", json=ticket_body("A", citizen=CITIZEN))).json()
    token = issued["track_url"].rsplit("/", 1)[1]
    printed = {"outcome": "printed", "proof": "process-id"}
    await kiosk.post(f"/api/v1/tickets/{issued['id']}/print-result", json=printed)
    called = (await staff.post("/api/v1/windows/4/call-next")).json()
    board = (await run.client().get("/api/v1/board")).json()
    bar = next(window for window in board["windows"] if window["id"] == "4")
    await staff.post("/api/v1/windows/4/start")
    done = (await staff.post("/api/v1/windows/4/finish", json={"outcome": "done"})).json()
    rated = await tablet.post(
        "/api/v1/evaluations", json={"ticket_id": issued["id"], "level": 5, "options": ["517"]}
    )
    twice = await run.client().post("/api/v1/evaluations", json={"token": token, "level": "satisfied"})
    track = (await run.client().get(f"/api/v1/track/{token}")).json()

    assert (called["number"], called["citizen"], called["print_state"]) == ("A001", "张*", "printed")
    assert (bar["text"], bar["state"], board["calls"][0]["number"]) == ("请A001到4号窗口", "calling", "A001")
    assert done["state"] == "done"
    assert (rated.status_code, rated.json()["level"]) == (201, "very-satisfied")
    assert (twice.status_code, twice.json()["code"]) == (409, "already-rated")
    assert (track["state"], track["may_rate"]) == ("done", False)


async def test_bars_say_what_their_window_does(run: Running) -> None:
    staff = await run.person("operator")
    await staff.post("/api/v1/windows/5/pause", json={"reason": "用餐"})
    await staff.post("/api/v1/windows/6/sign-out")
    windows = (await run.client().get("/api/v1/board?zone=Z11")).json()["windows"]

    assert {one["id"]: one["text"] for one in windows if one["id"] in "456"} == {
        "4": "欢迎光临!",
        "5": "暂停服务",
        "6": "未登录!",
    }


async def refusals(run: Running) -> dict[str, tuple[int, str]]:
    """Provoke what can be refused; return expected code -> (status, code)."""
    kiosk, staff = run.client("kiosk"), await run.person("operator")
    issue = "/api/v1/tickets"
    first = (await kiosk.post(issue, json=ticket_body("A", citizen=CITIZEN))).json()
    key = fresh_key()
    await kiosk.post(issue, json=ticket_body("C"), headers=key)
    await kiosk.post(issue, json=ticket_body("A"))
    other = {"name": "李四", "id_number": OTHER_RESIDENT}
    for service in ("A", "C", "D"):
        await kiosk.post(issue, json=ticket_body(service, citizen=other))
    await staff.post("/api/v1/windows/4/call-next")
    await staff.post("/api/v1/windows/9/sign-out")
    attempts = {
        "service-unknown": kiosk.post(issue, json=ticket_body("nope")),
        "ticket-already-waiting": kiosk.post(issue, json=ticket_body("A", citizen=CITIZEN)),
        "too-many-tickets": kiosk.post(issue, json=ticket_body("E", citizen=other)),
        "id-invalid": kiosk.post(issue, json=ticket_body("A", citizen={"id_number": "110105194912310021"})),
        "idempotency-mismatch": kiosk.post(issue, json=ticket_body("D"), headers=key),
        "validation": kiosk.post(issue, json=ticket_body("A", colour="red")),
        "not-found": staff.get("/api/v1/tickets/none"),
        "unauthenticated": run.client().post(issue, json=ticket_body()),
        "forbidden": run.client("display").post(issue, json=ticket_body()),
        "window-busy": staff.post("/api/v1/windows/4/call-next"),
        "window-not-signed-in": staff.post("/api/v1/windows/9/call-next"),
        "not-allowed": staff.post("/api/v1/windows/4/finish"),
        "nobody-waiting": staff.post("/api/v1/windows/5/resume-held"),
        "method-not-allowed": staff.put(issue),
        "not-possible": staff.post(f"/api/v1/tickets/{first['id']}/reprint"),
    }
    told = {}
    for code, attempt in attempts.items():
        answer = await attempt
        assert answer.headers["content-type"] == "application/problem+json", (code, answer.text)
        told[code] = (answer.status_code, answer.json()["code"])
    return told


async def test_each_refusal_has_its_own_code(run: Running) -> None:
    told = await refusals(run)

    assert {expected: code for expected, (_, code) in told.items()} == {code: code for code in told}
    assert {status for status, _ in told.values()} == {401, 403, 404, 405, 409, 422}


async def test_recalls_have_a_limit(run: Running) -> None:
    staff = await run.person("operator")
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
    await staff.post("/api/v1/windows/4/call-next")
    answers = [await staff.post("/api/v1/windows/4/recall") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 409]
    assert answers[-1].json()["code"] == "recall-limit"


async def test_a_closed_hall_issues_nothing_and_says_when_it_opens(tmp_path: Path) -> None:
    async with running(tmp_path, TINGTONG_DEMO__ALWAYS_OPEN="false") as run:
        clock = {"now": "2026-11-22T10:00:00+08:00"}
        await run.client().post("/lab/api/clock", json=clock)
        answer = await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
        services = (await run.client().get("/api/v1/services")).json()["items"]

    assert (answer.status_code, answer.json()["code"]) == (409, "service-closed")
    assert not any(service["open"] for service in services)


async def test_rules_of_the_call_key_follow_the_settings(tmp_path: Path) -> None:
    rules = {
        "TINGTONG_CALLING__NEXT_WHILE_PAUSED": "refuse",
        "TINGTONG_CALLING__NEXT_WHILE_CALLED": "no-show",
    }
    async with running(tmp_path, TINGTONG_CALLING__CALL_DEBOUNCE_S="0", **rules) as run:
        staff, kiosk = await run.person("operator"), run.client("kiosk")
        for _ in range(2):
            await kiosk.post("/api/v1/tickets", json=ticket_body())
        called = [(await staff.post("/api/v1/windows/4/call-next")).json()["number"] for _ in range(2)]
        await staff.post("/api/v1/windows/5/pause", json={"reason": "x"})
        paused = await staff.post("/api/v1/windows/5/call-next")

    assert called == ["A001", "A002"]
    assert (paused.status_code, paused.json()["code"]) == (409, "window-paused")


async def test_a_service_that_needs_a_card_says_so(tmp_path: Path) -> None:
    text = Path("config/demo/hall.toml").read_text(encoding="utf-8")
    hall = tmp_path / "hall.toml"
    hall.write_text(text.replace("id_required = false", "id_required = true", 1), encoding="utf-8")
    async with running(tmp_path, TINGTONG_HALL=str(hall)) as run:
        answer = await run.client("kiosk").post("/api/v1/tickets", json=ticket_body("A"))

    assert (answer.status_code, answer.json()["code"]) == (422, "id-required")


async def test_sentences_follow_the_language_and_codes_do_not(run: Running) -> None:
    kiosk = run.client("kiosk")
    body = ticket_body("nope")
    zh = (await kiosk.post("/api/v1/tickets", json=body)).json()
    en = (await kiosk.post("/api/v1/tickets", json=body, headers={"Accept-Language": "en-GB,zh"})).json()

    assert zh["code"] == en["code"] == "service-unknown"
    assert (zh["detail"], en["detail"]) == (
        "没有这项业务:nope,请重新选择。",
        "There is no service nope: choose another.",
    )


@pytest.mark.parametrize(
    "content, status", [(b"{", 400), (b"[]", 422), (b"\xff\xfe", 400), (b"{}", 422), (b"x" * 70_000, 413)]
)
async def test_a_malformed_body_is_a_problem_and_not_a_crash(
    run: Running, content: bytes, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await run.client("kiosk").post("/api/v1/tickets", content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, "validation")


@pytest.mark.parametrize("key", ["", "a b", "键", "x" * 129])
async def test_an_idempotency_key_must_be_visible_ascii(run: Running, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = await run.client("kiosk").post("/api/v1/tickets", json=ticket_body(), headers=headers)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (422, "validation")


async def test_an_unknown_path_of_the_api_is_a_problem(run: Running) -> None:
    answer = await run.client().get("/api/v1/nothing")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


async def test_lists_come_in_pages(run: Running) -> None:
    kiosk, staff = run.client("kiosk"), await run.person("operator")
    for _ in range(5):
        await kiosk.post("/api/v1/tickets", json=ticket_body())
    page = (await staff.get("/api/v1/tickets?limit=3&service=A&state=waiting")).json()
    rest = (await staff.get(f"/api/v1/tickets?limit=3&service=A&cursor={page['next']}")).json()

    assert [one["number"] for one in page["items"]] == ["A005", "A004", "A003"]
    assert ([one["number"] for one in rest["items"]], rest["next"]) == (["A002", "A001"], None)


async def test_the_pages_of_documentation_load_nothing_from_outside(run: Running) -> None:
    page = (await run.client().get("/api/docs")).text
    openapi = (await run.client().get("/api/openapi.json")).json()

    assert "/api/v1/windows/{window_id}/call-next" in page
    assert "src=" not in page
    assert "https://" not in page
    assert openapi["paths"]["/api/v1/tickets"]["post"]["responses"]["201"]


async def test_health_readiness_and_metrics_answer(run: Running) -> None:
    client = run.client()

    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).status_code == 200
    assert "tingtong_event_seq 62" in (await client.get("/metrics")).text


async def test_a_window_may_call_by_itself(run: Running) -> None:
    staff = await run.person("operator")
    answer = await staff.post("/api/v1/windows/4/auto-call", json={"on": True})
    stream = run.server.app.state.context.hub.stream(62, run.server.app.state.hall_reader.board_json)
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())

    assert answer.json()["auto_call"] is True
    async for chunk in stream:
        if b"event: ticket-called" in chunk:
            assert b'"window":"4"' in chunk
            break
    await stream.aclose()
