"""What a person holds, asked with the card: my place in the line, and the paper once more."""

from __future__ import annotations

from queue_server.application.book import hash_of
from queue_server.application.estimate import wait_of_ticket
from queue_server.application.ports import Tx
from queue_server.application.slip import estimate_out, make_slip, slip_text, stops_out, windows_for
from queue_server.contracts.tickets import CitizenIn, MyTicketOut, TicketState
from queue_server.domain.estimate import Estimate
from queue_server.domain.ticket import FINAL, State, Ticket


def my_tickets(tx: Tx, citizen: CitizenIn) -> list[MyTicketOut]:
    """Return a person's open tickets of today, the newest first.  Raises Refused `id-invalid`."""
    taken = [one for one in tx.tickets_of(hash_of(tx, citizen)) if one.state not in FINAL]
    known = [one for one in taken if one.service_id in tx.hall.services]
    return [_seen(tx, one) for one in sorted(known, key=lambda one: one.issued_at, reverse=True)]


def _seen(tx: Tx, one: Ticket) -> MyTicketOut:
    """Return a ticket as its holder sees it now, with a slip marked 补打."""
    hall = tx.hall
    service = hall.services[one.service_id]
    waits = one.state is State.WAITING
    ahead = tx.ahead_of(one) if waits else 0
    estimate = wait_of_ticket(tx, hall, tx.now, one, ahead) if waits else Estimate()
    slip = make_slip(hall, one, ahead, estimate, reprint=True)
    return MyTicketOut(
        id=one.id,
        number=one.number,
        state=TicketState(one.state.value),
        window=one.window,
        service_id=service.id,
        service=service.name,
        service_en=service.en,
        zone=service.zone,
        zone_en=hall.zones[service.zone].en,
        windows=[window.id for window in windows_for(hall, one)],
        ahead=ahead,
        estimate=estimate_out(estimate),
        issued_at=one.issued_at,
        track_url=slip.track_url,
        ticket_text=slip_text(slip),
        slip=slip,
        stops=stops_out(hall, one),
        booked=one.appointment is not None,
    )
