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
    same = sum(ticket.service_id == service_id for ticket in still_open)
    if 0 < limits.max_open_per_service_per_person <= same:
        raise already_waiting(still_open, service_id)
    if 0 < limits.max_open_tickets_per_person <= len(still_open):
        raise Refused("too-many-tickets", limit=limits.max_open_tickets_per_person)
    if 0 < limits.max_tickets_per_person_day <= len(taken):
        raise Refused("too-many-tickets", limit=limits.max_tickets_per_person_day)


def already_waiting(taken: Sequence[Ticket], service_id: str) -> Refused:
    """Return the refusal that names the newest open ticket of a service in `taken`, oldest first."""
    same = [one for one in taken if one.service_id == service_id and one.state not in FINAL]
    newest = same[-1] if same else None
    return Refused(
        "ticket-already-waiting",
        number=newest.number if newest else "",
        ticket_id=newest.id if newest else "",
    )
