"""People, machines, one-time codes and the audit in SQLite; parts of SqliteTx and SqliteView."""

from __future__ import annotations

import sqlite3

from queue_server.adapters import audit_sqlite
from queue_server.adapters.card_tables import SqliteCardTx, SqliteCardView
from queue_server.adapters.retention_sqlite import RetentionTx
from queue_server.adapters.sqlite_rows import to_time
from queue_server.adapters.statistics_sqlite import StatisticsView
from queue_server.application.audit import AuditFilter, AuditRow, Note
from queue_server.application.records import Token, Totp, User

_USER = "SELECT username, role, password_hash, display_name, window, failures, locked_until FROM user"
_TOKENS = "SELECT digest, role, name, window FROM token ORDER BY name"
_TOTP = "SELECT username, salt, last_step FROM totp WHERE username = ?"


def _user_of(row: tuple[str, str, str, str, str | None, int, str | None]) -> User:
    return User(*row[:6], to_time(row[6]))


class RightsView(StatisticsView, SqliteCardView):
    """The reading half."""

    _db: sqlite3.Connection

    def user(self, username: str) -> User | None:
        """Return a person."""
        row = self._db.execute(f"{_USER} WHERE username = ?", (username,)).fetchone()
        return _user_of(row) if row else None

    def users(self) -> list[User]:
        """Return everybody who may sign in, by name."""
        return [_user_of(row) for row in self._db.execute(f"{_USER} ORDER BY username")]

    def tokens(self) -> list[Token]:
        """Return every machine, by name."""
        return [Token(*row) for row in self._db.execute(_TOKENS)]

    def totp(self, username: str) -> Totp | None:
        """Return a person's second factor."""
        row = self._db.execute(_TOTP, (username,)).fetchone()
        return Totp(*row) if row else None

    def audit(self, wanted: AuditFilter) -> list[AuditRow]:
        """Return rows of the audit, newest first."""
        return audit_sqlite.find(self._db, wanted)


class RightsTx(RightsView, RetentionTx, SqliteCardTx):
    """The writing half."""

    noted: Note | None = None
    """What the job said of itself; the store reads it when the job has ended."""

    def note(self, detail: str = "", *, action: str = "", result: str = "") -> None:
        """Say for the audit what this job does."""
        self.noted = Note(detail, action, result)

    def drop_user(self, username: str) -> None:
        """Forget a person, the logins, the card and the second factor."""
        for table in ("user", "totp"):
            self._db.execute(f"DELETE FROM {table} WHERE username = ?", (username,))  # noqa: S608
        self.drop_card(username)
        self.drop_sessions_of(username)

    def drop_sessions_of(self, username: str) -> None:
        """Forget every login of a person."""
        self._db.execute("DELETE FROM session WHERE username = ?", (username,))

    def drop_token(self, name: str) -> bool:
        """Forget a machine; say whether it was known."""
        return self._db.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount > 0

    def save_totp(self, totp: Totp) -> None:
        """Keep a person's second factor."""
        values = (totp.username, totp.salt, totp.last_step)
        self._db.execute("INSERT OR REPLACE INTO totp VALUES (?, ?, ?)", values)

    def drop_totp(self, username: str) -> None:
        """Forget a person's second factor."""
        self._db.execute("DELETE FROM totp WHERE username = ?", (username,))
