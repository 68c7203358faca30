"""Subcommands of record and rights: people, machines, the audit, forgetting."""

from __future__ import annotations

import asyncio
import getpass
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable
from typing import TypeVar

from queue_server.adapters import audit_sqlite
from queue_server.adapters.clock import SystemClock
from queue_server.adapters.identity import load_identity
from queue_server.adapters.sqlite_file import DatabaseProblem
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.audit import Head
from queue_server.application.retention import Keep
from queue_server.bootstrap.account_rules import account_rules
from queue_server.bootstrap.commands import COMMANDS, Command, Failed
from queue_server.bootstrap.retention import forget_old
from queue_server.bootstrap.server import hall_of
from queue_server.contracts.auth import Role
from queue_server.contracts.users import NAME
from queue_server.domain.errors import QueueError
from queue_server.http import staff_cards
from queue_server.http.accounts import PEOPLE, Accounts
from queue_server.http.second_factor import uri_of
from queue_server.settings import ServerSettings

T = TypeVar("T")
BY = "command:queue-server"
CARD = re.compile(r"[0-9a-f]{64}")
MACHINES = tuple(role for role in Role if role not in PEOPLE)


def _on_store(settings: ServerSettings, act: Callable[[SqliteStore, Accounts], Awaitable[T]]) -> T:
    """Run `act` on the database beside a server that may be running.  Raises Failed."""

    async def run() -> T:
        clock, identity = SystemClock(), load_identity(settings.state_dir)
        store = SqliteStore(settings.database_path, hall_of(settings), clock, identity)
        try:
            rules = account_rules(settings.accounts)
            return await act(store, Accounts(store, clock, {}, rules=rules, derive=identity.derived))
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except (DatabaseProblem, OSError) as error:
        raise Failed(str(error)) from error
    except QueueError as error:
        raise Failed(error.detail("en")) from error


def run_user(settings: ServerSettings, given: Namespace) -> None:
    """Do `verb` to a person."""
    _USER_VERBS[given.verb](settings, given)


def _name_of(given: Namespace, what: str) -> str:
    name: str | None = given.username if what == "username" else given.name
    if not name:
        raise Failed(f"`{given.verb}` needs a {what}")
    return name


def _new_name_of(given: Namespace, what: str) -> str:
    name = _name_of(given, what)
    if re.fullmatch(NAME, name) is None:
        raise Failed(f"a {what} is 1 to 64 letters, digits, `_`, `.` or `-`; choose another one")
    return name


def _password() -> str:
    """Return the password typed, or the first line of standard input.  Raises Failed."""
    typed = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not typed.isprintable():  # also bytes that are not UTF-8
        raise Failed("the password holds what is no UTF-8 text; type it again")
    return typed


def _add_user(settings: ServerSettings, given: Namespace) -> None:
    username = _new_name_of(given, "username")
    if given.role is None:
        raise Failed("`add` needs --role")
    password = _password()
    role = Role(given.role)
    _on_store(
        settings,
        lambda store, accounts: accounts.add_user(
            username, password, role, given.display_name, given.window, BY
        ),
    )
    print(f"{username} may sign in as {role.value}")


def _list_users(settings: ServerSettings, given: Namespace) -> None:
    for user in _on_store(settings, lambda store, _: store.read(lambda view: view.users())):
        locked = f"locked until {user.locked_until:%Y-%m-%dT%H:%M:%SZ}" if user.locked_until else ""
        print("\t".join((user.username, user.role, user.window or "-", user.display_name or "-", locked)))


def _remove_user(settings: ServerSettings, given: Namespace) -> None:
    username = _name_of(given, "username")
    _on_store(settings, lambda store, accounts: accounts.remove_user(username, BY))
    print(f"{username} may not sign in any more")


def _unlock_user(settings: ServerSettings, given: Namespace) -> None:
    username = _name_of(given, "username")
    _on_store(settings, lambda store, accounts: accounts.unlock(username, BY))
    print(f"{username} is not locked")


def _add_totp(settings: ServerSettings, given: Namespace) -> None:
    """Print the secret once: for an authenticator app."""
    username = _name_of(given, "username")
    secret = _on_store(settings, lambda store, accounts: accounts.add_totp(username, BY))
    print(secret)
    print(uri_of(secret, username))


def _remove_totp(settings: ServerSettings, given: Namespace) -> None:
    username = _name_of(given, "username")
    _on_store(settings, lambda store, accounts: accounts.remove_totp(username, BY))
    print(f"{username} signs in without a one-time code")


