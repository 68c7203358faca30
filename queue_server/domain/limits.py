"""What one person may hold, and who may not take a ticket for some time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from queue_server.domain.errors import Refused
from queue_server.domain.hall import Limits
from queue_server.domain.ticket import FINAL, Ticket


@dataclass(frozen=True, slots=True)
class Blacklisted:
    """A person (a keyed hash) who may not take tickets or book, up to and including `until`.

    `added_by` is who did it; `reason` is short and names nobody.
    """

    person: str
    until: date
    reason: str
    added_at: datetime
    added_by: str

    def holds_on(self, day: str) -> bool:
        """Say whether it holds on a business day."""
        return date.fromisoformat(day) <= self.until


def require_may_take(limits: Limits, taken: Sequence[Ticket], service_id: str) -> None:
    """Refuse one more ticket of a service to a person who took `taken` today, oldest first.

    Raises Refused `ticket-already-waiting` (with number and id of the ticket, to print it again) or
    `too-many-tickets` (with the limit).  A limit of 0 is none.
    """
    still_open = [ticket for ticket in taken if ticket.state not in FINAL]
    same = [ticket for ticket in still_open if ticket.service_id == service_id]
    if 0 < limits.max_open_per_service_per_person <= len(same):
        raise Refused("ticket-already-waiting", number=same[-1].number, ticket_id=same[-1].id)
    if 0 < limits.max_open_tickets_per_person <= len(still_open):
        raise Refused("too-many-tickets", limit=limits.max_open_tickets_per_person)
    if 0 < limits.max_tickets_per_person_day <= len(taken):
        raise Refused("too-many-tickets", limit=limits.max_tickets_per_person_day)
