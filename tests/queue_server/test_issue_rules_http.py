"""What citizens and programs are told of the issue rules, and the `blacklist` command."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path

import pytest

from queue_server.__main__ import main
from tests.queue_server.halls import RESIDENT
from tests.queue_server.serving import ROOT, Running, at, demo_file, running, ticket_body

CLOSED_HALL = {"TINGTONG_DEMO__ALWAYS_OPEN": "false", "TINGTONG_DEMO__AUTO_SIGN_IN": "false"}
CITIZEN = {"name": "测试人", "id_number": RESIDENT}


async def service(run: Running, service_id: str) -> dict[str, object]:
    items = (await run.client().get("/api/v1/services")).json()["items"]
    found: dict[str, object] = next(one for one in items if one["id"] == service_id)
    return found


async def set_clock(run: Running, text: str) -> None:
    answer = await run.client().post("/lab/api/clock", json={"now": text})
    assert answer.status_code == 200, answer.text


async def test_services_tell_why_they_are_closed_and_when_they_open(tmp_path: Path) -> None:
    async with running(tmp_path, **CLOSED_HALL) as run:
        await set_clock(run, "2026-10-02T10:00:00+08:00")
        holiday = await service(run, "A")
        await set_clock(run, "2026-11-23T09:30:00+08:00")
        opened = await service(run, "A")

    assert (holiday["open"], holiday["closed_code"], holiday["left_today"]) == (False, "holiday", 0)
    assert holiday["closed_reason"] == "国庆节放假,10月8日(周四)08:45起取号"
    assert holiday["closed_reason_en"] == "Closed for National Day. Tickets from Thu 8 Oct 08:45."
    assert at(str(holiday["opens_at"])) == at("2026-10-08T08:45:00+08:00")
    assert (opened["open"], opened["closed_reason"], opened["opens_at"]) == (True, "", None)
    assert opened["left_today"] == 70 + 50


async def test_a_service_whose_numbers_are_gone_is_closed_until_the_afternoon(tmp_path: Path) -> None:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    hall = tmp_path / "hall.toml"
    hall.write_text(text.replace("cap_am = 70", "cap_am = 2"), encoding="utf-8")
    async with running(tmp_path, TINGTONG_HALL=str(hall), **CLOSED_HALL) as run:
        await set_clock(run, "2026-11-23T09:30:00+08:00")
        kiosk = run.client("kiosk")
        codes = [(await kiosk.post("/api/v1/tickets", json=ticket_body("A"))).status_code for _ in range(2)]
        refused = await kiosk.post("/api/v1/tickets", json=ticket_body("A"))
        told = await service(run, "A")
        board = (await run.client().get("/api/v1/board")).json()

    assert codes == [201, 201]
    assert (refused.status_code, refused.json()["code"]) == (409, "quota-exhausted")
    assert at(refused.json()["opens_at"]) == at("2026-11-23T12:00:00+08:00")
    assert (told["open"], told["closed_code"], told["left_today"]) == (False, "quota", 50)
    assert {one["id"]: one["open"] for one in board["services"]}["A"] is False
    assert {one["id"]: one["open"] for one in board["services"]}["G"] is True


async def test_the_problem_of_a_second_ticket_says_which_one_can_be_printed_again(tmp_path: Path) -> None:
    async with running(tmp_path) as run:
        kiosk, operator = run.client("kiosk"), await run.person("operator")
        first = (await kiosk.post("/api/v1/tickets", json=ticket_body("A", citizen=CITIZEN))).json()
        answers = [
            await kiosk.post("/api/v1/tickets", json=ticket_body("A", citizen=CITIZEN)),
            await operator.post(
                "/api/v1/tickets", json=ticket_body("A", citizen=CITIZEN) | {"channel": "console"}
            ),
        ]

    for answer in answers:
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "ticket-already-waiting")
        assert (problem["number"], problem["ticket_id"]) == (first["number"], first["id"])
        assert RESIDENT not in answer.text


async def test_each_department_has_its_own_matters(tmp_path: Path) -> None:
    async with running(tmp_path) as run:
        relief = await service(run, "N")

    owned = relief["matters_of"]
    assert isinstance(owned, dict)
    assert owned["D14"] == ["残疾人证新办", "残疾人基本型辅助器具适配申请"]
    assert "最低生活保障" in owned["D09"]
    assert sorted(name for names in owned.values() for name in names) == sorted(relief["matters"])  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('["13:00", "17:00"]', '["17:00", "13:00"]', "ends before it begins"),
        ("date = 2027-01-01", "date = 2027-13-01", "hall.toml"),
        ('department = "D02"', 'department = "D32"', "a matter of service A names department 'D32'"),
        ("cap_am = 70", "cap_am = -1", "cap_am"),
        ('\nkind = "holiday"', '\nkind = "feast"', "kind"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "hall.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    config = tmp_path / "server.toml"
    config.write_text("hall = 'hall.toml'\n")

    assert main(["check-config", "--config", str(config)]) == 1
    assert told in capsys.readouterr().err


def blacklist(config: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, number: str = RESIDENT) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
    return main(["blacklist", *arguments, "--config", str(config)])


def test_a_person_is_barred_listed_and_let_in_again_by_a_number_from_stdin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = demo_file(tmp_path)
    assert blacklist(config, monkeypatch, "list") == 0
    assert blacklist(config, monkeypatch, "add", "--until", "2126-12-31", "--reason", "no-shows") == 0
    assert blacklist(config, monkeypatch, "list") == 0
    assert blacklist(config, monkeypatch, "remove") == 0
    assert blacklist(config, monkeypatch, "list") == 0

    out = capsys.readouterr().out.splitlines()
    assert out[0] == "nobody"
    assert out[2].endswith("until 2126-12-31  no-shows")
    assert out[3:] == ["removed", "nobody"]
    with sqlite3.connect(tmp_path / "hall.db") as db:
        actions = [row[0] for row in db.execute("SELECT action FROM audit ORDER BY seq")]
        assert actions == ["blacklist-add", "blacklist-remove"]
    assert not [path for path in tmp_path.iterdir() if RESIDENT.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("arguments", "number", "told"),
    [
        (["add"], RESIDENT, "--until"),
        (["add", "--until", "2126-12-31"], "123", "ID number is not valid"),
        (["add", "--until", "2020-01-01"], RESIDENT, "2020-01-01 is over"),
        (["add", "--until", "2126-12-31", "--reason", "x" * 81], RESIDENT, "80"),
        (["remove"], RESIDENT, "not on the list"),
    ],
)
def test_a_mistake_with_the_blacklist_is_one_line_without_the_number(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    number: str,
    told: str,
) -> None:
    assert blacklist(demo_file(tmp_path), monkeypatch, *arguments, number=number) == 1
    error = capsys.readouterr().err
    assert told in error
    assert number not in error
    assert error.count("\n") == 1