def _give_card(settings: ServerSettings, given: Namespace) -> None:
    """Give a person the card that stands there, or the next one shown at --window."""
    username = _name_of(given, "username")
    if given.next_shown:
        if given.window is None:
            raise Failed("`card --next-shown` needs --window")
        wish = _on_store(settings, lambda _, accounts: staff_cards.wish(accounts, username, given.window, BY))
        print(f"show the card at window {wish.window} before {wish.until:%H:%M:%SZ}")
        return
    if given.card is None or not CARD.fullmatch(given.card):
        raise Failed("`card` needs the card's 64 hexadecimal digits, or --next-shown --window N")
    _on_store(settings, lambda _, accounts: staff_cards.give(accounts, username, given.card, BY))
    print(f"{username} may sign in at a window with this card")


def _take_card(settings: ServerSettings, given: Namespace) -> None:
    username = _name_of(given, "username")
    _on_store(settings, lambda _, accounts: staff_cards.take(accounts, username, BY))
    print(f"{username} has no card")


_USER_VERBS = {
    "add": _add_user,
    "list": _list_users,
    "remove": _remove_user,
    "unlock": _unlock_user,
    "totp": _add_totp,
    "totp-off": _remove_totp,
    "card": _give_card,
    "card-off": _take_card,
}


def run_token(settings: ServerSettings, given: Namespace) -> None:
    """Do `verb` to a machine's token; a new secret is printed once and kept as a hash only."""
    _TOKEN_VERBS[given.verb](settings, given)


def _add_token(settings: ServerSettings, given: Namespace) -> None:
    name = _new_name_of(given, "name")
    if given.role is None:
        raise Failed("`add` needs --role")
    role = Role(given.role)
    print(_on_store(settings, lambda store, accounts: accounts.add_token(name, role, given.window, BY)))


def _list_tokens(settings: ServerSettings, given: Namespace) -> None:
    for token in _on_store(settings, lambda store, _: store.read(lambda view: view.tokens())):
        print("\t".join((token.name, token.role, token.window or "-")))


def _revoke_token(settings: ServerSettings, given: Namespace) -> None:
    name = _name_of(given, "name")
    _on_store(settings, lambda store, accounts: accounts.revoke_token(name, BY))
    print(f"the token of {name} is worth nothing; a running server knows it within 30 s")


def _rotate_token(settings: ServerSettings, given: Namespace) -> None:
    name = _name_of(given, "name")
    print(_on_store(settings, lambda store, accounts: accounts.rotate_token(name, BY)))


_TOKEN_VERBS = {
    "add": _add_token,
    "list": _list_tokens,
    "revoke": _revoke_token,
    "rotate": _rotate_token,
}


def run_retention(settings: ServerSettings, given: Namespace) -> None:
    """Forget what is too old and say how much it was."""
    keep = Keep(settings.retention.answer_days, settings.retention.identity_days)
    done = _on_store(settings, lambda store, accounts: forget_old(store, keep))
    print(f"forgotten: {done.answers} answers, {done.identities} links to persons")


def run_audit(settings: ServerSettings, given: Namespace) -> None:
    """Check every row of the audit; name the first broken one."""
    try:
        broken, head = audit_sqlite.verify(settings.database_path, given.head)
    except DatabaseProblem as error:
        raise Failed(str(error)) from error
    if broken is not None:
        raise Failed(f"the audit is broken at row {broken.seq}: {broken.reason}; sound up to row {head.seq}")
    print(f"ok: {head.seq} rows, head {head.seq}:{head.hash}")


def _head(text: str) -> Head:
    seq, colon, digest = text.partition(":")
    if not colon or not seq.isdecimal() or len(digest) != 64:
        raise ArgumentTypeError("SEQ:HASH as `audit verify` printed it")
    return Head(int(seq), digest)


def _audit_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=["verify"], help="check the whole chain")
    parser.add_argument(
        "--head", type=_head, metavar="SEQ:HASH", help="a head that was written down: must still be there"
    )


def _user_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=sorted(_USER_VERBS), help="add also replaces")
    parser.add_argument("username", nargs="?")
    parser.add_argument(
        "card", nargs="?", help="for `card`: what the card reader's agent tells, 64 hex digits"
    )
    parser.add_argument(
        "--next-shown", action="store_true", help="for `card`: the next one shown at --window"
    )
    parser.add_argument("--role", choices=sorted(role.value for role in PEOPLE))
    parser.add_argument("--display-name", default="")
    parser.add_argument("--window", help="the window where this person usually sits")


def _token_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("verb", choices=sorted(_TOKEN_VERBS), help="add also replaces")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--role", choices=sorted(role.value for role in MACHINES))
    parser.add_argument("--window", help="the window where this machine stands")


COMMANDS |= {
    "user": Command(
        "add, list, remove, unlock people, give them cards; the password is read from stdin",
        "user add wang --role operator --window 3",
        run_user,
        _user_arguments,
    ),
    "token": Command(
        "add, list, revoke, rotate machines' tokens",
        "token add QK01 --role kiosk",
        run_token,
        _token_arguments,
    ),
    "audit": Command("check that nobody changed the record", "audit verify", run_audit, _audit_arguments),
    "retention": Command("forget what is too old", "retention --config server.toml", run_retention),
}
