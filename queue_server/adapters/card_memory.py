"""Staff cards of the reference store; a part of MemoryTx."""

from __future__ import annotations

from collections.abc import Set

from queue_server.adapters.memory_tables import Tables
from queue_server.application.card_ports import CardWish


class MemoryCards:
    """Reading and writing."""

    _tables: Tables

    def card_holders(self) -> Set[str]:
        """Return who has a card."""
        return set(self._tables.cards.digests)

    def card_holder(self, digest: str) -> str | None:
        """Return whose card it is."""
        return next((name for name, kept in self._tables.cards.digests.items() if kept == digest), None)

    def save_card(self, username: str, digest: str) -> None:
        """Keep a person's card."""
        self._tables.cards.digests[username] = digest

    def drop_card(self, username: str) -> bool:
        """Forget a person's card and wish."""
        cards = self._tables.cards
        cards.wishes = {one.window: one for one in cards.wishes.values() if one.username != username}
        return cards.digests.pop(username, None) is not None

    def card_wish(self, window: str) -> CardWish | None:
        """Return the wish at a window."""
        return self._tables.cards.wishes.get(window)

    def save_card_wish(self, wish: CardWish) -> None:
        """Keep a wish, the only one of its window and of its person."""
        cards = self._tables.cards
        others = {one.window: one for one in cards.wishes.values() if one.username != wish.username}
        cards.wishes = {**others, wish.window: wish}

    def drop_card_wish(self, window: str) -> None:
        """Forget the wish at a window."""
        self._tables.cards.wishes.pop(window, None)
