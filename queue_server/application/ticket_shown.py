"""A ticket as staff see it: its state, its paper, why it was called, and what marks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from queue_server.application.lease_ports import LeaseView
from queue_server.application.slip import needs_accessible, stops_out
from queue_server.contracts.tickets import Channel, PrintState, TicketOut, TicketState, WhyOut
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket
from queue_server.domain.why import why_of

NO_MARKS: Mapping[str, str] = MappingProxyType({})


def marks_of(source: LeaseView, tickets: Iterable[Ticket]) -> Mapping[str, str]:
    """Ticket id -> its mark (`TicketOut.mark`); nothing is read where no ticket was given out offline."""
    leases = {one.lease for one in tickets if one.lease is not None}
    return source.lease_marks(leases) if leases else {}


def ticket_shown(source: LeaseView, hall: Hall, one: Ticket) -> TicketOut:
    """Return a ticket as staff see it, with its mark."""
    return ticket_out(hall, one, marks_of(source, [one]))


def ticket_out(hall: Hall, one: Ticket, marks: Mapping[str, str] = NO_MARKS) -> TicketOut:
    """Return a ticket as staff see it; `marks` as `marks_of` has them."""
    service = hall.services.get(one.service_id)
    return TicketOut.model_construct(
        id=one.id,
        number=one.number,
        state=TicketState(one.state.value),
        service_id=one.service_id,
        service=service.name if service else one.service_id,
        zone=service.zone if service else "",
        citizen=one.citizen,
        priority=one.priority,
        channel=Channel(one.channel),
        language=one.language,
        issued_at=one.issued_at,
        called_at=one.called_at,
        started_at=one.started_at,
        finished_at=one.finished_at,
        window=one.window,
        calls=one.calls,
        print_state=PrintState(one.print_state),
        print_reason=one.print_reason,
        prints=one.prints,
        rated=one.rated,
        why=why_out(hall, one.why),
        stops=stops_out(hall, one),
        accessible=needs_accessible(hall, one),
        appointment=one.appointment is not None,
        due_at=one.due_at,
        offline=one.lease is not None,
        mark=marks.get(one.id, ""),
    )


def why_out(hall: Hall, kept: str) -> WhyOut | None:
    """Return the reason of a call as clerks read it, from its kept text; None for an empty one."""
    why = why_of(kept)
    if why is None:
        return None
    classes = {code: (kind.name, kind.en) for code, kind in hall.policy.classes.items()}
    return WhyOut.model_construct(
        code=why.code, zh=why.sentence("zh", classes), en=why.sentence("en", classes)
    )
