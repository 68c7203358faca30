"""Who is asking: machines by token, people by password and session cookie, screens by a pass.

Secrets are kept as SHA-256 (tokens, cookies) and argon2 (passwords).  Five wrong passwords lock an account.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from queue_server.application.ports import Clock, Session, Store, Token, Tx, User
from queue_server.contracts.auth import Role
from queue_server.domain.errors import Denied

SESSION_FOR = timedelta(hours=12)
LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
LOGINS_PER_MINUTE = 60
PEOPLE = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
TRUST_FOR = timedelta(seconds=30)
"""How long a known credential is believed without asking the database again."""


@dataclass(frozen=True, slots=True)
class Principal:
    """One proven identity.  `by_cookie` ones must show that a write comes from our own pages."""

    role: Role
    name: str
    by_cookie: bool = False
    window: str | None = None
    display_name: str = ""

    @property
    def actor(self) -> str:
        """The name under which events and idempotency keys are kept."""
        return f"{self.role.value}:{self.name}"


def digest_of(secret: str) -> str:
    """Return the SHA-256 under which a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Accounts:
    """Checks credentials against the store."""

    def __init__(self, store: Store, clock: Clock, passes: dict[str, Principal]) -> None:
        """`passes` maps the digest of a pass to whom it proves: screens and open tablets."""
        self._store, self._clock, self._passes = store, clock, passes
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
        self._nobody = self._hasher.hash(secrets.token_hex(8))
        self._known: dict[str, tuple[Principal | None, float]] = {}
        self._logins: deque[float] = deque()

    async def by_token(self, token: str) -> Principal | None:
        """Return the machine with this bearer token."""
        digest = digest_of(token)
        return self._passes.get(digest) or await self._lookup(f"t{digest}", digest)

    def by_pass(self, value: str) -> Principal | None:
        """Return whom a pass cookie proves."""
        found = self._passes.get(digest_of(value))
        return replace(found, by_cookie=True) if found else None

    async def by_session(self, cookie: str) -> Principal | None:
        """Return the person with this session cookie."""
        digest = digest_of(cookie)
        return await self._lookup(f"s{digest}", digest)

    async def _lookup(self, key: str, digest: str) -> Principal | None:
        now_s = asyncio.get_running_loop().time()
        kept = self._known.get(key)
        if kept is not None and now_s - kept[1] < TRUST_FOR.total_seconds():
            return kept[0]
        found = await (self._read_token(digest) if key[0] == "t" else self._read_session(digest))
        if len(self._known) > 4096:
            self._known.clear()
        if found is not None:  # an unknown one may become known any moment
            self._known[key] = (found, now_s)
        else:
            self._known.pop(key, None)
        return found

    async def _read_token(self, digest: str) -> Principal | None:
        token = await self._store.read(lambda view: view.token(digest))
        return Principal(Role(token.role), token.name, window=token.window) if token else None

    async def _read_session(self, digest: str) -> Principal | None:
        session = await self._store.read(lambda view: view.session(digest))
        if session is None or session.expires_at <= self._clock.now():
            return None
        user = await self._store.read(lambda view: view.user(session.username))
        if user is None:
            return None
        return Principal(Role(user.role), user.username, True, user.window, user.display_name)

    async def login(self, username: str, password: str) -> tuple[str, Principal]:
        """Return a new session cookie and whose it is.

        Raises Denied: unauthenticated (also for an unknown name), locked-out, rate-limited.
        """
        self._count_login()
        user = await self._store.read(lambda view: view.user(username))
        now = self._clock.now()
        if user is not None and user.locked_until is not None and user.locked_until > now:
            minutes = max(1, round((user.locked_until - now).total_seconds() / 60))
            raise Denied("locked-out", minutes=minutes)
        known = user.password_hash if user else self._nobody  # the same work whether the name exists or not
        right = await asyncio.get_running_loop().run_in_executor(None, self._verify, known, password)
        if user is None or not right:
            if user is not None:
                await self._count_failure(user)
            raise Denied("unauthenticated")
        cookie = secrets.token_urlsafe(24)
        session = Session(digest_of(cookie), user.username, now + SESSION_FOR)
        fresh = replace(user, failures=0, locked_until=None)

        def remember(tx: Tx) -> None:
            tx.save_session(session)
            tx.save_user(fresh)

        await self._store.change(remember)
        return cookie, Principal(Role(user.role), user.username, True, user.window, user.display_name)

    def _count_login(self) -> None:
        now_s = asyncio.get_running_loop().time()
        while self._logins and self._logins[0] < now_s - 60:
            self._logins.popleft()
        if len(self._logins) >= LOGINS_PER_MINUTE:
            raise Denied("rate-limited")
        self._logins.append(now_s)

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _count_failure(self, user: User) -> None:
        failures = user.failures + 1
        locked = self._clock.now() + LOCK_FOR if failures >= LOCK_AFTER else None
        failed = replace(user, failures=0 if locked else failures, locked_until=locked)
        await self._store.change(lambda tx: tx.save_user(failed))

    async def logout(self, cookie: str) -> None:
        """Forget a session."""
        digest = digest_of(cookie)
        self._known.pop(f"s{digest}", None)
        await self._store.change(lambda tx: tx.drop_session(digest))

    async def add_user(
        self, username: str, password: str, role: Role, display_name: str = "", window: str | None = None
    ) -> None:
        """Add or replace a person."""
        hashed = await asyncio.get_running_loop().run_in_executor(None, self._hasher.hash, password)
        user = User(username, role.value, hashed, display_name, window)
        await self._store.change(lambda tx: tx.save_user(user))

    async def add_token(self, name: str, role: Role, window: str | None = None) -> str:
        """Add or replace a machine's token; return the secret, which is not kept."""
        secret = secrets.token_urlsafe(24)
        token = Token(digest_of(secret), role.value, name, window)
        await self._store.change(lambda tx: tx.save_token(token))
        return secret
