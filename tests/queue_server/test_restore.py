"""`queue-server restore` and `backup`: what is checked, what is refused, what is left as it was."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from devices.runtime.lock import FileLock
from queue_server.__main__ import main
from queue_server.adapters import audit_sqlite
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import load_identity
from queue_server.adapters.sqlite_file import connect
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.cancel import cancel
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Session
from queue_server.bootstrap.server import hall_of
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.settings import read_settings
from tests.queue_server.halls import MONDAY
from tests.queue_server.serving import demo_file


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TINGTONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


class Kept:
    """A hall's folder with its settings, a backup of three tickets, and five tickets in the database."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, demo_file(folder)
        self.database, self.backup = folder / "hall.db", folder / "copies" / "monday.db"

    def fill(self) -> None:
        self.take(3)
        assert main(["backup", str(self.backup), "--config", str(self.config)]) == 0
        self.take(2)

    def in_store(self, use: Callable[[SqliteStore], object]) -> None:
        async def run() -> None:
            settings = read_settings(self.config)
            clock = FixedClock(MONDAY + timedelta(seconds=self.events()))
            store = SqliteStore(self.database, hall_of(settings), clock, load_identity(self.folder))
            await use(store)  # type: ignore[misc]
            await store.close()

        asyncio.run(run())

    def take(self, count: int) -> None:
        wanted = TicketIn(service_id="A", channel=Channel.API)

        async def issue(store: SqliteStore) -> None:
            for _ in range(count):
                await store.change(lambda tx: issue_ticket(tx, wanted))

        self.in_store(issue)

    def events(self) -> int:
        return int(self.ask("SELECT count(*) FROM event")[0][0]) if self.database.exists() else 0

    def ask(self, sql: str, path: Path | None = None) -> list[tuple[object, ...]]:
        db = connect(path or self.database, read_only=True)
        rows = db.execute(sql).fetchall()
        db.close()
        return rows

    def numbers(self, path: Path | None = None) -> list[object]:
        return [row[0] for row in self.ask("SELECT number FROM ticket ORDER BY key", path)]

    def restore(self, *more: str, source: Path | None = None) -> int:
        return main(["restore", "--from", str(source or self.backup), *more, "--config", str(self.config)])

    def aside(self) -> list[Path]:
        return sorted(self.folder.glob("hall.db.before-*"))

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if "restore" in path.name)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hall") / "state"
    Kept(folder).fill()
    return folder


