"""The audit: what is recorded, that nothing in it can be changed unnoticed, and that it names no citizen."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_server.__main__ import main
from queue_server.adapters import audit_sqlite
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.audit import (
    FIRST,
    TRACE,
    AuditFilter,
    AuditRow,
    Head,
    Told,
    chained,
    first_broken,
    link,
)
from queue_server.application.call_next import call_next
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Outcome, RequestKey, Tx
from queue_server.application.sign import sign_in
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.errors import QueueError
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall
from tests.queue_server.serving import Running, demo_file, fresh_key, running, ticket_body

AnyStore = MemoryStore | SqliteStore
texts = st.text(max_size=12)
maybe = st.none() | texts
rows = st.builds(AuditRow, st.just(0), texts, texts, texts, texts, maybe, maybe, texts, texts, st.just(""))


def chain(plain: list[AuditRow]) -> list[AuditRow]:
    head, made = Head(), []
    for row in plain:
        made.append(chained(head, row))
        head = Head(made[-1].seq, made[-1].hash)
    return made


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyStore]:
    made: AnyStore
    identity, clock = Identity(b"k" * 32), FixedClock(MONDAY)
    if request.param == "memory":
        made = MemoryStore(small_hall(), clock, identity)
    else:
        made = SqliteStore(tmp_path / "hall.db", small_hall(), clock, identity)
    yield made
    await made.close()


async def audit_of(store: AnyStore, **wanted: object) -> list[AuditRow]:
    return await store.read(lambda view: view.audit(AuditFilter(**wanted)))  # type: ignore[arg-type]


def issue(tx: Tx) -> Outcome:
    return Outcome(201, issue_ticket(tx, TicketIn(service_id="A", channel=Channel.KIOSK)).id)


# ---- the chain -----------------------------------------------------------------------------------


@given(st.lists(rows, max_size=6))
def test_an_untouched_chain_is_sound_to_its_end(plain: list[AuditRow]) -> None:
    made = chain(plain)

    assert first_broken(made, len(made)) == (None, Head(len(made), made[-1].hash if made else FIRST))


@given(st.lists(rows, min_size=1, max_size=6), st.data())
def test_any_changed_field_of_any_row_is_found(plain: list[AuditRow], data: st.DataObject) -> None:
    made = chain(plain)
    index = data.draw(st.integers(0, len(made) - 1))
    name = data.draw(st.sampled_from(["at", "actor", "source", "action", "ticket", "window", "result"]))
    value = data.draw(texts.filter(lambda text: text != getattr(made[index], name)))
    made[index] = replace(made[index], **{name: value})  # type: ignore[arg-type]

    broken, head = first_broken(made, len(made))
    assert broken is not None
    assert (broken.seq, head.seq) == (index + 1, index)


@given(st.lists(rows, min_size=1, max_size=6), st.data())
def test_any_deleted_row_is_found(plain: list[AuditRow], data: st.DataObject) -> None:
    made = chain(plain)
    index = data.draw(st.integers(0, len(made) - 1))
    del made[index]

    broken, _ = first_broken(made, len(plain))
    assert broken is not None
    assert broken.seq == index + 1


@given(st.lists(rows, min_size=2, max_size=6), st.data())
def test_rows_in_another_order_are_found_even_when_renumbered(
    plain: list[AuditRow], data: st.DataObject
) -> None:
    made = chain(plain)
    one = data.draw(st.integers(0, len(made) - 2))
    other = data.draw(st.integers(one + 1, len(made) - 1))
    made[one], made[other] = replace(made[other], seq=one + 1), replace(made[one], seq=other + 1)

    broken, _ = first_broken(made, len(made))
    assert broken is not None
    assert broken.seq == one + 1


def test_the_hash_is_what_the_documentation_says() -> None:
    at = "2026-11-23T02:00:00.000000+00:00"
    row = AuditRow(1, at, "kiosk:QK01", "10.0.0.7", "POST /tickets", None, None, "ok", "", "")

    # docs/security-privacy.md shows how sha256sum computes the same
    assert link(FIRST, row) == "d5c445dba1840a51e938dcb73d07d5b5918f90a0188670e0a4376f582cea5ed8"


# ---- what the stores record ----------------------------------------------------------------------


async def test_a_write_and_its_row_are_one_transaction(store: AnyStore) -> None:
    await store.change(lambda tx: sign_in(tx, "1", "wang"), "operator:wang")
    await store.change(issue, "kiosk:QK01")
    ticket = await store.change(lambda tx: call_next(tx, "1"), "operator:wang")

    called, issued, signed = await audit_of(store)
    assert (called.actor, called.action, called.window) == ("operator:wang", "ticket-called", "1")
    assert ticket is not None
    assert called.ticket == issued.ticket == ticket.id
    assert (signed.action, signed.result, signed.source) == ("window-changed", "ok", "server")


async def test_a_refusal_is_recorded_with_its_code_and_changes_nothing_else(store: AnyStore) -> None:
    trace = TRACE.set(lambda: Told("POST /windows/{window_id}/call-next", "10.0.0.9", window="1"))
    with pytest.raises(QueueError):
        await store.change(lambda tx: call_next(tx, "1"), "operator:wang")
    TRACE.reset(trace)

    (row,) = await audit_of(store)
    assert (row.result, row.window, row.source) == ("window-not-signed-in", "1", "10.0.0.9")
    assert row.action == "POST /windows/{window_id}/call-next"
    assert await store.read(lambda view: view.seq) == 0


async def test_a_repeated_request_is_recorded_once(store: AnyStore) -> None:
    key = RequestKey("k", "kiosk:QK01", "digest")
    trace = TRACE.set(lambda: Told("POST /tickets", "10.0.0.7"))
    first = await store.run(key, issue)
    again = await store.run(key, issue)
    TRACE.reset(trace)

    assert (first.body, again.replayed) == (again.body, True)
    assert len(await audit_of(store)) == 1


async def test_a_job_that_changes_nothing_and_says_nothing_leaves_no_row(store: AnyStore) -> None:
    await store.change(lambda tx: tx.set_cursor("relay", 7), "system")

    assert await audit_of(store) == []


async def test_rows_are_found_by_time_actor_action_and_page(store: AnyStore) -> None:
    for actor in ("kiosk:QK01", "kiosk:QK02", "kiosk:QK01"):
        await store.change(issue, actor)

    assert [row.seq for row in await audit_of(store, actor="kiosk:QK01")] == [3, 1]
    assert [row.seq for row in await audit_of(store, before=3, limit=1)] == [2]
    assert await audit_of(store, action="ticket-called") == []
    assert await audit_of(store, since=MONDAY, until=MONDAY) == []
    assert len(await audit_of(store, since=MONDAY)) == 3


# ---- the file ------------------------------------------------------------------------------------


async def filled(path: Path, count: int = 3) -> None:
    store = SqliteStore(path, small_hall(), FixedClock(MONDAY), Identity(b"k" * 32))
    for _ in range(count):
        await store.change(issue, "kiosk:QK01")
    await store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'nobody' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2",
        "INSERT INTO audit SELECT 9, at, actor, source, action, ticket, window, result, detail, hash"
        " FROM audit WHERE seq = 2",
    ],
)
async def test_the_database_itself_refuses_to_change_the_audit(tmp_path: Path, statement: str) -> None:
    await filled(tmp_path / "hall.db")

    with sqlite3.connect(tmp_path / "hall.db") as db, pytest.raises(sqlite3.IntegrityError, match="append"):
        db.execute(statement)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
async def test_a_file_changed_with_force_is_found_at_its_first_broken_row(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("audit") / "hall.db"
    await filled(path, 4)
    seq = data.draw(st.integers(1, 4))
    force = data.draw(
        st.sampled_from(
            [
                "UPDATE audit SET result = 'no' WHERE seq = ?",
                "UPDATE audit SET at = '2020' WHERE seq = ?",
                "DELETE FROM audit WHERE seq = ?",
                "DELETE FROM audit WHERE seq >= ?",
            ]
        )
    )
    with sqlite3.connect(path) as db:
        for trigger in ("audit_no_update", "audit_no_delete"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute(force, (seq,))

    broken, _ = audit_sqlite.verify(path)
    assert broken is not None
    assert broken.seq == seq


async def test_a_chain_made_anew_does_not_fit_a_head_that_was_written_down(tmp_path: Path) -> None:
    await filled(tmp_path / "true.db")
    await filled(tmp_path / "false.db")
    _, known = audit_sqlite.verify(tmp_path / "true.db")

    assert audit_sqlite.verify(tmp_path / "true.db", known)[0] is None
    assert audit_sqlite.verify(tmp_path / "false.db", known)[0] is not None


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    await filled(tmp_path / "hall.db", 2)
    await filled(tmp_path / "hall.db", 2)

    broken, head = audit_sqlite.verify(tmp_path / "hall.db")
    assert (broken, head.seq) == (None, 4)


def test_the_command_says_sound_or_names_the_first_broken_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    config = str(demo_file(tmp_path))
    asyncio.run(filled(tmp_path / "hall.db"))
    assert main(["audit", "verify", "--config", config]) == 0
    head = capsys.readouterr().out.split()[-1]
    assert main(["audit", "verify", "--head", head, "--config", config]) == 0
    assert main(["audit", "verify", "--head", f"2:{'0' * 64}", "--config", config]) == 1
    with sqlite3.connect(tmp_path / "hall.db") as db:
        db.execute("DROP TRIGGER audit_no_update")
        db.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    assert main(["audit", "verify", "--config", config]) == 1

    assert "row 2" in capsys.readouterr().err.splitlines()[-1]


# ---- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


async def newest(run: Running, **query: str) -> list[dict[str, object]]:
    answer = await (await run.person("auditor")).get("/api/v1/audit", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def test_a_request_is_recorded_with_who_where_what_and_result(run: Running) -> None:
    kiosk = run.client("kiosk", peer="10.1.2.3")
    made = (await kiosk.post("/api/v1/tickets", json=ticket_body(), headers=fresh_key())).json()
    await kiosk.post(f"/api/v1/tickets/{made['id']}/cancel")
    await kiosk.post(f"/api/v1/tickets/{made['id']}/cancel")

    found = await newest(run, actor="kiosk:demo-kiosk")
    assert [(row["action"], row["ticket"], row["result"]) for row in found] == [
        ("POST /tickets/{ticket_id}/cancel", made["id"], "not-allowed"),
        ("POST /tickets/{ticket_id}/cancel", made["id"], "ok"),
        ("POST /tickets", made["id"], "ok"),
    ]
    assert {row["source"] for row in found} == {"10.1.2.3"}


async def test_seeing_tickets_is_recorded_once_in_a_while(run: Running) -> None:
    operator = await run.person("operator")
    for _ in range(3):
        await operator.get("/api/v1/tickets")

    found = await newest(run, actor="operator:operator1", action="GET /tickets")
    assert len(found) == 1


async def test_the_audit_names_no_citizen_even_when_a_path_does(run: Running) -> None:
    citizen = {"name": "张三丰", "id_type": "resident", "id_number": RESIDENT}
    await run.client("kiosk").post("/api/v1/tickets", json=ticket_body(citizen=citizen))
    await (await run.person("operator")).post(f"/api/v1/windows/{RESIDENT}/call-next")
    await (await run.person("operator")).post("/api/v1/windows/13800138000/call-next")

    told = str(await newest(run, limit="1000"))
    assert "POST /tickets" in told
    for secret in (RESIDENT, "13800138000", "张三丰", "张**", "三丰"):
        assert secret not in told


async def test_pages_of_the_audit_follow_each_other(run: Running) -> None:
    for _ in range(4):
        await run.client("kiosk").post("/api/v1/tickets", json=ticket_body())
    auditor = await run.person("auditor")
    first = (await auditor.get("/api/v1/audit", params={"limit": 3})).json()
    second = (await auditor.get("/api/v1/audit", params={"limit": 3, "cursor": first["next"]})).json()

    seqs = [row["seq"] for row in first["items"] + second["items"]]
    assert seqs == list(range(seqs[0], seqs[0] - 6, -1))
