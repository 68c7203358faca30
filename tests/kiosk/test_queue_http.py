"""The queue server by HTTP, with a server made of one function."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from zoneinfo import ZoneInfo

import httpx
import pytest

from kiosk.adapters.queue_http import QueueHttp
from kiosk.flows.hall import Package
from kiosk.flows.intake_words import Citizen, Paper, Stop
from kiosk.ports import Printed, Refused, Unreachable

CITIZEN = Citizen("张三", "resident", "990000199001011234", masked_name="张*")
ISSUED = {
    "id": "t1",
    "number": "B001",
    "service_id": "B",
    "service": "不动产登记",
    "zone": "不动产区",
    "windows": ["8", "9"],
    "ahead": 3,
    "estimate": {"low_s": 60, "likely_s": 90, "high_s": 120},
    "issued_at": "2026-11-23T09:41:00+08:00",
    "track_url": "",
    "ticket_text": "",
    "slip": {"hall": "厅", "number": "B001", "service": "不动产登记", "issued_at": "09:41", "floor": "1F"},
}
Answer = Callable[[httpx.Request], httpx.Response]


def problem(status: int, code: str, title: str = "不行") -> httpx.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": "", "code": code}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


def queue(*answers: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> QueueHttp:
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    async def no_pause(_: float) -> None:
        return None

    return QueueHttp(
        "http://127.0.0.1:1",
        "secret",
        "QK01",
        zone=ZoneInfo("Asia/Shanghai"),
        transport=httpx.MockTransport(answer),
        sleep=no_pause,
    )


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_body() -> None:
    seen: list[httpx.Request] = []
    api = queue(httpx.ReadTimeout("slow"), httpx.Response(201, json=ISSUED), seen=seen)
    ticket = await api.issue("r1", "B", CITIZEN, "en")

    assert (ticket.id, ticket.number, ticket.floor, ticket.windows) == ("t1", "B001", "1F", ("8", "9"))
    assert [r.headers["Idempotency-Key"] for r in seen] == ["r1", "r1"]
    assert seen[0].content == seen[1].content
    assert seen[0].headers["Accept-Language"] == "en"
    assert json.loads(seen[0].content)["terminal"] == "QK01"


async def test_a_refusal_brings_the_servers_sentence_and_is_not_repeated() -> None:
    seen: list[httpx.Request] = []
    api = queue(problem(409, "ticket-already-waiting", "您已有号码在等候"), seen=seen)

    with pytest.raises(Refused) as refused:
        await api.issue("r1", "B", CITIZEN, "zh")
    assert (refused.value.code, refused.value.title, len(seen)) == (
        "ticket-already-waiting",
        "您已有号码在等候",
        1,
    )


async def test_a_busy_server_is_asked_again() -> None:
    api = queue(problem(503, "server-busy"), problem(429, "rate-limited"), httpx.Response(201, json=ISSUED))

    assert (await api.issue("r1", "B", None, "zh")).number == "B001"


async def test_patience_has_an_end() -> None:
    api = queue(*[httpx.ConnectError("no")] * 4)

    with pytest.raises(Unreachable):
        await api.issue("r1", "B", None, "zh")


@pytest.mark.parametrize(
    "answer", [httpx.Response(201, text="<html>"), httpx.Response(502, text="bad gateway")]
)
async def test_nonsense_is_no_answer_and_its_error_quotes_nobody(answer: httpx.Response) -> None:
    api = queue(*[answer] * 4)

    with pytest.raises(Unreachable) as lost:
        await api.issue("r1", "B", CITIZEN, "zh")
    assert "张三" not in repr(lost.value)
    assert lost.value.__context__ is None or "张三" not in repr(lost.value.__context__)


async def test_each_print_job_is_told_under_its_own_key() -> None:
    seen: list[httpx.Request] = []
    api = queue(httpx.Response(200, json={}), httpx.Response(200, json={}), seen=seen)
    for job in (1, 2):
        await api.report_print("r1", "t1", job, Printed(Paper.FAILED, reason="paper-out"))

    assert [r.headers["Idempotency-Key"] for r in seen] == ["r1-print-1", "r1-print-2"]
    assert json.loads(seen[0].content) == {"outcome": "failed", "proof": "none", "reason": "paper-out"}


async def test_the_hall_is_made_of_board_and_services() -> None:
    service = {
        "id": "B",
        "prefix": "B",
        "name": "不动产登记",
        "en": "Real estate",
        "departments": [
            {"code": "D04", "name": "登记中心", "short": "不动产", "en": "Registry", "icon": "home"}
        ],
        "zone": "Z12",
        "zone_name": "不动产区",
        "floor": "1F",
        "open": True,
        "waiting": 7,
        "windows": ["8"],
    }
    board = {
        "at": "2026-11-23T09:41:00+08:00",
        "hall": {"site": "demo", "name": "厅", "en": "Hall", "demo": True, "notice": ""},
    }
    package = {
        "id": "P",
        "name": "一件事",
        "en": "One thing",
        "services": [{"service_id": "B", "name": "x", "en": "y"}],
    }
    answers = (board, {"items": [service], "next": None}, {"items": [package], "next": None})
    hall = await queue(*(httpx.Response(200, json=one) for one in answers)).hall()

    assert (hall.name, hall.demo, hall.departments[0].short, hall.services[0].waiting) == (
        "厅",
        True,
        "不动产",
        7,
    )
    assert hall.packages == (Package("P", "一件事", "One thing", ("B",)),)


async def test_a_card_asks_for_a_due_appointment_and_a_package_names_itself_only() -> None:
    seen: list[httpx.Request] = []
    api = queue(*[httpx.Response(201, json=ISSUED)] * 3, seen=seen)
    await api.issue("r1", "B", CITIZEN, "zh")
    await api.issue("r2", "B", None, "zh")
    await api.issue("r3", "B", CITIZEN, "zh", package="P")
    by_card, nobody, package = [json.loads(request.content) for request in seen]

    assert (by_card["use_appointment"], nobody["use_appointment"]) == (True, False)
    assert (package["package"], "service_id" in package, package["use_appointment"]) == ("P", False, False)


async def test_a_check_in_goes_by_the_card_or_by_the_code() -> None:
    seen: list[httpx.Request] = []
    api = queue(*[httpx.Response(201, json={**ISSUED, "booked": True})] * 2, seen=seen)
    ticket = await api.check_in("r1-in-1", CITIZEN, "", "en")
    await api.check_in("r1-in-2", None, "7K3WPQ9X", "en")

    assert [request.url.path for request in seen] == [
        "/api/v1/appointments/check-in",
        "/api/v1/appointments/7K3WPQ9X/check-in",
    ]
    assert [request.headers["Idempotency-Key"] for request in seen] == ["r1-in-1", "r1-in-2"]
    assert json.loads(seen[0].content)["citizen"]["id_number"] == CITIZEN.id_number
    assert ("citizen" in json.loads(seen[1].content), ticket.booked) == (False, True)


@pytest.mark.parametrize(
    ("opens_at", "said"),
    [("2026-11-23T01:30:00+00:00", "09:30"), ("2026-11-25T01:30:00+00:00", ""), ("soon", "")],
)
async def test_an_early_appointment_is_told_by_the_halls_clock_and_only_for_today(
    opens_at: str, said: str
) -> None:
    board = {
        "at": "2026-11-22T23:00:00+00:00",
        "hall": {"site": "demo", "name": "厅", "en": "Hall", "demo": True, "notice": ""},
    }
    early = {"type": "x", "title": "x", "status": 409, "code": "appointment-early", "opens_at": opens_at}
    nothing = httpx.Response(200, json={"items": []})
    api = queue(httpx.Response(200, json=board), nothing, nothing, httpx.Response(409, json=early))
    await api.hall()

    with pytest.raises(Refused) as refused:
        await api.check_in("r1-in-1", CITIZEN, "", "zh")
    assert refused.value.moment == said


async def test_my_places_tell_state_window_and_what_follows() -> None:
    stops = [{"service_id": "J", "name": "社会保险", "en": "Social insurance"}]
    mine = {**ISSUED, "state": "called", "window": "8", "stops": stops}
    (ticket,) = await queue(httpx.Response(200, json={"items": [mine]})).places(CITIZEN)

    assert (ticket.state, ticket.window, ticket.service_id) == ("called", "8", "B")
    assert ticket.stops == (Stop("社会保险", "Social insurance"),)


TRACKED = {
    "number": "B001",
    "state": "called",
    "service": "不动产登记",
    "service_en": "Real estate",
    "zone": "Z12",
    "window": "9",
    "ahead": 0,
    "estimate": {"low_s": 0, "likely_s": 0, "high_s": 0},
    "issued_at": "2026-11-23T09:41:00+08:00",
    "may_rate": False,
    "stops": [],
}


async def test_a_ticket_is_found_by_the_secret_on_its_paper() -> None:
    seen: list[httpx.Request] = []
    ticket = await queue(httpx.Response(200, json=TRACKED), seen=seen).place_of("mV0c-3Qm9_rZW5leGFt")

    assert seen[0].url.path == "/api/v1/track/mV0c-3Qm9_rZW5leGFt"
    assert (ticket.number, ticket.state, ticket.window, ticket.service_en) == (
        "B001",
        "called",
        "9",
        "Real estate",
    )
    assert (ticket.looked_up, ticket.slip) == (True, None)


async def test_an_unknown_ticket_is_refused_and_a_lost_answer_is_none() -> None:
    api = queue(problem(404, "not-found"), httpx.ConnectError("no"))

    with pytest.raises(Refused, match="not-found"):
        await api.place_of("mV0c3Qm9rZW5leGFt")
    with pytest.raises(Unreachable):
        await api.place_of("mV0c3Qm9rZW5leGFt")


async def test_no_log_tells_the_code_of_an_appointment(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "kiosk")
    with pytest.raises(Unreachable):
        await queue(*[httpx.ConnectError("no")] * 4).check_in("k", None, "7K3WPQ9X", "zh")

    assert len(caplog.records) == 4
    assert "7K3WPQ9X" not in str([one.__dict__ for one in caplog.records])
