"""Signing in: locks, limits of sessions, second factors, tokens; and what is forgotten when it is old."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pyotp
import pytest

from queue_server.__main__ import main
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.audit import AuditFilter
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Outcome, RequestKey, TicketFilter, Tx, View
from queue_server.application.retention import Keep
from queue_server.bootstrap.retention import forget_old
from queue_server.contracts.auth import Role
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.errors import Denied, QueueError
from queue_server.http.account_rules import AccountRules
from queue_server.http.accounts import Accounts
from queue_server.http.second_factor import step_of
from tests.queue_server.halls import MONDAY, RESIDENT, small_hall
from tests.queue_server.serving import Running, demo_file, running

CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8192}
PASSWORD = "correct horse"
T = TypeVar("T")


@dataclass
class Door:
    """Accounts whose every clock the test moves."""

    store: MemoryStore
    hall_clock: FixedClock
    clock: FixedClock
    accounts: Accounts
    now_s: list[float] = field(default_factory=lambda: [1000.0])

    async def code(self, password: str = PASSWORD, **more: str) -> str:
        """Try to sign wang in; return the refusal's code, or a cookie."""
        try:
            return (await self.accounts.login("wang", password, **more))[0]
        except Denied as error:
            return error.error_code

    def pass_time(self, by_s: float) -> None:
        """Let time go on for every clock."""
        self.hall_clock.advance(by_s)
        self.clock.advance(by_s)
        self.now_s[0] += by_s


async def door_with(**rules: object) -> Door:
    hall_clock, clock, now_s = FixedClock(MONDAY), FixedClock(MONDAY), [1000.0]
    store = MemoryStore(small_hall(), hall_clock, Identity(b"k" * 32))
    accounts = Accounts(
        store,
        hall_clock,
        {},
        rules=AccountRules(**{**CHEAP, **rules}),  # type: ignore[arg-type]
        session_clock=clock,
        derive=Identity(b"k" * 32).derived,
        seconds=lambda: now_s[0],
    )
    await accounts.add_user("wang", PASSWORD, Role.SUPERVISOR)
    return Door(store, hall_clock, clock, accounts, now_s)


@pytest.fixture
async def door() -> Door:
    return await door_with()


async def test_the_fifth_wrong_password_locks_and_the_lock_ends(door: Door) -> None:
    tried = [await door.code("wrong") for _ in range(5)]
    locked = await door.code()
    door.pass_time(15 * 60 - 1)
    still = await door.code()
    door.pass_time(2)

    assert (set(tried), locked, still) == ({"unauthenticated"}, "locked-out", "locked-out")
    assert len(await door.code()) == 32


async def test_a_right_password_takes_the_failures_back(door: Door) -> None:
    for _ in range(3):
        for _ in range(4):
            await door.code("wrong")
        assert len(await door.code()) == 32
        door.pass_time(61)


async def test_an_administrator_opens_a_locked_account(door: Door) -> None:
    for _ in range(5):
        await door.code("wrong")
    await door.accounts.unlock("wang", "admin:boss")

    assert len(await door.code()) == 32


async def test_failures_are_limited_for_each_name_and_address() -> None:
    door = await door_with(failures_per_minute=3, lock_after=100)
    for _ in range(3):
        await door.code("wrong", address="10.0.0.1")
    limited = await door.code(address="10.0.0.1")
    elsewhere = await door.code(address="10.0.0.2")
    door.pass_time(61)

    assert (limited, len(elsewhere)) == ("rate-limited", 32)
    assert len(await door.code(address="10.0.0.1")) == 32


async def test_one_address_cannot_use_up_the_logins_of_all() -> None:
    door = await door_with(logins_per_address=4, logins_per_minute=6, lock_after=100)
    for _ in range(4):
        await door.code("wrong", address="10.0.0.1")
    limited = await door.code(address="10.0.0.1")

    assert (limited, len(await door.code(address="10.0.0.2"))) == ("rate-limited", 32)


async def test_a_session_that_is_not_used_ends(door: Door) -> None:
    cookie = await door.code()
    for _ in range(3):
        door.pass_time(119 * 60)
        assert await door.accounts.by_session(cookie) is not None
    door.pass_time(121 * 60)

    assert await door.accounts.by_session(cookie) is None
    assert await door.accounts.by_session(cookie) is None


async def test_a_session_ends_after_its_hours_however_much_it_is_used(door: Door) -> None:
    cookie = await door.code()
    alive = []
    for _ in range(13):
        door.pass_time(3600)
        alive.append(await door.accounts.by_session(cookie) is not None)

    assert alive == [True] * 11 + [False] * 2


async def test_moving_the_halls_clock_logs_nobody_out(door: Door) -> None:
    cookie = await door.code()
    door.hall_clock.advance(30 * 24 * 3600)
    door.accounts.forget_known()
    await door.code()

    assert await door.accounts.by_session(cookie) is not None


