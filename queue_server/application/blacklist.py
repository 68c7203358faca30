"""People who may not take tickets or book for a while: kept by keyed hash, with a last day.

An ID number comes in, is hashed with the hall's key and forgotten; the record says who did it, never to whom.
"""

from __future__ import annotations

from datetime import date

from queue_server.application.ports import Tx
from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.limits import Blacklisted
from queue_server.domain.people import clean_id, is_valid_id


def add_to_blacklist(
    tx: Tx, id_type: str, id_number: str, until: date, reason: str, added_by: str
) -> Blacklisted:
    """Keep a person from tickets and bookings up to and including `until`; an earlier entry is replaced.

    Raises Refused `id-invalid`, QueueError `validation` for a day that is over.
    """
    return bar_person(tx, _person(tx, id_type, id_number), until, reason, added_by)


def bar_person(tx: Tx, person: str, until: date, reason: str, added_by: str) -> Blacklisted:
    """The same for a person known by hash: rules that count no-shows end here.  Raises QueueError."""
    if until.isoformat() < tx.day:
        raise QueueError("validation", reason=f"{until.isoformat()} is over")
    entry = Blacklisted(person, until, reason, tx.now, added_by)
    tx.save_blacklisted(entry)
    tx.note(f"until {until.isoformat()}", action="blacklist-add")
    return entry


def remove_from_blacklist(tx: Tx, id_type: str, id_number: str) -> bool:
    """Let a person take tickets again; False when there was no entry.  Raises Refused `id-invalid`."""
    removed = tx.drop_blacklisted(_person(tx, id_type, id_number))
    if removed:
        tx.note(action="blacklist-remove")
    return removed


def _person(tx: Tx, id_type: str, id_number: str) -> str:
    number = clean_id(id_number)
    if not is_valid_id(id_type, number):
        raise Refused("id-invalid")
    return tx.person_of(id_type, number)