@pytest.fixture
def kept(filled: Path, tmp_path: Path) -> Kept:
    shutil.copytree(filled, tmp_path / "state")
    return Kept(tmp_path / "state")


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file may grow beyond `size`: what a full disk looks like to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def edit(path: Path, *statements: str) -> None:
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def test_a_forced_restore_brings_the_backup_back_and_keeps_the_old_file(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kept.restore("--force") == 0

    assert kept.numbers() == ["A001", "A002", "A003"]
    assert [kept.numbers(path) for path in kept.aside()] == [["A001", "A002", "A003", "A004", "A005"]]
    assert kept.leftovers() == []
    assert "restored: 3 tickets, 3 events" in capsys.readouterr().out
    assert kept.database.stat().st_mode & 0o777 == 0o600


def test_numbers_given_out_after_the_backup_are_not_given_out_again(kept: Kept) -> None:
    assert kept.restore("--force") == 0
    kept.take(1)

    assert kept.numbers() == ["A001", "A002", "A003", "A006"]


def test_the_restoring_stands_in_the_record_and_the_chain_holds(kept: Kept) -> None:
    assert kept.restore("--force") == 0

    assert kept.ask("SELECT action, detail FROM audit ORDER BY seq DESC LIMIT 1") == [
        ("restored", "events=3 tickets=3")
    ]
    assert audit_sqlite.verify(kept.database)[0] is None


def test_nobody_stays_signed_in(kept: Kept) -> None:
    session = Session("d" * 64, "wang", datetime(2030, 1, 1, tzinfo=UTC))
    kept.in_store(lambda store: store.change(lambda tx: tx.save_session(session)))
    assert main(["backup", str(kept.backup), "--config", str(kept.config)]) == 0
    assert kept.ask("SELECT count(*) FROM session", kept.backup) == [(1,)]

    assert kept.restore() == 0
    assert kept.ask("SELECT count(*) FROM session") == [(0,)]


def test_without_force_newer_tickets_are_not_put_aside(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kept.restore() == 1

    assert "holds what happened after this backup" in capsys.readouterr().err
    assert len(kept.numbers()) == 5
    assert (kept.aside(), kept.leftovers()) == ([], [])


def test_a_lost_database_is_restored_without_force(kept: Kept) -> None:
    kept.database.unlink()
    assert kept.restore() == 0
    assert kept.numbers() == ["A001", "A002", "A003"]
    assert kept.aside() == []


def test_a_damaged_database_is_replaced_without_force_and_kept(kept: Kept) -> None:
    kept.database.write_bytes(b"rubbish" * 5000)

    assert kept.restore() == 0
    assert kept.numbers() == ["A001", "A002", "A003"]
    assert [path.read_bytes()[:7] for path in kept.aside()] == [b"rubbish"]


def test_nothing_is_restored_under_a_running_server(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    lock = FileLock(kept.folder / "hall.db.lock", "process 1")
    try:
        assert kept.restore("--force") == 1
    finally:
        lock.release()

    error = capsys.readouterr().err
    assert "another queue-server (process 1) already serves" in error
    assert len(kept.numbers()) == 5


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database at all" * 100)


def _half(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def _one_page_spoilt(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4096 * 3 : 4096 * 3 + 16] = b"\xff" * 16
    path.write_bytes(whole)


def _newer(path: Path) -> None:
    values = "VALUES ('queue', 'm999_later', 'x')"
    edit(path, f"INSERT INTO _sqlite_migrations (migration_set, name, applied_at) {values}")


def _other_program(path: Path) -> None:
    path.unlink()
    edit(path, "CREATE TABLE cake (flavour TEXT)")


def _record_changed(path: Path) -> None:
    edit(path, "DROP TRIGGER audit_no_update", "UPDATE audit SET actor = 'nobody' WHERE seq = 2")


def _in_use(path: Path) -> None:
    path.with_name(f"{path.name}-wal").write_bytes(b"w" * 4096)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_garbage, "this is not a backup of a hall"),
        (lambda path: path.write_bytes(b""), "this is not a backup of a hall"),
        (lambda path: path.unlink(), "there is no such backup"),
        (_half, "the backup is damaged"),
        (_one_page_spoilt, "the backup is damaged"),
        (_newer, "m999_later is unknown here"),
        (_other_program, "this is not a backup of a hall"),
        (_record_changed, "its record is broken at row 2"),
        (_in_use, "this database is in use"),
    ],
)
def test_what_is_no_sound_backup_is_refused_in_one_line_even_by_force(
    kept: Kept, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], told: str
) -> None:
    before = kept.database.read_bytes()
    spoil(kept.backup)

    assert kept.restore("--force") == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert kept.database.read_bytes() == before
    assert (kept.aside(), kept.leftovers()) == ([], [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE about SET value = 'elsewhere' WHERE name = 'site'", "is a backup of 'elsewhere'"),
        ("UPDATE about SET value = 'other' WHERE name = 'key'", "with another person.key"),
        ("DELETE FROM about", "does not say of which hall it is"),
    ],
)
def test_another_halls_backup_needs_force(
    kept: Kept, capsys: pytest.CaptureFixture[str], change: str, told: str
) -> None:
    kept.database.unlink()
    edit(kept.backup, change)

    assert kept.restore() == 1
    assert told in capsys.readouterr().err
    assert not kept.database.exists()
    assert kept.restore("--force") == 0


def test_a_missing_key_is_asked_for_before_a_new_one_is_made(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept.folder / "person.key").unlink()

    assert kept.restore() == 1
    assert "person.key: is missing; put it back first" in capsys.readouterr().err
    assert not (kept.folder / "person.key").exists()


@pytest.mark.parametrize("size", [0, 4096, 100_000])
def test_a_full_disk_leaves_everything_as_it_was(
    kept: Kept, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    before = kept.database.read_bytes()
    with file_size_limit(size):
        assert kept.restore("--force") == 1

    assert "cannot be" in capsys.readouterr().err
    assert kept.database.read_bytes() == before
    assert (kept.aside(), kept.leftovers()) == ([], [])


def test_a_backup_on_a_full_disk_fails_and_leaves_the_one_before(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    before = kept.backup.read_bytes()
    with file_size_limit(20_000):
        assert main(["backup", str(kept.backup), "--config", str(kept.config)]) == 1

    assert "the backup failed" in capsys.readouterr().err
    assert kept.backup.read_bytes() == before
    assert [path.name for path in kept.backup.parent.iterdir()] == [kept.backup.name]


def test_a_backup_is_read_by_its_owner_only(kept: Kept) -> None:
    assert kept.backup.stat().st_mode & 0o777 == 0o600


def test_an_older_versions_backup_is_brought_up_to_date(kept: Kept) -> None:
    old = kept.backup.with_name("old.db")
    shutil.copyfile(kept.backup, old)
    edit(
        old,
        "DROP TABLE about",
        "DROP TABLE held_ticket",
        "DELETE FROM _sqlite_migrations WHERE name = 'm030_held_tickets'",
    )

    assert kept.restore("--force", source=old) == 0
    assert kept.ask("SELECT value FROM about WHERE name = 'site'") == [("demo",)]
    ids = [str(row[0]) for row in kept.ask("SELECT id FROM ticket")]
    kept.in_store(lambda store: store.change(partial(cancel, ticket_id=ids[0])))


def test_restoring_twice_keeps_both_old_files(kept: Kept) -> None:
    assert kept.restore("--force") == 0
    kept.take(1)
    assert kept.restore("--force") == 0

    assert [len(kept.numbers(path)) for path in kept.aside()] == [5, 4]
