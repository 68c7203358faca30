"""The priority class that somebody gets who asks for a number at a desk, a kiosk or with an appointment."""

from __future__ import annotations

from datetime import date

from queue_server.application.ports import Tx
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.errors import QueueError
from queue_server.domain.privilege import granted_class


def asked_class(
    tx: Tx, asked: str | None, shown: str, citizen: CitizenIn | None
) -> tuple[str | None, str | None]:
    """Return the class and the reason for the record; see domain.privilege.

    Raises QueueError validation for a class that the hall does not have.
    """
    if asked is not None and asked not in tx.hall.priorities:
        raise QueueError("validation", reason=f"priority {asked!r} is not known")
    birth = citizen.birth if citizen else None
    return granted_class(tx.hall.policy, asked, shown, birth, date.fromisoformat(tx.day))
