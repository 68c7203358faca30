"""`queue-server import WHAT FILE`: tables from other programs.  All rows are taken in together, or none."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from queue_server.adapters.clock import SystemClock
from queue_server.adapters.identity import load_identity
from queue_server.adapters.sqlite_file import DatabaseProblem
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.ports import Tx
from queue_server.bootstrap import import_blacklist, import_people
from queue_server.bootstrap.commands import COMMANDS, Command, Failed
from queue_server.bootstrap.import_table import Columns, Row, TableProblem, read_table
from queue_server.bootstrap.server import hall_of
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall
from queue_server.settings import ServerSettings

T = TypeVar("T")
BY = "command:queue-server"
Problems = Mapping[int, str]
"""Line -> what is wrong there."""


@dataclass(frozen=True, slots=True)
class Import:
    """One kind of table.  `take_in` checks the rows and, unless it is a dry run, adds them.

    It returns what is wrong by line (then nothing was added) and what to print.
    """

    help: str
    columns: Columns
    take_in: Callable[[ServerSettings, Hall, list[Row], bool], tuple[Problems, list[str]]]


def run_import(settings: ServerSettings, given: Namespace) -> None:
    """Read, check, take in, report.  Raises Failed."""
    wanted, path = IMPORTS[given.what], given.file
    hall = hall_of(settings)
    try:
        rows = read_table(path, wanted.columns)
        problems, told = wanted.take_in(settings, hall, rows, given.dry_run)
    except (TableProblem, DatabaseProblem, ValueError) as error:
        raise Failed(str(error)) from error
    except QueueError as error:
        raise Failed(error.detail("en")) from error
    except OSError as error:
        raise Failed(f"{settings.state_dir}: cannot be used: {error.strerror}") from error
    for line, problem in sorted(problems.items()):
        print(f"{path}:{line}: {problem}")
    if problems:
        raise Failed(f"{len(problems)} of {len(rows)} rows are wrong; nothing was imported")
    print("\n".join(told))


def _in_store(settings: ServerSettings, hall: Hall, job: Callable[[Tx], T]) -> T:
    """Run one job on the database, beside a server that may be running."""

    async def run() -> T:
        identity = load_identity(settings.state_dir)
        store = SqliteStore(settings.database_path, hall, SystemClock(), identity)
        try:
            return await store.change(job, BY)
        finally:
            await store.close()

    return asyncio.run(run())


def _take_people(
    settings: ServerSettings, hall: Hall, rows: list[Row], dry_run: bool
) -> tuple[Problems, list[str]]:
    people, problems = import_people.people_of(rows, hall, settings, hashed=False)
    if problems or dry_run:
        return problems, [f"line {one.line}: {one.user.username} as {one.user.role}" for one in people] + [
            f"{len(people)} people could be added; nothing was done"
        ]
    people, _ = import_people.people_of(rows, hall, settings, hashed=True)
    added = {one.line for one in _in_store(settings, hall, lambda tx: import_people.add_people(tx, people))}
    told = [
        f"{one.user.username}\t{one.password if one.line in added else 'is there already, unchanged'}"
        for one in people
    ]
    return {}, [*told, f"{len(added)} people added; the passwords are not kept: hand them out now"]


def _take_blacklist(
    settings: ServerSettings, hall: Hall, rows: list[Row], dry_run: bool
) -> tuple[Problems, list[str]]:
    today = hall.business_day(SystemClock().now())
    entries, problems = import_blacklist.entries_of(rows, today)
    if problems or dry_run:
        return problems, [f"line {one.line}: until {one.until.isoformat()}" for one in entries] + [
            f"{len(entries)} entries could be added; nothing was done"
        ]
    count = _in_store(settings, hall, lambda tx: import_blacklist.add_entries(tx, entries, BY))
    return {}, [f"{count} people are on the list; delete the file, it names them"]


IMPORTS: dict[str, Import] = {
    "users": Import("staff: username, role, display_name, window", import_people.COLUMNS, _take_people),
    "blacklist": Import(
        "people who may not take tickets: id_number, until, id_type, reason",
        import_blacklist.COLUMNS,
        _take_blacklist,
    ),
}
"""Another module may add its own kind of table."""


def _arguments(parser: ArgumentParser) -> None:
    kinds = "; ".join(f"{name} ({one.help})" for name, one in IMPORTS.items())
    parser.add_argument("what", choices=list(IMPORTS), help=kinds)
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV with headings, UTF-8 or GB18030")
    parser.add_argument("--dry-run", action="store_true", help="check every row, change nothing")


COMMANDS |= {
    "import": Command(
        "take in a table from another program, all rows or none",
        "import users staff.csv --dry-run",
        run_import,
        _arguments,
    )
}
