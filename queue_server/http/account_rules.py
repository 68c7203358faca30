"""The rules by which people sign in, what a password must be, and how often one may try."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from queue_server.contracts.auth import Role
from queue_server.domain.errors import Denied, QueueError

MINUTE_S = 60.0
MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class AccountRules:
    """`[accounts]` of server.toml; see docs/security-privacy.md."""

    lock_after: int = 5
    lock_for: timedelta = timedelta(minutes=15)
    session_for: timedelta = timedelta(hours=12)
    idle_for: timedelta = timedelta(hours=2)
    min_password: int = 8
    failures_per_minute: int = 20
    logins_per_minute: int = 300
    logins_per_address: int = 60
    totp_roles: frozenset[Role] = frozenset()
    argon2_time_cost: int = 2
    argon2_memory_kib: int = 19456
    argon2_parallelism: int = 1


def check_password(rules: AccountRules, username: str, password: str) -> None:
    """Refuse a password that is guessed at once.  Raises QueueError `validation`, without it."""
    if len(password) < rules.min_password:
        raise QueueError("validation", reason=f"the password must have at least {rules.min_password} letters")
    if len(set(password)) < 4:
        raise QueueError("validation", reason="the password repeats too few letters")
    if username and username.casefold() in password.casefold():
        raise QueueError("validation", reason="the password must not contain the user name")


class LoginRate:
    """Counts logins of the last minute.  Seconds come from the caller, from a clock that only goes on."""

    def __init__(self, rules: AccountRules) -> None:
        self._rules = rules
        self._all: deque[float] = deque()
        self._from: dict[str, deque[float]] = {}
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def check(self, username: str, address: str, now_s: float) -> None:
        """Count a try.  Raises Denied `rate-limited`."""
        failed = self._failures.get((username, address))
        if failed is not None and _within(failed, now_s) >= self._rules.failures_per_minute:
            raise Denied("rate-limited")
        tried = self._tried_from(address, now_s)
        if _within(tried, now_s) >= self._rules.logins_per_address:
            raise Denied("rate-limited")
        if _within(self._all, now_s) >= self._rules.logins_per_minute:
            raise Denied("rate-limited")
        tried.append(now_s)
        self._all.append(now_s)

    def _tried_from(self, address: str, now_s: float) -> deque[float]:
        if len(self._from) >= MOST_KEPT:
            self._from = {known: times for known, times in self._from.items() if _within(times, now_s)}
        return self._from.setdefault(address, deque())

    def failed(self, username: str, address: str, now_s: float) -> None:
        """Count a wrong password for one name from one address."""
        if len(self._failures) >= MOST_KEPT:
            self._failures = {key: times for key, times in self._failures.items() if _within(times, now_s)}
        self._failures.setdefault((username, address), deque()).append(now_s)


def _within(times: deque[float], now_s: float) -> int:
    """Drop what is older than a minute; return how many are left."""
    while times and times[0] <= now_s - MINUTE_S:
        times.popleft()
    return len(times)
