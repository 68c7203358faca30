"""转移: the ticket goes on to another line or window and keeps its number."""

from __future__ import annotations

from dataclasses import replace

from queue_server.application.ports import Tx
from queue_server.application.window_access import current_ticket, place_at
from queue_server.contracts.events import EventName
from queue_server.domain.chain import kept_stops, stops_of
from queue_server.domain.errors import QueueError
from queue_server.domain.ticket import Action, Ticket


def transfer(
    tx: Tx, window_id: str, service_id: str | None, to_window: str | None, position: str = "keep"
) -> Ticket:
    """Send the window's ticket back to waiting, for `service_id` or for `to_window` alone.

    `position`: `front` of the line, `back`, or `keep` the time it waits since.
    A ticket sent to its next stop before time has that stop behind it.
    Raises Refused: not-allowed, service-unknown; NotFound for a window; QueueError validation.
    """
    if (service_id is None) == (to_window is None):
        raise QueueError("validation", reason="give either service_id or window_id")
    ticket = current_ticket(tx, window_id, Action.TRANSFER)
    target = tx.hall.service(service_id).id if service_id else ticket.service_id
    reserved = tx.hall.window(to_window).id if to_window else None
    sent = ticket.after(
        Action.TRANSFER,
        service_id=target,
        reserved_for=reserved,
        stops=_stops_left(ticket, target),
        window=None,
        place=_place(tx, ticket, target, position),
        called_at=None,
        started_at=None,
        recalls=0,
    )
    tx.save(sent)
    tx.save_desk(replace(tx.desk(window_id), since_at=tx.now))
    tx.emit(EventName.TICKET_TRANSFERRED, sent, window=window_id)
    return sent


def _stops_left(ticket: Ticket, service_id: str) -> str:
    stops = stops_of(ticket.stops)
    is_next = service_id != ticket.service_id and stops[:1] == (service_id,)
    return kept_stops(stops[1:] if is_next else stops)


def _place(tx: Tx, ticket: Ticket, service_id: str, position: str) -> int:
    if position == "back":
        return place_at(tx.now)
    if position == "front":
        first = tx.line(service_id, 1)
        return min(ticket.place, first[0].place - 1) if first else ticket.place
    return ticket.place
