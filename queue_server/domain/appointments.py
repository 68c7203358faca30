"""An appointment: what was booked, its code, and when it may be cancelled and checked in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from queue_server.domain.appointment_rules import AppointmentRules

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 O, 1 I L: what is read off a screen and typed at a kiosk must not be mistaken."""
CODE_LETTERS = 8
QR_PREFIX = "tingtong:appointment:"
"""What stands before the code in the QR code, so that no other code is taken for one."""


class AppointmentState(StrEnum):
    """Where an appointment stands.  Only a booked one changes."""

    BOOKED = "booked"
    CHECKED_IN = "checked-in"
    CANCELLED = "cancelled"
    NO_SHOW = "no-show"


@dataclass(frozen=True, slots=True)
class Appointment:
    """One booking of one place in a slot, `start_at` (included) to `end_at`, of a business day.

    `person` and `id_tail` are keyed hashes (of the document and of its last four letters), `citizen` a masked
    name, `phone` encrypted, `holder` the digest of the secret its booker got.  `counted` names the slots of
    the caps in which its place was taken, separated by blanks.
    """

    id: str
    code: str
    service_id: str
    day: str
    start_at: datetime
    end_at: datetime
    booked_at: datetime
    state: AppointmentState = AppointmentState.BOOKED
    person: str | None = None
    id_tail: str = ""
    citizen: str = ""
    phone: str = ""
    holder: str = ""
    channel: str = "phone"
    language: str = "zh"
    counted: str = ""
    ticket_id: str | None = None

    @property
    def is_booked(self) -> bool:
        """Neither used, nor given up, nor missed."""
        return self.state is AppointmentState.BOOKED

    def __repr__(self) -> str:
        """Name neither the code nor the person."""
        return f"Appointment(id={self.id!r}, state={self.state.value!r})"

    def in_state(self, state: AppointmentState, ticket_id: str | None = None) -> Appointment:
        """Return it in another state; a ticket stays with it once it has one."""
        return replace(self, state=state, ticket_id=ticket_id or self.ticket_id)


@dataclass(frozen=True, slots=True)
class Moments:
    """When things may be done to an appointment; all aware.

    Check-in from `opens_at` to `closes_at`, both included; cancelling up to and including `cancel_until`;
    from `over_at` on an appointment nobody checked in is missed.
    """

    opens_at: datetime
    closes_at: datetime
    cancel_until: datetime
    over_at: datetime


def moments_of(rules: AppointmentRules, start_at: datetime, end_at: datetime) -> Moments:
    """Return the moments of a slot."""
    closes_at = start_at + timedelta(minutes=rules.checkin_late_min)
    return Moments(
        opens_at=start_at - timedelta(minutes=rules.checkin_early_min),
        closes_at=closes_at,
        cancel_until=start_at - timedelta(minutes=rules.cancel_before_min),
        over_at=max(end_at, closes_at + timedelta(microseconds=1)),
    )


def code_of(secret: str) -> str:
    """Return a code of CODE_LETTERS letters made from a secret; nobody who has not the secret guesses it."""
    number = int.from_bytes(hashlib.sha256(f"appointment\0{secret}".encode()).digest())
    letters = []
    for _ in range(CODE_LETTERS):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(letters)


def clean_code(typed: str) -> str:
    """Return a code as it is kept: capitals without blanks and dashes; a scanned QR text is accepted too."""
    text = typed.strip()
    if text.lower().startswith(QR_PREFIX):
        text = text[len(QR_PREFIX) :]
    return "".join(letter for letter in text.upper() if letter not in " -")


def best_for_check_in(
    rules: AppointmentRules, found: Iterable[Appointment], now: datetime
) -> Appointment | None:
    """Return which of a person's appointments of a day is meant by a card on the reader, None for none.

    One that can be checked in now; else one that was, so that a second touch finds its ticket; else the next
    one to come; else the last one missed.
    """

    def rank(one: Appointment) -> tuple[int, float]:
        moments, start = moments_of(rules, one.start_at, one.end_at), one.start_at.timestamp()
        if one.is_booked and moments.opens_at <= now <= moments.closes_at:
            return 0, start
        if one.state is AppointmentState.CHECKED_IN:
            return 1, -start
        if one.is_booked and now < moments.opens_at:
            return 2, start
        return 3, -start

    wanted = (one for one in found if one.state is not AppointmentState.CANCELLED)
    return min(wanted, key=lambda one: (*rank(one), one.id), default=None)
