"""The subcommands of `queue-server`.  Another module may add its own to COMMANDS."""

from __future__ import annotations

import contextlib
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from queue_server.adapters.embedded_broker import BrokerProblem
from queue_server.adapters.sqlite_file import DatabaseProblem, back_up, pending, prepare
from queue_server.bootstrap import blacklist_command
from queue_server.bootstrap.problems import ServeProblem
from queue_server.bootstrap.server import hall_of
from queue_server.bootstrap.serving import listen_on, serve
from queue_server.settings import ServerSettings

MIN_FREE_BYTES = 200 * 1024 * 1024


class Failed(Exception):
    """The command failed; the text is the one line to show."""


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand."""

    help: str
    example: str
    run: Callable[[ServerSettings, Namespace], None]
    arguments: Callable[[ArgumentParser], None] = lambda parser: None


def run_serve(settings: ServerSettings, given: Namespace) -> None:
    """Serve the hall until told to stop."""
    try:
        serve(settings, lambda address: print(f"queue-server: {address}", file=sys.stderr, flush=True))
    except (ServeProblem, DatabaseProblem, BrokerProblem) as error:
        raise Failed(str(error)) from error


def run_migrate(settings: ServerSettings, given: Namespace) -> None:
    """Bring the database to this version's schema."""
    try:
        waiting = pending(settings.database_path)
        if given.check:
            print("\n".join(waiting) or "nothing to do")
            return
        applied = prepare(settings.database_path)
    except DatabaseProblem as error:
        raise Failed(str(error)) from error
    print(f"applied: {', '.join(applied)}" if applied else "nothing to do")


def run_check_config(settings: ServerSettings, given: Namespace) -> None:
    """Read every file that `serve` would read."""
    hall = hall_of(settings)
    settings.mqtt.tls_context()
    print(f"ok: {hall.name}, {len(hall.windows)} windows, {len(hall.services)} services")


def run_backup(settings: ServerSettings, given: Namespace) -> None:
    """Write a checked copy of the database and say where and how large."""
    to: Path = given.to
    if to.is_dir():
        to = to / f"hall-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"
    try:
        size = back_up(settings.database_path, to)
    except DatabaseProblem as error:
        raise Failed(str(error)) from error
    print(f"{to} {size} bytes")


def run_doctor(settings: ServerSettings, given: Namespace) -> None:
    """Look at everything that serving needs; print a line for each."""
    checks: dict[str, Callable[[], str]] = {
        "hall": lambda: f"{len(hall_of(settings).windows)} windows",
        "state": lambda: _check_state(settings.state_dir),
        "database": lambda: _check_database(settings.database_path),
        "http port": lambda: _check_port(settings),
    }
    failed = 0
    for name, check in checks.items():
        try:
            print(f"ok    {name}: {check()}")
        except (ValueError, OSError, ServeProblem, DatabaseProblem) as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
    if failed:
        raise Failed(f"{failed} of {len(checks)} checks failed")


def _check_state(state_dir: Path) -> str:
    if not state_dir.is_dir():
        raise OSError(f"{state_dir} does not exist yet; `queue-server serve` makes it")
    free = shutil.disk_usage(state_dir).free
    if free < MIN_FREE_BYTES:
        raise OSError(f"{state_dir}: only {free // 2**20} MiB free; make room")
    return f"{state_dir}, {free // 2**20} MiB free"


def _check_database(path: Path) -> str:
    if not path.exists():
        raise OSError(f"{path} does not exist yet; `queue-server serve` or `migrate` makes it")
    waiting = pending(path)
    if waiting:
        raise OSError(f"{path}: migrations wait ({', '.join(waiting)}); run `queue-server migrate`")
    return str(path)


def _check_port(settings: ServerSettings) -> str:
    address = f"{settings.http.host}:{settings.http.port}"
    with contextlib.suppress(httpx.HTTPError):
        if httpx.get(f"http://{address}/readyz", timeout=5, trust_env=False).status_code == httpx.codes.OK:
            return f"{address}: a queue-server answers there and is ready"
    listen_on(settings.http.host, settings.http.port).close()
    return f"{address} is free, no server runs"


def run_blacklist(settings: ServerSettings, given: Namespace) -> None:
    """Keep a person from tickets for a while, or let them again; the ID number comes from stdin."""
    try:
        blacklist_command.run(settings, given)
    except ServeProblem as error:
        raise Failed(str(error)) from error


def _migrate_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say what would be done")


def _backup_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("to", type=Path, help="file or folder for the copy")


COMMANDS: dict[str, Command] = {
    "serve": Command("serve the hall", "serve --config server.toml", run_serve),
    "migrate": Command(
        "bring the database to this version", "migrate --check", run_migrate, _migrate_arguments
    ),
    "check-config": Command(
        "read and check all settings", "check-config --config server.toml", run_check_config
    ),
    "backup": Command(
        "copy the database while it is in use", "backup /var/backups/tingtong", run_backup, _backup_arguments
    ),
    "doctor": Command("check what serving needs", "doctor --config server.toml", run_doctor),
    "blacklist": Command(
        "keep a person from taking tickets until a day; the ID number is read from stdin",
        "blacklist add --until 2027-02-28 --reason no-shows",
        run_blacklist,
        blacklist_command.arguments,
    ),
}
