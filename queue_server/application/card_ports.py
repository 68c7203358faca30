"""What staff cards need of a store: whose card it is, and who waits to be given the next one shown."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class CardWish:
    """The next card shown at `window` before `until` becomes the card of `username`; `by` asked for it."""

    window: str
    username: str
    until: datetime
    by: str


class CardTx(Protocol):
    """The writing half; part of `Tx`."""

    def card_holder(self, digest: str) -> str | None:
        """Return whose card it is, by its kept digest."""
        ...

    def save_card(self, username: str, digest: str) -> None:
        """Keep a person's card; an earlier one of the person is forgotten."""
        ...

    def drop_card(self, username: str) -> bool:
        """Forget a person's card and the wish for one; say whether there was a card."""
        ...

    def card_wish(self, window: str) -> CardWish | None:
        """Return the wish at a window, over or not."""
        ...

    def save_card_wish(self, wish: CardWish) -> None:
        """Keep a wish; an earlier one at its window, and of its person, is forgotten."""
        ...

    def drop_card_wish(self, window: str) -> None:
        """Forget the wish at a window."""
        ...


class CardView(Protocol):
    """The reading half; part of `View`."""

    def card_holders(self) -> Set[str]:
        """Return the names of everybody who has a card."""
        ...
