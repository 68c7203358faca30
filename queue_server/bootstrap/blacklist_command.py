"""`queue-server blacklist`.  The ID number comes from stdin: arguments are seen by every user."""

from __future__ import annotations

import asyncio
import getpass
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TypeVar

from queue_server.adapters.clock import SystemClock
from queue_server.adapters.identity import load_identity
from queue_server.adapters.sqlite_file import DatabaseProblem
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.blacklist import add_to_blacklist, remove_from_blacklist
from queue_server.application.ports import Store, Tx
from queue_server.bootstrap.problems import ServeProblem
from queue_server.bootstrap.server import hall_of
from queue_server.domain.errors import QueueError
from queue_server.settings import ServerSettings

T = TypeVar("T")
ID_TYPES = ("resident", "hmt", "foreigner", "social-security", "passport", "other")
SHOWN_DIGITS = 8
MAX_REASON = 80


def arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("verb", choices=["add", "list", "remove"], help="the ID number is read from stdin")
    parser.add_argument("--id-type", choices=ID_TYPES, default="resident")
    parser.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the last day (add)")
    parser.add_argument("--reason", default="", help="short, naming nobody (add)")


def run(settings: ServerSettings, given: Namespace) -> None:
    """Add, list or remove.  Raises ServeProblem: one line for the person at the terminal."""
    verbs: dict[str, Callable[[ServerSettings, Namespace], str]] = {
        "add": _add,
        "list": _list,
        "remove": _remove,
    }
    try:
        print(verbs[given.verb](settings, given))
    except QueueError as error:
        raise ServeProblem(error.detail("en")) from None
    except (DatabaseProblem, OSError, ValueError) as error:
        raise ServeProblem(str(error)) from error


def _add(settings: ServerSettings, given: Namespace) -> str:
    if given.until is None:
        raise ServeProblem("--until YYYY-MM-DD is missing: an entry has a last day")
    if len(given.reason) > MAX_REASON:
        raise ServeProblem(f"--reason may have {MAX_REASON} letters at most")
    who, number = f"cli:{getpass.getuser()}", _number()

    def job(tx: Tx) -> str:
        entry = add_to_blacklist(tx, given.id_type, number, given.until, given.reason, who)
        return f"{entry.person[:SHOWN_DIGITS]} until {entry.until.isoformat()}"

    return _in_store(settings, lambda store: store.change(job, who))


def _remove(settings: ServerSettings, given: Namespace) -> str:
    who, number = f"cli:{getpass.getuser()}", _number()

    def job(tx: Tx) -> str:
        if not remove_from_blacklist(tx, given.id_type, number):
            raise ServeProblem("this person is not on the list")
        return "removed"

    return _in_store(settings, lambda store: store.change(job, who))


def _list(settings: ServerSettings, given: Namespace) -> str:
    entries = _in_store(settings, lambda store: store.read(lambda view: view.blacklist()))
    lines = [f"{one.person[:SHOWN_DIGITS]}  until {one.until.isoformat()}  {one.reason}" for one in entries]
    return "\n".join(line.rstrip() for line in lines) or "nobody"


def _number() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("ID number: ")
    return sys.stdin.readline().strip()


def _in_store(settings: ServerSettings, use: Callable[[Store], Awaitable[T]]) -> T:
    async def open_and_use() -> T:
        identity = load_identity(settings.state_dir)
        store = SqliteStore(settings.database_path, hall_of(settings), SystemClock(), identity)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(open_and_use())
