"""The one place where a telephone number is read again; each sight of it is recorded."""

from __future__ import annotations

from queue_server.application.ports import Tx
from queue_server.domain.appointments import clean_code
from queue_server.domain.errors import Refused


def phone_of(tx: Tx, code: str) -> str | None:
    """Return the number of an appointment, None when none was given or it was forgotten.

    Raises Refused `appointment-not-found`.
    """
    found = tx.appointment(clean_code(code))
    if found is None:
        raise Refused("appointment-not-found")
    tx.note(found.id, action="appointment-phone")
    return tx.opened(found.phone, found.id) if found.phone else None
