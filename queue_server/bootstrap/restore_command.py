"""`queue-server restore`: a backup in the place of the hall's database."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from queue_server.adapters.about_file import KEY, SITE
from queue_server.adapters.clock import SystemClock
from queue_server.adapters.identity import Identity, load_identity
from queue_server.adapters.restore_sqlite import Restored, restore
from queue_server.adapters.sqlite_file import DatabaseProblem
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.bootstrap.commands import COMMANDS, Command, Failed
from queue_server.bootstrap.problems import ServeProblem
from queue_server.bootstrap.server import hall_of
from queue_server.bootstrap.serving import lock_database
from queue_server.domain.hall import Hall
from queue_server.settings import ServerSettings

BY = "command:queue-server"


def run_restore(settings: ServerSettings, given: Namespace) -> None:
    """Check a backup and put it in place.  Raises Failed."""
    hall, source, key = hall_of(settings), given.source, settings.state_dir / "person.key"
    if not key.exists() and not given.force:
        raise Failed(f"{key}: is missing; put it back first, or --force to begin with a new one")
    try:
        identity = load_identity(settings.state_dir)
        lock = lock_database(settings)
        try:
            about = {SITE: hall.site, KEY: identity.key_mark}
            done = restore(source, settings.database_path, datetime.now(UTC), about, force=given.force)
            asyncio.run(_record(settings, hall, identity, done))
        finally:
            lock.release()
    except (DatabaseProblem, ServeProblem, ValueError) as error:
        raise Failed(str(error)) from error
    except OSError as error:
        raise Failed(f"{settings.state_dir}: cannot be used: {error.strerror}") from error
    _tell(source, done)


async def _record(settings: ServerSettings, hall: Hall, identity: Identity, done: Restored) -> None:
    """Open the hall with it, as `serve` will, and write the restoring into its own record."""
    store = SqliteStore(settings.database_path, hall, SystemClock(), identity)
    try:
        detail = f"events={done.holds.seq} tickets={done.holds.tickets}"
        await store.change(lambda tx: tx.note(detail, action="restored"), BY)
    finally:
        await store.close()


def _tell(source: Path, done: Restored) -> None:
    holds = done.holds
    print(
        f"restored: {holds.tickets} tickets, {holds.seq} events, the newest of {holds.newest_at or 'never'}"
    )
    if done.aside is not None:
        print(f"the old database is {done.aside}; delete it when nothing is missed")
    if done.ahead:
        print("numbers given out since then are not given out again")
    print("everybody signs in again")


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE", help="the backup")
    parser.add_argument(
        "--force", action="store_true", help="also when newer tickets are put aside, or it is another hall's"
    )


COMMANDS |= {
    "restore": Command(
        "put a checked backup in the place of the database; the server must be stopped",
        "restore --from /var/backups/tingtong/hall-20261123T010000Z.db",
        run_restore,
        _arguments,
    )
}
