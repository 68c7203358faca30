"""A ticket's history from the stored events: each edge of its life begins a period, to the microsecond."""

from __future__ import annotations

from datetime import datetime

from queue_server.application.ports import View
from queue_server.application.records import Event
from queue_server.application.ticket_shown import why_out
from queue_server.contracts.events import EventName
from queue_server.contracts.history import HistoryOut, MarkOut, PeriodOut
from queue_server.contracts.tickets import TicketState, WhyOut
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import FINAL, State, Ticket
from queue_server.domain.words import in_chinese

MARKS = frozenset({EventName.TICKET_PRINT, EventName.TICKET_RATED})
_STOP = (EventName.TICKET_FINISHED, EventName.TICKET_MOVED)


def history(view: View, hall: Hall, ticket_id: str, now: datetime) -> HistoryOut:
    """Return what became of a ticket up to `now`.  Raises NotFound."""
    ticket = view.ticket(ticket_id)
    events = view.events_of(ticket)
    edges = [one for one in events if _is_edge(one)]
    last_call = next((one.seq for one in reversed(edges) if one.name is EventName.TICKET_CALLED), 0)
    periods = []
    for place, edge in enumerate(edges):
        after = edges[place + 1] if place + 1 < len(edges) else None
        if after is not None and (edge.name, after.name) == _STOP:
            continue  # both at once: the period before it ended with the one, the next begins with the other
        periods.append(_period(hall, edge, after, now, _why(hall, ticket, edge, last_call)))
    marks = [
        MarkOut(name=one.name, at=one.at, by=_who(one), print_state=one.print_state, reason=one.reason or "")
        for one in events
        if not _is_edge(one)
    ]
    return HistoryOut(ticket_id=ticket.id, number=ticket.number, periods=periods, marks=marks)


def _is_edge(event: Event) -> bool:
    return event.name.value.startswith("ticket-") and event.name not in MARKS


def _why(hall: Hall, ticket: Ticket, edge: Event, last_call: int) -> WhyOut | None:
    """Return why a call was made; events written before they kept it have it for the last call alone."""
    if edge.name is not EventName.TICKET_CALLED:
        return None
    return why_out(hall, edge.reason or (ticket.why if edge.seq == last_call else ""))


def _period(hall: Hall, edge: Event, after: Event | None, now: datetime, why: WhyOut | None) -> PeriodOut:
    state = TicketState(edge.state or "")
    end = after.at if after is not None else now
    is_over = State(state.value) in FINAL
    service = hall.services.get(edge.service_id or "")
    return PeriodOut(
        state=state,
        began_by=edge.name,
        ended_by=after.name if after is not None else None,
        from_at=edge.at,
        to_at=after.at if after is not None else None,
        seconds=None if is_over else max(0.0, (end - edge.at).total_seconds()),
        by=_who(edge),
        window=edge.window,
        service_id=edge.service_id,
        service=service.name if service else edge.service_id or "",
        zone=edge.zone,
        why=why.zh if why else str(in_chinese("reason", edge.reason or "")),
        why_en=why.en if why else edge.reason or "",
    )


def _who(event: Event) -> str:
    """Return who did it; a citizen's phone is known by its ticket's secret, which is nobody's business."""
    return "phone" if ":track:" in event.actor else event.actor or "system"