@pytest.mark.parametrize(
    "password, told", [("short", "at least 8"), ("aaaaaaaaaaa", "too few"), ("xWANGx1234", "user name")]
)
async def test_a_password_that_is_guessed_at_once_is_refused(door: Door, password: str, told: str) -> None:
    with pytest.raises(QueueError, match=told) as caught:
        await door.accounts.add_user("wang", password, Role.OPERATOR)

    assert password not in str(caught.value)


async def test_a_new_password_signs_the_person_out(door: Door) -> None:
    cookie = await door.code()
    await door.accounts.add_user("wang", "another horse", Role.SUPERVISOR)

    assert await door.accounts.by_session(cookie) is None


# ---- second factor -------------------------------------------------------------------------------

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, the SHA-1 seed in base 32


@pytest.mark.parametrize(
    "at_s, code", [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_are_those_of_rfc_6238(at_s: int, code: str) -> None:
    assert step_of(RFC_SECRET, code, datetime.fromtimestamp(at_s, UTC)) == at_s // 30


async def test_whoever_has_a_second_factor_needs_it_and_each_code_opens_once(door: Door) -> None:
    secret = await door.accounts.add_totp("wang")
    code = pyotp.TOTP(secret).at(door.clock.now())
    without = await door.code()
    wrong = await door.code(code=f"{(int(code) + 1) % 10**6:06}")
    right = await door.code(code=code)
    again = await door.code(code=code)

    assert (without, wrong, len(right), again) == ("totp-required", "unauthenticated", 32, "unauthenticated")


async def test_wrong_codes_lock_like_wrong_passwords(door: Door) -> None:
    secret = await door.accounts.add_totp("wang")
    wrong = f"{(int(pyotp.TOTP(secret).at(door.clock.now())) + 1) % 10**6:06}"
    for _ in range(5):
        await door.code(code=wrong)

    assert await door.code() == "locked-out"


async def test_a_role_that_must_have_a_second_factor_cannot_go_without() -> None:
    door = await door_with(totp_roles=frozenset({Role.SUPERVISOR}))

    assert await door.code() == "totp-required"


async def test_the_secret_of_a_second_factor_is_not_in_the_store(door: Door) -> None:
    secret = await door.accounts.add_totp("wang")

    kept = await door.store.read(lambda view: view.totp("wang"))
    assert kept is not None
    assert secret not in repr(kept)


# ---- machines ------------------------------------------------------------------------------------


async def test_a_rotated_token_replaces_the_old_one_and_a_revoked_one_is_worth_nothing(door: Door) -> None:
    accounts = door.accounts
    first = await accounts.add_token("QK01", Role.KIOSK, "3")
    assert await accounts.by_token(first) is not None
    second = await accounts.rotate_token("QK01")
    found = await accounts.by_token(second)
    assert (await accounts.by_token(first), found and found.window) == (None, "3")
    await accounts.revoke_token("QK01")

    assert await accounts.by_token(second) is None


# ---- the audit of it -----------------------------------------------------------------------------


async def test_signing_in_and_failing_to_is_recorded_but_never_the_name_nobody_has(door: Door) -> None:
    await door.code()
    await door.code("wrong")
    with pytest.raises(Denied):
        await door.accounts.login(RESIDENT, "x")

    rows = await door.store.read(lambda view: view.audit(AuditFilter(limit=3)))
    assert [(row.actor, row.result) for row in rows] == [
        ("person:unknown", "unauthenticated"),
        ("supervisor:wang", "unauthenticated"),
        ("supervisor:wang", "ok"),
    ]
    assert RESIDENT not in repr(rows)


# ---- commands and routes -------------------------------------------------------------------------


def test_people_and_machines_are_managed_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ["--config", str(demo_file(tmp_path))]
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["user", "add", "wang", "--role", "admin", *config]) == 0
    assert main(["user", "totp", "wang", *config]) == 0
    assert "otpauth://totp/Tingtong:wang?" in capsys.readouterr().out
    assert main(["token", "add", "QK01", "--role", "kiosk", *config]) == 0
    assert main(["token", "rotate", "QK01", *config]) == 0
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert main(["token", "list", *config]) == main(["user", "list", *config]) == 0
    listed = capsys.readouterr().out
    assert "QK01\tkiosk" in listed
    assert "wang\tadmin" in listed
    assert main(["token", "revoke", "QK01", *config]) == main(["user", "remove", "wang", *config]) == 0
    assert main(["token", "revoke", "QK01", *config]) == 1
    assert main(["user", "unlock", "wang", *config]) == 1
    assert main(["audit", "verify", *config]) == 0


async def test_a_command_beside_a_running_server_breaks_neither_it_nor_the_chain(tmp_path: Path) -> None:
    from queue_server.adapters import audit_sqlite

    stores = [
        SqliteStore(tmp_path / "hall.db", small_hall(), FixedClock(MONDAY), Identity(b"k" * 32)) for _ in "ab"
    ]
    for store in stores * 3:
        await store.change(lambda tx: tx.note("x", action="test"), "system")
    for store in stores:
        await store.close()

    broken, head = audit_sqlite.verify(tmp_path / "hall.db")
    assert (broken, head.seq) == (None, 6)


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as made:
        yield made


async def test_an_administrator_makes_people_and_machines(run: Running) -> None:
    admin = await run.person("admin")
    new = {"username": "li", "password": "correct horse", "role": "operator"}
    assert (await admin.post("/api/v1/users", json=new)).status_code == 204
    token = (await admin.post("/api/v1/tokens", json={"name": "QK09", "role": "kiosk"})).json()["token"]
    secret = (await admin.post("/api/v1/users/li/totp")).json()["secret"]
    login = {"username": "li", "password": "correct horse"}
    without = await run.client().post("/api/v1/auth/login", json=login)
    code = pyotp.TOTP(secret).at(datetime.now(UTC))
    with_code = await run.client().post("/api/v1/auth/login", json={**login, "totp": code})

    assert (without.status_code, without.json()["code"]) == (401, "totp-required")
    assert with_code.json()["role"] == "operator"
    machine = run.client()
    machine.headers["Authorization"] = f"Bearer {token}"
    assert (await machine.get("/api/v1/auth/me")).json()["username"] == "QK09"
    names = [user["username"] for user in (await admin.get("/api/v1/users")).json()["items"]]
    assert "li" in names
    assert "password_hash" not in (await admin.get("/api/v1/users")).text


# ---- retention -----------------------------------------------------------------------------------


def take(tx: Tx) -> Outcome:
    citizen = CitizenIn(name="张三丰", id_number=RESIDENT)
    ticket = issue_ticket(tx, TicketIn(service_id="B", channel=Channel.KIOSK, citizen=citizen))
    return Outcome(201, ticket.citizen)


@pytest.mark.parametrize("days, answers, linked", [(2, 2, 2), (4, 1, 2), (30, 1, 2), (31, 1, 1)])
async def test_what_is_old_is_forgotten_with_a_record_and_nothing_else(
    tmp_path: Path, days: int, answers: int, linked: int
) -> None:
    clock = FixedClock(MONDAY)
    store = SqliteStore(tmp_path / "hall.db", small_hall(), clock, Identity(b"k" * 32))
    await store.run(RequestKey("old", "kiosk", "d"), take)
    clock.advance(timedelta(days=days).total_seconds())
    await store.run(RequestKey("new", "kiosk", "d"), take)
    done = await forget_old(store, Keep(answer_days=3, identity_days=30))
    again = await forget_old(store, Keep(answer_days=3, identity_days=30))
    tickets = [ticket for _, ticket in await store.read(lambda view: view.tickets(TicketFilter()))]
    record = await store.read(lambda view: view.audit(AuditFilter(action="retention")))
    await store.close()

    with sqlite3.connect(tmp_path / "hall.db") as db:
        assert db.execute("SELECT count(*) FROM answer").fetchone()[0] == answers
    assert sum(bool(ticket.person) and bool(ticket.citizen) for ticket in tickets) == linked
    assert len(tickets) == 2
    assert (done.answers, done.identities) == (2 - answers, 2 - linked)
    assert (again.answers, again.identities) == (0, 0)
    told = [f"answers={2 - answers} identities={2 - linked}"] if answers + linked < 4 else []
    assert [row.detail for row in record] == told


class Interrupted(MemoryStore):
    """A store on which, once, something else happens right after a read."""

    then: Callable[[], Awaitable[None]] | None = None

    async def read(self, query: Callable[[View], T]) -> T:
        found = await super().read(query)
        then, self.then = self.then, None
        if then is not None:
            await then()
        return found


async def test_a_right_password_among_many_tried_at_once_does_not_open_what_they_locked() -> None:
    store = Interrupted(small_hall(), FixedClock(MONDAY), Identity(b"k" * 32))
    accounts = Accounts(store, FixedClock(MONDAY), {}, rules=AccountRules(**CHEAP))
    await accounts.add_user("wang", PASSWORD, Role.OPERATOR)

    async def guess() -> None:
        for n in range(AccountRules().lock_after):
            with pytest.raises(Denied):
                await accounts.login("wang", f"wrong {n}")

    store.then = guess
    with pytest.raises(Denied) as refused:
        await accounts.login("wang", PASSWORD)

    assert refused.value.error_code == "locked-out"
