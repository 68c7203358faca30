"""Booking ahead over HTTP: who may, what is told, how often, and that the API keeps no secrets in answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from devices.runtime.toml_settings import SettingsError
from queue_server.adapters.hall_file import load_hall
from queue_server.application.expire_day import expire_day
from queue_server.domain.appointment_rules import AppointmentRules
from queue_server.domain.errors import Denied
from queue_server.http.public_rate import Allowance, PublicRate
from tests.queue_server.booking import resident
from tests.queue_server.serving import ROOT, Running, fresh_key, running, ticket_body

START = "2026-11-24T09:00:00+08:00"
PHONE = "13800000000"


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    cheap = {"TINGTONG_ACCOUNTS__ARGON2_MEMORY_KIB": "8192", "TINGTONG_ACCOUNTS__ARGON2_TIME_COST": "1"}
    async with running(tmp_path, **cheap) as made:
        await set_clock(made, "2026-11-23T10:00:00+08:00")
        yield made


async def set_clock(run: Running, text: str) -> None:
    assert (await run.client().post("/lab/api/clock", json={"now": text})).status_code == 200


async def book(run: Running, who: int = 1, start: str = START, **more: object) -> httpx.Response:
    citizen = {"name": "张三丰", "id_number": resident(who)}
    body = {"service_id": "A", "start": start, "citizen": citizen, "phone": PHONE, **more}
    return await run.client().post("/api/v1/appointments", json=body, headers=fresh_key())


async def test_a_booking_tells_code_place_and_times_and_nobodys_name(run: Running) -> None:
    answer = await book(run)
    told = answer.json()

    assert answer.status_code == 201
    assert told["start"] == START
    assert told["checkin_from"] == "2026-11-24T08:30:00+08:00"
    assert told["checkin_until"] == "2026-11-24T09:15:00+08:00"
    assert told["cancel_until"] == "2026-11-24T07:00:00+08:00"
    assert told["qr"] == f"tingtong:appointment:{told['code']}"
    assert (told["floor"], told["windows_en"]) == ("1F", "Windows 3-9")
    assert not any(secret in answer.text for secret in ("张", resident(1), PHONE))


async def test_a_repeat_with_the_same_key_books_once(run: Running) -> None:
    citizen = {"name": "张三丰", "id_number": resident(1)}
    body = {"service_id": "A", "start": START, "citizen": citizen}
    key = fresh_key()
    first, again = [await run.client().post("/api/v1/appointments", json=body, headers=key) for _ in range(2)]

    assert first.json()["code"] == again.json()["code"]
    assert again.headers["idempotent-replay"] == "true"


async def test_slots_tell_what_is_left_and_an_unknown_service_is_404(run: Running) -> None:
    await book(run)
    client = run.client()
    found = (await client.get("/api/v1/appointments/slots?service=A&day=2026-11-24")).json()
    unknown = await client.get("/api/v1/appointments/slots?service=none")

    assert [day["date"] for day in found["days"]] == ["2026-11-24"]
    first = found["days"][0]["slots"][0]
    assert (first["start"], first["capacity"] - first["left"]) == (START, 1)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "service-unknown")


async def test_check_in_answers_as_a_new_ticket_does_and_a_second_time_with_the_same(run: Running) -> None:
    code = (await book(run)).json()["code"]
    kiosk = run.client("kiosk")
    public = await run.client().post(f"/api/v1/appointments/{code}/check-in")
    early = await kiosk.post(f"/api/v1/appointments/{code}/check-in")
    await set_clock(run, "2026-11-24T08:45:00+08:00")
    made = await kiosk.post(f"/api/v1/appointments/{code}/check-in", json={"terminal": "QK01"})
    by_card = await kiosk.post("/api/v1/appointments/check-in", json={"citizen": {"id_number": resident(1)}})
    as_ticket = await kiosk.post("/api/v1/tickets", json=ticket_body("B", appointment=code))

    assert public.status_code == 401
    assert (early.status_code, early.json()["opens_at"]) == (409, "2026-11-24T00:30:00+00:00")
    assert (made.status_code, by_card.status_code, as_ticket.status_code) == (201, 200, 201)
    assert {one.json()["id"] for one in (made, by_card, as_ticket)} == {made.json()["id"]}
    assert made.json()["slip"]["labels"] == ["网上预约"]


async def test_the_public_proves_a_booking_to_cancel_it_and_staff_need_not(run: Running) -> None:
    codes = [(await book(run, who)).json()["code"] for who in (1, 2)]
    public, staff = run.client(), await run.person("operator")
    without = await public.post(f"/api/v1/appointments/{codes[0]}/cancel")
    proven = await public.post(f"/api/v1/appointments/{codes[0]}/cancel", json={"id_tail": resident(1)[-4:]})
    by_staff = await staff.post(f"/api/v1/appointments/{codes[1]}/cancel")

    assert (without.status_code, without.json()["code"]) == (404, "appointment-not-found")
    assert proven.json()["state"] == by_staff.json()["state"] == "cancelled"
    assert proven.json()["token"] is None


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_another_site_cannot_book_or_cancel_in_somebodys_browser(
    run: Running, headers: dict[str, str]
) -> None:
    client = run.client()
    for path in ("/api/v1/appointments", "/api/v1/appointments/ABCDEFGH/cancel"):
        body = {"service_id": "A", "start": START, "citizen": {"name": "x", "id_number": resident(1)}}
        answer = await client.post(path, headers=headers, json=body if path.endswith("ments") else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_one_address_is_stopped_and_told_when_to_come_again_and_kiosks_are_not(run: Running) -> None:
    public = run.client(peer="10.0.0.9")
    answers = [await public.post("/api/v1/appointments/ABCDEFGH/cancel") for _ in range(30)]
    other = await run.client(peer="10.0.0.10").post("/api/v1/appointments/ABCDEFGH/cancel")
    kiosk = [
        await run.client("kiosk", peer="10.0.0.9").post("/api/v1/appointments/ABCDEFGH/check-in")
        for _ in range(30)
    ]

    assert {one.status_code for one in answers[:20]} == {404}
    stopped = next(one for one in answers if one.status_code == 429)
    assert stopped.json()["code"] == "rate-limited"
    assert 1 <= int(stopped.headers["retry-after"]) <= 3
    assert other.status_code == 404
    assert {one.status_code for one in kiosk} == {404}


def test_the_bucket_fills_again_with_time_and_never_above_its_burst() -> None:
    rate, allowance = PublicRate(), Allowance(burst=2, per_minute=6)
    for now_s in (0.0, 0.0, 10.0, 1000.0, 1000.0):
        rate.take("a", allowance, now_s)
    with pytest.raises(Denied) as stopped:
        rate.take("a", allowance, 1000.0)

    assert stopped.value.values["retry_after_s"] == 10
    rate.take("b", allowance, 1000.0)


def test_many_strangers_do_not_fill_the_memory_and_who_was_stopped_stays_stopped() -> None:
    rate, allowance = PublicRate(), Allowance(burst=1, per_minute=1)
    for n in range(5000):
        rate.take(f"stranger {n}", allowance, float(n) / 1000)

    with pytest.raises(Denied):
        rate.take("stranger 4999", allowance, 5.0)


async def test_the_phone_is_told_to_staff_alone_and_each_sight_is_in_the_audit(run: Running) -> None:
    code = (await book(run)).json()["code"]
    operator, auditor = await run.person("operator"), await run.person("auditor")
    told = await operator.get(f"/api/v1/appointments/{code}/phone")
    refused = await run.client("kiosk").get(f"/api/v1/appointments/{code}/phone")
    rows = (await auditor.get("/api/v1/audit?action=appointment-phone")).json()["items"]

    assert told.json() == {"phone": PHONE}
    assert refused.status_code == 403
    assert [row["actor"] for row in rows] == ["operator:operator1"]


async def test_nothing_kept_in_the_database_names_a_citizen_or_a_phone(run: Running, tmp_path: Path) -> None:
    code = (await book(run)).json()["code"]
    await set_clock(run, "2026-11-24T09:00:00+08:00")
    await run.client("kiosk").post(f"/api/v1/appointments/{code}/check-in")
    await book(run, 2, "2026-11-25T09:00:00+08:00")
    await set_clock(run, "2026-11-26T09:00:00+08:00")
    await run.server.store.change(expire_day)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("hall.db*"))

    assert code.encode() in kept
    for secret in ("张三丰", resident(1), resident(2), PHONE):
        assert secret.encode() not in kept


async def test_the_qr_code_is_drawn_for_any_code(run: Running) -> None:
    answer = await run.client().get("/api/v1/appointments/abcd-efgh/qr.svg")

    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.content.startswith(b"<svg")


def hall_with(tmp_path: Path, old: str, new: str) -> Path:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "hall.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_hall_file_says_the_rules_of_booking(tmp_path: Path) -> None:
    assert load_hall(ROOT / "config/demo/hall.toml").appointment == AppointmentRules()
    changed = load_hall(hall_with(tmp_path, "cancel_before_min = 120", "cancel_before_min = 30"))
    assert changed.appointment == AppointmentRules(cancel_before_min=30)


@pytest.mark.parametrize(
    "new, told",
    [
        ("cancel_before_minutes = 120", r"hall\.toml.*cancel_before_min"),
        ("cancel_before_min = -1", r"hall\.toml.*cancel_before_min"),
        ("cancel_before_min = 120\ndays_ahead_mix = 3", r"hall\.toml.*days_ahead_m"),
    ],
)
def test_a_wrong_rule_of_booking_is_named(tmp_path: Path, new: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_hall(hall_with(tmp_path, "cancel_before_min = 120", new))
