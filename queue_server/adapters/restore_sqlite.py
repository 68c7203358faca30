"""Putting a backup in a hall's place: looked at as a whole first, then one rename; the old file is kept.

What is checked is the very copy that will serve, not the file it came from.  At every moment `hall.db` is
either the old file or the new one, whole.  Nobody may serve the hall meanwhile (the caller holds its lock).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from queue_server.adapters import audit_sqlite
from queue_server.adapters.about_file import KEY, SITE, read_about
from queue_server.adapters.migrations.sqlite import migrations
from queue_server.adapters.sqlite_file import DatabaseProblem, connect

MAGIC = b"SQLite format 3\0"
CHOOSE = "choose a file that `queue-server backup` wrote"
NOT_OURS = f"this is not a backup of a hall; {CHOOSE}"
Numbers = dict[tuple[str, str], int]
"""(service, business day) -> the last number given out."""
_HIGHER = """
    INSERT INTO counter (service_id, day, last) VALUES (?, ?, ?)
    ON CONFLICT (service_id, day) DO UPDATE SET last = max(last, excluded.last)
"""


@dataclass(frozen=True, slots=True)
class Holds:
    """What a file holds.  `newest_at` is the text of its newest event's moment, empty without one."""

    tickets: int
    seq: int
    newest_at: str
    about: dict[str, str]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done; `aside` is the file that was there before, `ahead` how many lines go on counting."""

    holds: Holds
    aside: Path | None
    ahead: int


def restore(source: Path, target: Path, now: datetime, about: dict[str, str], *, force: bool) -> Restored:
    """Put a checked copy of `source` in the place of `target`; without `force` refuse what would lose data.

    `about` is what the hall says of itself.  Numbers that the old file gave out are not given out again.
    Raises DatabaseProblem, one line; then nothing was changed.
    """
    part = target.with_name(f"{target.name}.restore")
    try:
        _copy(source, part)
        holds = _checked(source, part)
        if not force:
            _require_same_hall(source, holds, about)
        numbers, newest = _last_numbers(target) if target.exists() else ({}, "")
        if not force and newest > holds.newest_at:
            raise DatabaseProblem(
                f"{target}: holds what happened after this backup (until {newest}); --force puts it aside"
            )
        _carry_on(part, numbers)
        return Restored(holds, _swap(part, target, now), len(numbers))
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(f"{source}: cannot be restored: {error}") from error
    except OSError as error:
        raise DatabaseProblem(f"{source}: cannot be restored: {error.strerror or error}") from error
    finally:
        for left in (part, _beside(part, "-wal"), _beside(part, "-shm"), _beside(part, "-journal")):
            left.unlink(missing_ok=True)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(f"{path.name}{end}")


def _copy(source: Path, part: Path) -> None:
    """Copy and put it on the disk; a database in use cannot be copied file by file."""
    if not source.is_file():
        raise DatabaseProblem(f"{source}: there is no such backup")
    with source.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise DatabaseProblem(f"{source}: {NOT_OURS}")
    wal = _beside(source, "-wal")
    if wal.exists() and wal.stat().st_size:
        raise DatabaseProblem(f"{source}: this database is in use or was not closed; {CHOOSE}")
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    shutil.copyfile(source, part)
    part.chmod(0o600)
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _checked(source: Path, part: Path) -> Holds:
    """Return what the copy holds.  Raises DatabaseProblem: damaged, of a newer version, changed record."""
    db = sqlite3.connect(part)  # plain: nothing is asked of the file before it is checked
    try:
        found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if found != "ok":
            raise DatabaseProblem(_damaged(source, found))
        _require_known_schema(db, source)
        tickets = int(db.execute("SELECT count(*) FROM ticket").fetchone()[0])
        newest = db.execute("SELECT seq, at FROM event ORDER BY seq DESC LIMIT 1").fetchone() or (0, "")
        holds = Holds(tickets, newest[0], newest[1], read_about(db))
        has_audit = _has(db, "audit")
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(_damaged(source, str(error))) from error
    finally:
        db.close()
    broken = audit_sqlite.verify(part)[0] if has_audit else None
    if broken is not None:
        raise DatabaseProblem(f"{source}: its record is broken at row {broken.seq}: {broken.reason}")
    return holds


def _damaged(source: Path, found: str) -> str:
    return f"{source}: the backup is damaged ({found.splitlines()[0]}); take an older one"


def _has(db: sqlite3.Connection, table: str) -> bool:
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return db.execute(sql, (table,)).fetchone() is not None


def _require_known_schema(db: sqlite3.Connection, source: Path) -> None:
    if not _has(db, "_sqlite_migrations") or not _has(db, "ticket"):
        raise DatabaseProblem(f"{source}: {NOT_OURS}")
    applied = {one.name for one in migrations.applied(Database(db))}
    unknown = sorted(applied - {one.name for one in migrations.pending(Database(memory=True))})
    if unknown:
        raise DatabaseProblem(
            f"{source}: was made by a newer version ({unknown[0]} is unknown here); install that first"
        )


def _require_same_hall(source: Path, holds: Holds, about: dict[str, str]) -> None:
    site = holds.about.get(SITE)
    if site is None:
        raise DatabaseProblem(f"{source}: does not say of which hall it is; --force if it is this one's")
    if site != about[SITE]:
        raise DatabaseProblem(
            f"{source}: is a backup of {site!r}, this hall is {about[SITE]!r}; take another"
        )
    if holds.about.get(KEY) not in (None, about[KEY]):
        raise DatabaseProblem(
            f"{source}: was made with another person.key; put that key back first, or --force"
        )


def _last_numbers(target: Path) -> tuple[Numbers, str]:
    """Return what the present file counted to, and its newest moment; nothing when it cannot be read."""
    try:
        db = connect(target)
        try:
            rows = db.execute("SELECT service_id, day, last FROM counter").fetchall()
            newest = db.execute("SELECT at FROM event ORDER BY seq DESC LIMIT 1").fetchone()
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.close()
    except sqlite3.DatabaseError:
        return {}, ""  # it is damaged: that is why it is replaced
    return {(service, day): last for service, day, last in rows}, newest[0] if newest else ""


def _carry_on(part: Path, numbers: Numbers) -> None:
    """Let the lines count on where the old file stood, and everybody sign in anew."""
    db = connect(part)
    try:
        db.execute("BEGIN")
        db.executemany(_HIGHER, [(service, day, last) for (service, day), last in numbers.items()])
        if _has(db, "session"):
            db.execute("DELETE FROM session")
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.close()


def _swap(part: Path, target: Path, now: datetime) -> Path | None:
    """Keep the old file under another name and let the new one take its place; return the other name."""
    aside: Path | None = None
    if target.exists():
        aside = _free_name(target, now)
        os.link(target, aside)
        for end in ("-wal", "-shm"):  # only a damaged or unclean file still has them
            if _beside(target, end).exists():
                _beside(target, end).rename(_beside(aside, end))
    part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return aside


def _free_name(target: Path, now: datetime) -> Path:
    name = f"{target.name}.before-{now:%Y%m%dT%H%M%SZ}"
    found, n = target.with_name(name), 1
    while found.exists():
        found, n = target.with_name(f"{name}-{n}"), n + 1
    return found
