"""What a refusal says: one language throughout, and pages answer people with a page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from queue_server.domain.closed import closed_now
from queue_server.domain.errors import CATALOGUE, NotAllowed, QueueError
from queue_server.domain.ticket import TRANSITIONS, Action, State
from queue_server.domain.words import ACTIONS, PATTERNS, PHRASES, STATES
from tests.queue_server.halls import MONDAY, small_hall
from tests.queue_server.serving import ROOT, Running, running, ticket_body

NOT_REFUSALS = {"openapi.py"}
"""Its sentences are examples in the English description."""
LATIN_WORD = re.compile(r"[a-z]{2,}(-[a-z]+)*")


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


def test_every_state_and_action_has_a_chinese_word_of_its_own() -> None:
    assert set(State) | {"free"} <= set(STATES)
    assert set(Action) | {"rate", "reprint"} <= set(ACTIONS)
    assert len(set(ACTIONS.values())) == len(ACTIONS)


@pytest.mark.parametrize(
    "state, action", [(s, a) for s in State for a in Action if (s, a) not in TRANSITIONS]
)
def test_a_refused_step_is_said_in_one_language(state: State, action: Action) -> None:
    refusal = NotAllowed(number="A001", state=state.value, action=action.value)

    assert LATIN_WORD.findall(refusal.detail("zh")) == []
    assert refusal.detail("en").isascii()
    assert f"is {state.value}: {action.value}" in refusal.detail("en")


@pytest.mark.parametrize("code", CATALOGUE)
def test_no_sentence_mixes_languages(code: str) -> None:
    zh, en = (re.sub(r"\{\w+\}", "", text) for text in CATALOGUE[code])

    assert en.isascii()
    assert LATIN_WORD.findall(re.sub(r"/api/docs", "", zh)) == []


REMEDY_ZH = re.compile("请|须|起取号")
"""起取号: from when tickets are given out again."""
REMEDY_EN = re.compile(
    r"[:;.,] (?:or )?(?:please )?"
    r"(?:act|add|ask|book|call|check|choose|correct|enter|go there|put|refresh|resume|see|send|sign|start|"
    r"take|tell|they sign out|tickets from|try|use|wait|pass it|please do not)\b|^Sign in|if you cannot come",
    re.IGNORECASE,
)
FILLED_BY = {"service-closed": closed_now, "quota-exhausted": closed_now}
"""Codes whose remedy comes with the reason: when tickets are given out again."""


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_refusal_tells_what_to_do_in_both_languages(code: str) -> None:
    values: dict[str, object] = {}
    if code in FILLED_BY:
        hall = small_hall(always_open=False)
        closed = FILLED_BY[code](hall, "A", MONDAY + timedelta(hours=3))
        assert closed is not None
        values = {"why": closed.zh, "why_en": closed.en}
    told = QueueError(code, **values)

    assert REMEDY_ZH.search(told.detail("zh"))
    assert REMEDY_EN.search(told.detail("en"))


def test_a_sentence_that_only_says_what_is_wrong_has_no_remedy() -> None:
    for zh, en in (
        ("没有这个号段。", "No such lease."),
        ("取号数量已达上限(3张)。", "The limit is reached."),
    ):
        assert not REMEDY_ZH.search(zh)
        assert not REMEDY_EN.search(en)


@pytest.mark.parametrize(
    "reason", ["no printer is known", "the MQTT broker is away", "window 9", "printer-1 is offline"]
)
def test_a_reason_written_in_english_is_said_in_chinese(reason: str) -> None:
    told = QueueError("not-possible", reason=reason)

    assert reason in told.detail("en")
    assert re.search("[一-鿿]", told.detail("zh").partition(":")[2])
    assert reason not in told.detail("zh")


def reasons_written_in_the_code() -> list[tuple[str, str]]:
    """Return (key, English) of every reason and thing that a refusal names; `{…}` is made a plain word."""
    found = []
    for path in (ROOT / "queue_server").rglob("*.py"):
        if path.name in NOT_REFUSALS:
            continue
        for call in re.findall(r"(?:QueueError|Refused|NotFound|Denied)\(([^\n]*)", path.read_text("utf-8")):
            found += re.findall(r'(reason|what)=f?"([^"{]+)(?:"|\{)', call)
    return [(key, text) for key, text in found if " " in text.strip()]


def test_every_reason_written_in_the_code_begins_like_one_that_has_chinese() -> None:
    known = [*PHRASES, *(one.pattern.replace("\\", "") for one, _ in PATTERNS)]
    reasons = reasons_written_in_the_code()

    assert len(reasons) > 15
    assert [text for _, text in reasons if not any(one.startswith(text.split("{")[0]) for one in known)] == []


async def test_an_empty_window_refuses_in_the_language_asked_for(run: Running) -> None:
    staff = await run.person("supervisor")
    zh = (await staff.post("/api/v1/windows/5/finish")).json()
    en = (await staff.post("/api/v1/windows/5/finish", headers={"Accept-Language": "en"})).json()

    assert (zh["state"], zh["action"]) == ("free", "finish")
    assert zh["detail"].startswith("5号窗口 当前为“空闲”,不能“办结”")
    assert en["detail"].startswith("window 5 is free: finish is not allowed")


@pytest.mark.parametrize(
    "body, zh, en",
    [
        ({"channel": "kiosk"}, "body.service_id 缺少此项", "body.service_id: Field required"),
        (ticket_body(colour="red"), "body.colour 没有此项", "body.colour: Extra inputs are not permitted"),
        (ticket_body(priority="KING"), "没有优先类别 KING", "priority 'KING' is not known"),
    ],
)
async def test_a_mistake_in_a_body_is_named_in_the_language_asked_for(
    run: Running, body: dict[str, object], zh: str, en: str
) -> None:
    kiosk = run.client("kiosk")
    said = [
        (await kiosk.post("/api/v1/tickets", json=body, headers={"Accept-Language": language})).json()[
            "detail"
        ]
        for language in ("zh", "en")
    ]

    assert zh in said[0]
    assert en in said[1]


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json"])
@pytest.mark.parametrize(
    "path", ["/wall?view=nonsense", f"/wall?zone={'z' * 65}", "/wall?layout=upside-down"]
)
async def test_a_page_answers_a_wrong_address_with_a_page_and_the_remedy(
    run: Running, path: str, accept: str
) -> None:
    answer = await run.client().get(path, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert "请点下面的按钮" in answer.text
    assert 'href="/wall?lang=zh"' in answer.text
    assert "nonsense" not in answer.text


async def test_the_api_answers_a_wrong_query_with_a_problem(run: Running) -> None:
    answer: httpx.Response = await run.client().get(
        "/api/v1/board?view=nonsense", headers={"Accept": "text/html"}
    )

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "validation"
