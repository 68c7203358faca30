"""Giving people staff cards and taking them away, with its place in the record."""

from __future__ import annotations

from queue_server.application.card_ports import CardWish
from queue_server.application.ports import Tx, User
from queue_server.application.staff_card import give_card, wish_card
from queue_server.http.accounts import Accounts


async def give(accounts: Accounts, username: str, card: str, by: str) -> None:
    """Make a staff card a person's.  Raises NotFound, Refused `card-taken`."""
    await accounts.change_user(username, lambda tx, user: give_card(tx, username, card), "card-given", by)


async def wish(accounts: Accounts, username: str, window: str, by: str) -> CardWish:
    """Let the next card shown at a window become a person's.  Raises NotFound."""
    made: list[CardWish] = []

    def keep(tx: Tx, user: User) -> None:
        made.append(wish_card(tx, username, window, by))

    await accounts.change_user(username, keep, "card-wished", by)
    return made[-1]


async def take(accounts: Accounts, username: str, by: str) -> None:
    """Take a person's staff card away.  Raises NotFound."""

    def drop(tx: Tx, user: User) -> None:
        tx.drop_card(username)

    await accounts.change_user(username, drop, "card-removed", by)
