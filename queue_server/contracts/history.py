"""What became of a ticket, edge by edge, for staff and auditors."""

from __future__ import annotations

from pydantic import AwareDatetime

from queue_server.contracts.base import Answer
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import TicketState


class PeriodOut(Answer):
    """A ticket was in `state` from one edge to the next.

    `began_by` and `ended_by` are the events at both ends, `by` who did the first; `to_at` and `ended_by` are
    None while it goes on, `seconds` then counts to now.  A final state has no length: `seconds` is None.
    """

    state: TicketState
    began_by: EventName
    ended_by: EventName | None = None
    from_at: AwareDatetime
    to_at: AwareDatetime | None = None
    seconds: float | None = None
    by: str
    """Role and name of an account or a machine: `operator:wang`, `kiosk:k1`, `system`.  Never a citizen."""
    window: str | None = None
    service_id: str | None = None
    service: str = ""
    zone: str | None = None
    why: str = ""
    """A clerk's or the server's reason; for a call why this ticket was chosen (Chinese)."""
    why_en: str = ""


class MarkOut(Answer):
    """Something that happened to a ticket without changing its state: paper, a rating."""

    name: EventName
    at: AwareDatetime
    by: str
    print_state: str | None = None
    reason: str = ""


class HistoryOut(Answer):
    """`GET /tickets/{id}/history`: the periods in order, without a gap; and the marks."""

    ticket_id: str
    number: str
    periods: list[PeriodOut]
    marks: list[MarkOut]
