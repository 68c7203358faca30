"""The `[accounts]` table as the accounts take it."""

from __future__ import annotations

from datetime import timedelta

from queue_server.contracts.auth import Role
from queue_server.http.account_rules import AccountRules
from queue_server.settings import AccountSettings


def account_rules(table: AccountSettings) -> AccountRules:
    """Return the rules of a table."""
    return AccountRules(
        lock_after=table.lock_after,
        lock_for=timedelta(minutes=table.lock_minutes),
        session_for=timedelta(hours=table.session_hours),
        idle_for=timedelta(minutes=table.idle_minutes),
        min_password=table.min_password,
        failures_per_minute=table.failures_per_minute,
        logins_per_minute=table.logins_per_minute,
        logins_per_address=table.logins_per_address,
        totp_roles=frozenset(Role(role) for role in table.totp_roles),
        argon2_time_cost=table.argon2_time_cost,
        argon2_memory_kib=table.argon2_memory_kib,
        argon2_parallelism=table.argon2_parallelism,
    )
