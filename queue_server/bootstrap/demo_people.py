"""The demonstration's own machines and people, so that every role can be tried.  Never in a real hall.

The secrets are made from the key in the state directory: random for each demonstration, the same after a
restart, so that a kiosk goes on with its token.
"""

from __future__ import annotations

from typing import Any

from queue_server.adapters.identity import Identity
from queue_server.application.ports import Store, Token, Tx
from queue_server.application.sign import sign_in
from queue_server.contracts.auth import Role
from queue_server.domain.hall import Hall
from queue_server.http.accounts import Accounts, digest_of

MACHINES = (Role.KIOSK, Role.TABLET, Role.DISPLAY, Role.INTEGRATION)
PEOPLE = {
    "operator1": (Role.OPERATOR, "窗口人员一", None),
    "operator2": (Role.OPERATOR, "窗口人员二", None),
    "supervisor": (Role.SUPERVISOR, "值班长", None),
    "admin": (Role.ADMIN, "系统管理员", None),
    "auditor": (Role.AUDITOR, "审计员", None),
}


async def make(accounts: Accounts, identity: Identity, store: Store) -> dict[str, Any]:
    """Add them; return `{tokens: {role: token}, users: [{username, password, role}]}`."""
    tokens = {role.value: identity.derived(f"demo-token-{role.value}") for role in MACHINES}

    def keep(tx: Tx) -> None:
        for role, secret in tokens.items():
            tx.save_token(Token(digest_of(secret), role, f"demo-{role}"))

    await store.change(keep, "system")
    users = []
    for username, (role, display_name, window) in PEOPLE.items():
        password = identity.derived(f"demo-password-{username}")[:12]
        await accounts.add_user(username, password, role, display_name, window)
        users.append({"username": username, "password": password, "role": role.value})
    return {"tokens": tokens, "users": users}


async def sign_clerks_in(store: Store, hall: Hall) -> None:
    """Open every window that nobody sits at."""

    def keep(tx: Tx) -> None:
        for window, desk in list(tx.desks().items()):
            if not desk.is_open:
                sign_in(tx, window, f"clerk-{window}")

    await store.change(keep, "system")
