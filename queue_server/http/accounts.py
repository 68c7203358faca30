"""Who is asking: machines by token, people by password and session cookie, screens by a pass.

Secrets are kept as SHA-256 (tokens, cookies) and argon2 (passwords).  Sessions live on the machine's clock,
so that moving a demonstration's clock logs nobody out; a locked account opens by the hall's clock.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from queue_server.application.ports import Clock, Session, Store, Token, Totp, Tx, User
from queue_server.contracts.auth import Role
from queue_server.domain.errors import Denied, NotFound, QueueError
from queue_server.http.account_rules import AccountRules, LoginRate, check_password
from queue_server.http.second_factor import Derive, new_factor, secret_of, step_of

PEOPLE = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR})
TRUST_FOR = timedelta(seconds=30)
"""How long a known credential is believed without asking the database again."""
MOST_USED = 4096
NOBODY = "person:unknown"
"""Whoever typed a name that nobody has; the name itself is not recorded, it may be anything."""


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

    def __init__(
        self,
        store: Store,
        clock: Clock,
        passes: dict[str, Principal],
        *,
        rules: AccountRules | None = None,
        session_clock: Clock | None = None,
        derive: Derive | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`passes` maps the digest of a pass to whom it proves: screens and open tablets.

        `derive` makes the secrets of second factors; without it nobody can have one.  `seconds` only goes on.
        """
        self.rules = rules or AccountRules()
        self._store, self._clock, self._passes = store, clock, passes
        self._session_clock, self._derive, self._seconds = session_clock or clock, derive, seconds
        self._hasher = PasswordHasher(
            self.rules.argon2_time_cost, self.rules.argon2_memory_kib, self.rules.argon2_parallelism
        )
        self._nobody = self._hasher.hash(secrets.token_hex(8))
        self._known: dict[str, tuple[Principal | None, float]] = {}
        self._used: dict[str, float] = {}
        self._rate = LoginRate(self.rules)

    async def by_token(self, token: str) -> Principal | None:
        """Return the machine with this bearer token."""
        digest = digest_of(token)
        return self._passes.get(digest) or await self._lookup(f"t{digest}", digest)

    def by_pass(self, value: str) -> Principal | None:
        """Return whom a pass cookie proves."""
        found = self._passes.get(digest_of(value))
        return replace(found, by_cookie=True) if found else None

    async def by_session(self, cookie: str) -> Principal | None:
        """Return the person with this session cookie; one that was not used for too long is forgotten."""
        digest, now_s = digest_of(cookie), self._seconds()
        if now_s - self._used.get(digest, now_s) > self.rules.idle_for.total_seconds():
            await self.logout(cookie)
            return None
        found = await self._lookup(f"s{digest}", digest)
        if found is not None:
            if len(self._used) >= MOST_USED:
                idle_s = self.rules.idle_for.total_seconds()
                self._used = {key: at for key, at in self._used.items() if now_s - at <= idle_s}
            self._used[digest] = now_s
        return found

    async def _lookup(self, key: str, digest: str) -> Principal | None:
        now_s = self._seconds()
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
        if session is None or session.expires_at <= self._session_clock.now():
            return None
        user = await self._store.read(lambda view: view.user(session.username))
        if user is None:
            return None
        return Principal(Role(user.role), user.username, True, user.window, user.display_name)

    async def login(
        self, username: str, password: str, address: str = "", code: str | None = None
    ) -> tuple[str, Principal]:
        """Return a new session cookie and whose it is.  `code` is of the second factor.

        Raises Denied: unauthenticated (also for an unknown name), totp-required, locked-out, rate-limited.
        """
        self._rate.check(username, address, self._seconds())
        user = await self._store.read(lambda view: view.user(username))
        if user is not None:
            await self._check_lock(user)
        known = user.password_hash if user else self._nobody  # the same work whether the name exists or not
        right = await asyncio.get_running_loop().run_in_executor(None, self._verify, known, password)
        if user is None or not right:
            raise await self._failure(username, address, user)
        step = await self._second_factor(user, code, address)
        cookie = secrets.token_urlsafe(24)
        now = self._session_clock.now()
        session = Session(digest_of(cookie), username, now + self.rules.session_for, now)
        await self._store.change(lambda tx: _signed_in(tx, user, session, step), _actor(user))
        return cookie, Principal(Role(user.role), user.username, True, user.window, user.display_name)

    async def _check_lock(self, user: User) -> None:
        now = self._clock.now()
        if user.locked_until is None or user.locked_until <= now:
            return
        await self._store.change(lambda tx: tx.note(result="locked-out"), _actor(user))
        raise Denied("locked-out", minutes=_minutes_of(user.locked_until - now))

    async def _second_factor(self, user: User, code: str | None, address: str) -> int | None:
        """Return the step of the code, None for a person who needs none.  Raises Denied."""
        factor = await self._store.read(lambda view: view.totp(user.username))
        if factor is None and Role(user.role) not in self.rules.totp_roles:
            return None
        if factor is None or self._derive is None or code is None:
            raise Denied("totp-required")
        step = step_of(secret_of(self._derive, factor), code, self._session_clock.now())
        if step is None or step <= factor.last_step:
            raise await self._failure(user.username, address, user)
        return step

    def _verify(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _failure(self, username: str, address: str, user: User | None) -> Denied:
        """Count a wrong password or code; return what to raise."""
        self._rate.failed(username, address, self._seconds())
        rules = self.rules

        def count(tx: Tx) -> None:
            now_known = tx.user(username)
            if now_known is not None:
                failures = now_known.failures + 1
                locked = tx.now + rules.lock_for if failures >= rules.lock_after else None
                tx.save_user(replace(now_known, failures=0 if locked else failures, locked_until=locked))
            tx.note(result="unauthenticated")

        await self._store.change(count, _actor(user) if user else NOBODY)
        return Denied("unauthenticated")

    async def logout(self, cookie: str) -> None:
        """Forget a session."""
        digest = digest_of(cookie)
        self._known.pop(f"s{digest}", None)
        self._used.pop(digest, None)
        await self._store.change(lambda tx: tx.drop_session(digest))

    def forget_known(self) -> None:
        """Ask the database again for everybody: rights were changed."""
        self._known.clear()

    async def add_user(
        self,
        username: str,
        password: str,
        role: Role,
        display_name: str = "",
        window: str | None = None,
        by: str = "system",
    ) -> None:
        """Add or replace a person; a replaced one is signed out.  Raises QueueError `validation`."""
        check_password(self.rules, username, password)
        known = await self._store.read(lambda view: view.user(username))
        loop = asyncio.get_running_loop()
        same = known is not None and known.role == role.value
        if known is not None and same:
            same = await loop.run_in_executor(None, self._verify, known.password_hash, password)
        hashed = await loop.run_in_executor(None, self._hasher.hash, password)
        user = User(username, role.value, hashed, display_name, window)

        def keep(tx: Tx) -> None:
            if not same:
                tx.drop_sessions_of(username)
            tx.save_user(user)
            tx.note(f"user={username} role={role.value}", action="user-saved")

        await self._store.change(keep, by)
        self.forget_known()

    async def change_password(
        self, username: str, old: str, new: str, cookie: str = "", address: str = ""
    ) -> None:
        """Change one's own password; every login of that person but the one of `cookie` ends.

        A wrong `old` counts as a failed login.  Raises Denied: locked-out, rate-limited; NotFound; QueueError
        `validation` for a wrong `old` (the login itself is good) and a `new` that is too weak.
        """
        self._rate.check(username, address, self._seconds())
        user = await self._store.read(lambda view: view.user(username))
        if user is None:
            raise NotFound(what="user")
        await self._check_lock(user)
        loop = asyncio.get_running_loop()
        if not await loop.run_in_executor(None, self._verify, user.password_hash, old):
            await self._failure(username, address, user)
            raise QueueError("validation", reason="the old password is wrong")
        check_password(self.rules, username, new)
        hashed = await loop.run_in_executor(None, self._hasher.hash, new)
        session = await self._store.read(lambda view: view.session(digest_of(cookie)))
        now = self._session_clock.now()

        def change(tx: Tx, known: User) -> None:
            if known.password_hash != user.password_hash:
                raise QueueError("validation", reason="the old password is wrong")
            tx.drop_sessions_of(username)
            tx.save_user(replace(known, password_hash=hashed, failures=0))
            if session is not None and session.username == username:
                tx.save_session(replace(session, made_at=now))

        await self.change_user(username, change, "password-changed", _actor(user))

    async def change_user(self, username: str, act: Callable[[Tx, User], None], what: str, by: str) -> None:
        """Run `act` on a person and record it as `what`.  Raises NotFound."""

        def change(tx: Tx) -> None:
            user = tx.user(username)
            if user is None:
                raise NotFound(what="user")
            act(tx, user)
            tx.note(f"user={username}", action=what)

        await self._store.change(change, by)
        self.forget_known()

    async def remove_user(self, username: str, by: str = "system") -> None:
        """Forget a person and every login.  Raises NotFound."""
        await self.change_user(username, lambda tx, user: tx.drop_user(user.username), "user-removed", by)

    async def unlock(self, username: str, by: str = "system") -> None:
        """Open a locked account.  Raises NotFound."""
        await self.change_user(
            username,
            lambda tx, user: tx.save_user(replace(user, failures=0, locked_until=None)),
            "user-unlocked",
            by,
        )

    async def add_totp(self, username: str, by: str = "system") -> str:
        """Give a person a new second factor; return its secret, which is not kept.  Raises NotFound."""
        if self._derive is None:
            raise QueueError("not-possible", reason="no key for second factors")
        factor: Totp = new_factor(username)
        await self.change_user(username, lambda tx, user: tx.save_totp(factor), "totp-added", by)
        return secret_of(self._derive, factor)

    async def remove_totp(self, username: str, by: str = "system") -> None:
        """Take a person's second factor away.  Raises NotFound."""
        await self.change_user(username, lambda tx, user: tx.drop_totp(username), "totp-removed", by)

    async def add_token(self, name: str, role: Role, window: str | None = None, by: str = "system") -> str:
        """Add or replace a machine's token; return the secret, which is not kept."""
        secret = secrets.token_urlsafe(24)
        token = Token(digest_of(secret), role.value, name, window)

        def keep(tx: Tx) -> None:
            tx.save_token(token)
            tx.note(f"token={name} role={role.value}", action="token-saved")

        await self._store.change(keep, by)
        self.forget_known()
        return secret

    async def rotate_token(self, name: str, by: str = "system") -> str:
        """Give a machine a new secret and return it; the old one is worth nothing.  Raises NotFound."""
        known = await self._store.read(lambda view: view.tokens())
        for token in known:
            if token.name == name:
                return await self.add_token(name, Role(token.role), token.window, by)
        raise NotFound(what="token")

    async def revoke_token(self, name: str, by: str = "system") -> None:
        """Forget a machine.  Raises NotFound."""

        def drop(tx: Tx) -> None:
            if not tx.drop_token(name):
                raise NotFound(what="token")
            tx.note(f"token={name}", action="token-revoked")

        await self._store.change(drop, by)
        self.forget_known()


def _actor(user: User) -> str:
    return f"{user.role}:{user.username}"


def _minutes_of(left: timedelta) -> int:
    return max(1, round(left.total_seconds() / 60))


def _signed_in(tx: Tx, user: User, session: Session, step: int | None) -> None:
    """Keep a login.  Raises Denied when the account was locked or changed meanwhile, or its factor."""
    now_known, factor = tx.user(user.username), tx.totp(user.username)
    if now_known is None or now_known.password_hash != user.password_hash:
        raise Denied("unauthenticated")
    if now_known.locked_until is not None and now_known.locked_until > tx.now:
        raise Denied("locked-out", minutes=_minutes_of(now_known.locked_until - tx.now))
    if step is not None:
        if factor is None or step <= factor.last_step:
            raise Denied("unauthenticated")
        tx.save_totp(replace(factor, last_step=step))
    tx.save_session(session)
    tx.save_user(replace(now_known, failures=0, locked_until=None))
    tx.note()
