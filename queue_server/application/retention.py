"""What is forgotten when it is old: remembered answers, and what links a ticket or booking to a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from queue_server.application.ports import Tx

AT_ONCE = 2000
"""Rows of each kind in one transaction, so that nobody waits long for the writer."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How many days things are kept.  An answer must outlive the longest a terminal goes on asking."""

    answer_days: int = 3
    identity_days: int = 30


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows were forgotten; `more` says that there may be others."""

    answers: int = 0
    identities: int = 0
    appointments: int = 0
    more: bool = False


def forget_some(tx: Tx, keep: Keep, most: int = AT_ONCE) -> Forgotten:
    """Forget up to `most` rows of each kind, and record how many."""
    answers = tx.forget_answers(tx.now - timedelta(days=keep.answer_days), most)
    day = tx.hall.business_day(tx.now - timedelta(days=keep.identity_days))
    looked_at, identities = tx.forget_identities(day, most)
    appointments = tx.forget_appointments(day, most)
    if answers or identities or appointments:
        booked = f" appointments={appointments}" if appointments else ""
        tx.note(f"answers={answers} identities={identities}{booked}", action="retention")
    return Forgotten(answers, identities, appointments, max(answers, looked_at, appointments) >= most)
