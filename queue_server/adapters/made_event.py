"""What an event says about a ticket or a window, the same in every store."""

from __future__ import annotations

from datetime import datetime

from queue_server.application.ports import Event
from queue_server.contracts.events import EventName
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket


def made_event(
    hall: Hall,
    seq: int,
    name: EventName,
    at: datetime,
    ticket: Ticket | None,
    window: str | None,
    state: str | None,
    reason: str | None,
    actor: str,
) -> Event:
    """Return the event of `ticket` (at `window`, or where it stands), or of `window` alone."""
    if ticket is None:
        zone = hall.windows[window].zone if window in hall.windows else None
        return Event(seq, name, at, zone=zone, window=window, state=state, reason=reason, actor=actor)
    where = window or ticket.window
    service = hall.services.get(ticket.service_id)
    zone = hall.windows[where].zone if where in hall.windows else service.zone if service else None
    return Event(
        seq=seq,
        name=name,
        at=at,
        ticket_id=ticket.id,
        number=ticket.number,
        service_id=ticket.service_id,
        zone=zone,
        window=where,
        state=state or ticket.state.value,
        calls=ticket.calls,
        print_state=ticket.print_state,
        reason=reason,
        actor=actor,
    )
