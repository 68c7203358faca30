"""Staff cards: whose they are, and what showing one at a window does.

A card's number is no proof (docs/devices/cardreader-pcsc.md), so a card signs its holder in at a window and
does nothing else: no login to a page comes of it, and no right beyond the window's keys.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from queue_server.application.card_ports import CardWish
from queue_server.application.ports import Tx, User
from queue_server.application.sign import sign_in, sign_out
from queue_server.domain.desk import Desk
from queue_server.domain.errors import Denied, NotFound, Refused

WISH_FOR = timedelta(seconds=60)
MAY_SIT = frozenset({"operator", "supervisor"})


def kept_card(card: str) -> str:
    """Return the SHA-256 under which a card (64 hex digits, see StaffCardShown) is kept, as tokens are."""
    return hashlib.sha256(card.encode()).hexdigest()


def give_card(tx: Tx, username: str, card: str) -> None:
    """Make `card` the card of a person.  Raises NotFound, Refused `card-taken`."""
    _give(tx, username, kept_card(card))


def wish_card(tx: Tx, username: str, window: str, by: str) -> CardWish:
    """Let the next card shown at a window become the person's, for WISH_FOR.  Raises NotFound."""
    if tx.user(username) is None:
        raise NotFound(what="user")
    wish = CardWish(tx.hall.window(window).id, username, tx.now + WISH_FOR, by)
    tx.save_card_wish(wish)
    return wish


def card_shown(tx: Tx, window: str, card: str) -> Desk | None:
    """Sign the holder of a card in at a window; None when the card was only given to somebody.

    A holder who sits there already stays, or signs out where the hall says so (`card_toggles`).  Raises
    NotFound; Denied: forbidden, locked-out; Refused: card-unknown, card-taken, window-taken, window-busy.
    """
    digest, desk = kept_card(card), tx.desk(window)
    wish = tx.card_wish(window)
    if wish is not None and tx.now < wish.until:
        _give(tx, wish.username, digest)
        tx.drop_card_wish(window)
        tx.note(f"user={wish.username} asked by {wish.by}", action="card-given")
        return None
    user = _who_may_sit(tx, digest)
    tx.note(f"user={user.username}")
    if desk.operator != user.username:
        relieved = f", handed over from {desk.operator}" if desk.operator is not None else ""
        signed = sign_in(tx, window, user.username)
        tx.note(f"user={user.username}{relieved}")
        return signed
    return sign_out(tx, window) if tx.hall.calling.card_toggles else desk


def _give(tx: Tx, username: str, digest: str) -> None:
    if tx.user(username) is None:
        raise NotFound(what="user")
    if tx.card_holder(digest) not in (None, username):
        raise Refused("card-taken")
    tx.save_card(username, digest)


def _who_may_sit(tx: Tx, digest: str) -> User:
    """Return the holder of a card.  Raises Refused `card-unknown`; Denied: forbidden, locked-out."""
    username = tx.card_holder(digest)
    user = tx.user(username) if username is not None else None
    if user is None:
        raise Refused("card-unknown")
    if user.role not in MAY_SIT:
        raise Denied("forbidden")
    if user.locked_until is not None and tx.now < user.locked_until:
        minutes = -(-(user.locked_until - tx.now) // timedelta(minutes=1))
        raise Denied("locked-out", minutes=minutes)
    return user
