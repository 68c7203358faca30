"""Which priority class a new ticket gets, and the reason that is kept with it."""

from __future__ import annotations

from datetime import date

from queue_server.domain.policy import Policy


def granted_class(
    policy: Policy, asked: str | None, shown: str, birth: date | None, today: date
) -> tuple[str | None, str | None]:
    """Return (class code, reason for the record), both None for a normal ticket.

    A class that was asked for wins, with what the clerk says was `shown` or the class's rule; otherwise the
    birth date on the card may grant one.  The reason names no person and no birth date.
    """
    if asked is not None:
        known = policy.classes.get(asked)
        return asked, f"priority {asked}: {shown or (known.rule if known else '') or 'asked'}"
    by_age = policy.class_by_age(birth, today)
    if by_age is None:
        return None, None
    return by_age, f"priority {by_age}: by birth date, {policy.classes[by_age].min_age} or older"
