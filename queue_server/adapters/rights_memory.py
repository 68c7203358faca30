"""People, machines, one-time codes and the audit of the reference store; a part of MemoryTx."""

from __future__ import annotations

from queue_server.adapters.card_memory import MemoryCards
from queue_server.adapters.memory_tables import Tables
from queue_server.adapters.retention_memory import MemoryRetention
from queue_server.adapters.sqlite_rows import to_text
from queue_server.adapters.statistics_memory import MemoryStatistics
from queue_server.application.audit import AuditFilter, AuditRow, Note
from queue_server.application.records import Token, Totp, User


class MemoryRights(MemoryStatistics, MemoryRetention, MemoryCards):
    """Reading and writing."""

    _tables: Tables
    noted: Note | None = None

    def note(self, detail: str = "", *, action: str = "", result: str = "") -> None:
        """Say for the audit what this job does."""
        self.noted = Note(detail, action, result)

    def audit(self, wanted: AuditFilter) -> list[AuditRow]:
        """Return rows of the audit, newest first."""
        since, until = to_text(wanted.since), to_text(wanted.until)
        found = [
            row
            for row in self._tables.audit
            if (since is None or row.at >= since)
            and (until is None or row.at < until)
            and wanted.actor in (None, row.actor)
            and wanted.action in (None, row.action)
            and (wanted.before is None or row.seq < wanted.before)
        ]
        return found[::-1][: wanted.limit]

    def users(self) -> list[User]:
        """Return everybody who may sign in."""
        return [user for _, user in sorted(self._tables.users.items())]

    def tokens(self) -> list[Token]:
        """Return every machine."""
        return sorted(self._tables.tokens.values(), key=lambda token: token.name)

    def totp(self, username: str) -> Totp | None:
        """Return a person's second factor."""
        return self._tables.totps.get(username)

    def drop_user(self, username: str) -> None:
        """Forget a person, the logins, the card and the second factor."""
        self._tables.users.pop(username, None)
        self.drop_totp(username)
        self.drop_card(username)
        self.drop_sessions_of(username)

    def drop_sessions_of(self, username: str) -> None:
        """Forget every login of a person."""
        kept = {one.digest: one for one in self._tables.sessions.values() if one.username != username}
        self._tables.sessions = kept

    def drop_token(self, name: str) -> bool:
        """Forget a machine; say whether it was known."""
        named = [token.digest for token in self._tables.tokens.values() if token.name == name]
        for digest in named:
            del self._tables.tokens[digest]
        return bool(named)

    def save_totp(self, totp: Totp) -> None:
        """Keep a person's second factor."""
        self._tables.totps[totp.username] = totp

    def drop_totp(self, username: str) -> None:
        """Forget a person's second factor."""
        self._tables.totps.pop(username, None)
