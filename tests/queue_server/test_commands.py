"""The `queue-server` command: exit codes, one clear line, and what each subcommand does."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pytest

from queue_server.__main__ import main
from queue_server.bootstrap.commands import COMMANDS
from tests.queue_server.serving import ROOT, demo_file


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import logging
    import os

    for name in [name for name in os.environ if name.startswith("TINGTONG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])


def run(*arguments: str, config: Path) -> int:
    return main([*arguments, "--config", str(config)])


def test_wrong_usage_is_exit_code_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sreve"])
    assert caught.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"queue-server {name}" in capsys.readouterr().out.split("example:")[1]


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("queue-server ")


def test_a_good_configuration_is_confirmed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check-config", config=demo_file(tmp_path)) == 0
    assert "62 windows, 23 services" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong, told",
    [
        ("[http]\nprot = 1\n", "server.toml:2: unknown key 'http.prot'; did you mean 'port'?"),
        ("hall = 'none.toml'\n", "none.toml: no such settings file"),
        ("[http]\nport = 99999\n", "server.toml:2: http.port: "),
    ],
)
def test_a_mistake_in_the_settings_is_one_line_and_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str, told: str
) -> None:
    config = tmp_path / "server.toml"
    config.write_text(wrong)

    assert run("check-config", config=config) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    "old, new, told",
    [
        ('zone = "Z11"', 'zone = "Z99"', "names zone 'Z99'"),
        ('prefix = "B"', 'prefix = "A"', "service prefix 'A' stands there twice"),
        ("Asia/Shanghai", "Asia/Nowhere", "no timezone 'Asia/Nowhere'"),
        ("slogan =", "slogon =", "did you mean 'slogan'"),
    ],
)
def test_a_hall_that_does_not_fit_together_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, told: str
) -> None:
    text = (ROOT / "config/demo/hall.toml").read_text(encoding="utf-8")
    (tmp_path / "hall.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    config = tmp_path / "server.toml"
    config.write_text("hall = 'hall.toml'\n")

    assert run("check-config", config=config) == 1
    assert told in capsys.readouterr().err


def test_migrating_twice_does_nothing_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = demo_file(tmp_path)
    assert run("migrate", "--check", config=config) == 0
    assert run("migrate", config=config) == 0
    assert run("migrate", config=config) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "m001_queue"
    assert lines[-2].startswith("applied: m001_queue")
    assert lines[-1] == "nothing to do"


def test_a_backup_is_a_whole_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = demo_file(tmp_path)
    (tmp_path / "copies").mkdir()
    assert run("migrate", config=config) == 0
    assert run("backup", str(tmp_path / "copies"), config=config) == 0

    copy = Path(capsys.readouterr().out.splitlines()[-1].split()[0])
    with sqlite3.connect(copy) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("SELECT count(*) FROM ticket").fetchone()[0] == 0


def test_a_backup_of_nothing_fails_with_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("backup", str(tmp_path / "copy.db"), config=demo_file(tmp_path)) == 1
    assert "there is no database to back up" in capsys.readouterr().err


def test_a_person_is_added_with_a_password_from_stdin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = demo_file(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert run("user", "add", "wang", "--role", "operator", config=config) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert run("user", "add", "li", "--role", "operator", config=config) == 1

    with sqlite3.connect(tmp_path / "hall.db") as db:
        people = db.execute("SELECT username, role, password_hash FROM user").fetchall()
    assert [(name, role) for name, role, _ in people] == [("wang", "operator")]
    assert people[0][2].startswith("$argon2id$")
    assert "at least 8" in capsys.readouterr().err


def test_a_token_is_shown_once_and_kept_as_a_hash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("token", "add", "QK01", "--role", "kiosk", config=demo_file(tmp_path)) == 0

    secret = capsys.readouterr().out.strip()
    with sqlite3.connect(tmp_path / "hall.db") as db:
        kept = json.dumps(db.execute("SELECT * FROM token").fetchall())
    assert len(secret) >= 32
    assert secret not in kept
    assert "QK01" in kept


def test_the_doctor_looks_at_everything_and_fails_when_one_thing_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = demo_file(tmp_path, port=0)
    assert run("doctor", config=config) == 1  # nothing is there yet, and the doctor makes nothing
    assert list(tmp_path.glob("*.db")) == []
    assert run("migrate", config=config) == 0
    capsys.readouterr()
    assert run("doctor", config=config) == 0
    (tmp_path / "hall.db").write_bytes(b"rubbish" * 1000)
    assert run("doctor", config=config) == 1

    told = capsys.readouterr()
    assert told.out.count("ok ") == 4 + 3
    assert "FAIL  database" in told.out
    assert "1 of 4 checks failed" in told.err


def test_the_key_of_persons_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    assert run("token", "add", "QK01", "--role", "kiosk", config=demo_file(tmp_path)) == 0
    assert (tmp_path / "person.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["hall.db", "hall.db-wal", "hall.db.lock", "person.key"])
def test_a_backup_takes_the_place_of_no_file_of_the_hall(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = demo_file(tmp_path)
    assert run("migrate", config=config) == 0
    (tmp_path / "person.key").write_bytes(b"k" * 32)
    before = (tmp_path / "hall.db").stat().st_ino

    assert run("backup", str(tmp_path / "." / name), config=config) == 1
    assert "choose another place" in capsys.readouterr().err
    assert (tmp_path / "hall.db").stat().st_ino == before
    assert (tmp_path / "person.key").read_bytes() == b"k" * 32
    assert [run("backup", str(tmp_path / "copy.db"), config=config) for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("name", ["two\nlines", "a b", "<b>", "x" * 65])
def test_the_command_takes_the_same_names_as_the_api(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = demo_file(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))

    assert run("user", "add", name, "--role", "operator", config=config) == 1
    assert run("token", "add", name, "--role", "kiosk", config=config) == 1
    assert capsys.readouterr().err.count("choose another one") == 2


def test_a_password_that_is_no_text_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = io.BytesIO(b"correct \xff\xfe horse\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(raw, "utf-8", errors="surrogateescape"))

    assert run("user", "add", "wang", "--role", "operator", config=demo_file(tmp_path)) == 1
    assert "UTF-8" in capsys.readouterr().err
