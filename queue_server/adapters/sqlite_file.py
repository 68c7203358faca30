"""The database file: opening it, checking it, migrating it, copying it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from sqlite_utils import Database

from queue_server.adapters.about_file import write_about
from queue_server.adapters.migrations.sqlite import migrations


class DatabaseProblem(Exception):
    """The file cannot be used; the text is one line that names it and the remedy."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open with the settings every connection needs: WAL, a commit is on disk when it returns."""
    mode = "ro" if read_only else "rwc"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5,
        cached_statements=512,
    )
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA temp_store = MEMORY")
    # readers ask for today's few pages; the machine's own cache holds the rest once for all
    db.execute("PRAGMA cache_size = -4000" if read_only else "PRAGMA cache_size = -16000")
    return db


def prepare(path: Path, about: dict[str, str] | None = None) -> list[str]:
    """Make or check and migrate the file; return the names of the migrations applied now.

    `about` is kept in the file (see `about_file`).
    Raises DatabaseProblem: cannot be opened, damaged, locked by another program.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = connect(path)
        try:
            _check(db, path)
            applied = _migrate(db)
            write_about(db, about or {})
            return applied
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        raise DatabaseProblem(f"{path}: the database cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(_damaged(path, str(error))) from error
    except OSError as error:
        raise DatabaseProblem(f"{path}: the database cannot be made: {error.strerror}") from error


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check(db: sqlite3.Connection, path: Path, how: str = "quick_check") -> None:
    found = db.execute(f"PRAGMA {how}(1)").fetchone()[0]
    if found != "ok":
        raise DatabaseProblem(_damaged(path, str(found).splitlines()[0]))


def _damaged(path: Path, reason: str) -> str:
    return f"{path}: the database is damaged ({reason}); move it away and put the newest backup in its place"


def _migrate(db: sqlite3.Connection) -> list[str]:
    database = Database(db)
    waiting = [migration.name for migration in migrations.pending(database)]
    migrations.apply(database)
    return waiting


def pending(path: Path) -> list[str]:
    """Return the names of migrations that the file still needs; all of them when there is no file."""
    if not path.exists():
        return [migration.name for migration in migrations.pending(Database(memory=True))]
    try:
        db = connect(path, read_only=True)
        try:
            return [migration.name for migration in migrations.pending(Database(db))]
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(_damaged(path, str(error))) from error


def _is_own(database: Path, to: Path) -> bool:
    """Say whether a copy at `to` would take the place of the database or of what belongs to it."""
    if to.parent != database.parent:
        return False
    name = database.name
    return to.name in (name, "person.key") or to.name.startswith((f"{name}-", f"{name}."))


def back_up(path: Path, to: Path) -> int:
    """Write a compact, checked copy while the server may go on writing; return its size in bytes.

    Raises DatabaseProblem.
    """
    if not path.exists():
        raise DatabaseProblem(f"{path}: there is no database to back up")
    if _is_own(path.resolve(), to.resolve()):
        raise DatabaseProblem(f"{to}: is a file of the hall itself; choose another place for the copy")
    part = to.with_name(f"{to.name}.part")
    part.unlink(missing_ok=True)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        db = connect(path, read_only=True)
        try:
            db.execute("VACUUM INTO ?", (str(part),))
        finally:
            db.close()
        part.chmod(0o600)  # who may not read the database may not read its copy
        _on_disk(part)
        copy = connect(part, read_only=True)
        try:
            _check(copy, part, "integrity_check")
        finally:
            copy.close()
        part.replace(to)
        _on_disk(to.parent)
    except sqlite3.DatabaseError as error:
        raise DatabaseProblem(f"{to}: the backup failed: {error}") from error
    except OSError as error:
        raise DatabaseProblem(f"{to}: the backup failed: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return to.stat().st_size
