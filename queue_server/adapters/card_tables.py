"""Staff cards in SQLite, as mix-ins of its transaction and view; what the reference store keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Set
from dataclasses import dataclass, field

from queue_server.adapters.sqlite_rows import to_text, to_time
from queue_server.application.card_ports import CardWish

CARD_TABLES = (
    # `digest` is the SHA-256 of what readers tell: whoever reads this table cannot show a card
    """
    CREATE TABLE staff_card (
        username TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE card_wish (
        window TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, until TEXT NOT NULL, by TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)
_SAVE_CARD = """
    INSERT INTO staff_card VALUES (?, ?) ON CONFLICT (username) DO UPDATE SET digest = excluded.digest
"""


class SqliteCardView:
    """The reading half."""

    _db: sqlite3.Connection

    def card_holders(self) -> Set[str]:
        """Return who has a card."""
        return {row[0] for row in self._db.execute("SELECT username FROM staff_card")}


class SqliteCardTx:
    """The writing half."""

    _db: sqlite3.Connection

    def card_holder(self, digest: str) -> str | None:
        """Return whose card it is."""
        row = self._db.execute("SELECT username FROM staff_card WHERE digest = ?", (digest,)).fetchone()
        return str(row[0]) if row else None

    def save_card(self, username: str, digest: str) -> None:
        """Keep a person's card."""
        self._db.execute(_SAVE_CARD, (username, digest))

    def drop_card(self, username: str) -> bool:
        """Forget a person's card and wish."""
        self._db.execute("DELETE FROM card_wish WHERE username = ?", (username,))
        return self._db.execute("DELETE FROM staff_card WHERE username = ?", (username,)).rowcount > 0

    def card_wish(self, window: str) -> CardWish | None:
        """Return the wish at a window."""
        row = self._db.execute("SELECT * FROM card_wish WHERE window = ?", (window,)).fetchone()
        until = to_time(row[2]) if row else None
        return CardWish(row[0], row[1], until, row[3]) if until is not None else None

    def save_card_wish(self, wish: CardWish) -> None:
        """Keep a wish, the only one of its window and of its person."""
        values = (wish.window, wish.username, to_text(wish.until), wish.by)
        self._db.execute("INSERT OR REPLACE INTO card_wish VALUES (?, ?, ?, ?)", values)

    def drop_card_wish(self, window: str) -> None:
        """Forget the wish at a window."""
        self._db.execute("DELETE FROM card_wish WHERE window = ?", (window,))


@dataclass
class CardTables:
    """What the reference store keeps: digests by name, wishes by window."""

    digests: dict[str, str] = field(default_factory=dict)
    wishes: dict[str, CardWish] = field(default_factory=dict)

    def __copy__(self) -> CardTables:
        """Return a copy; the values themselves never change."""
        return CardTables(dict(self.digests), dict(self.wishes))
