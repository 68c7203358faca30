"""Read models: the board, the services, the windows, tickets as staff and as their holders see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from queue_server.application.announce import bar_text, waiting_for_window, window_state
from queue_server.application.estimate import wait_of_service, wait_of_ticket
from queue_server.application.issuing_now import issuing_out, matters_of
from queue_server.application.ports import TicketFilter, View
from queue_server.application.slip import estimate_out, stops_out
from queue_server.application.ticket_shown import NO_MARKS, marks_of
from queue_server.application.ticket_shown import ticket_out as ticket_out
from queue_server.contracts.base import Listing
from queue_server.contracts.board import BoardOut, BoardServiceOut, BoardWindowOut, CallOut, HallOut
from queue_server.contracts.services import DepartmentOut, ServiceOut
from queue_server.contracts.tickets import TicketOut, TicketState, TrackOut
from queue_server.contracts.windows import SkillOut, WindowOut
from queue_server.domain.desk import Desk
from queue_server.domain.errors import QueueError
from queue_server.domain.estimate import Estimate
from queue_server.domain.evaluation import may_rate
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import State, Ticket

ALWAYS_OPEN_NOTICE = "演示系统:全天可取号 Demonstration: tickets around the clock"
MAX_CALLS = 60


def board(view: View, hall: Hall, now: datetime, zone: str | None = None) -> BoardOut:
    """Return all that a public screen needs, of the hall or of one zone."""
    day = hall.business_day(now)
    lines, reserved, desks = view.waiting_counts(day), view.reserved_counts(day), view.desks()
    active, taken = view.active(day), view.slots_taken(day)
    at = {one.window: one for one in active}
    in_zone = [window for window in hall.windows.values() if zone in (None, window.zone)]
    rated = {
        desk.rate_ticket: view.ticket(desk.rate_ticket)
        for desk in (desks[window.id] for window in in_zone)
        if desk.rate_ticket is not None
    }
    return BoardOut.model_construct(
        seq=view.seq,
        at=now,
        hall=_hall_out(hall, now),
        zones=[
            {"id": one.id, "name": one.name, "en": one.en, "floor": one.floor}
            for one in hall.zones.values()
            if zone in (None, one.id)
        ],
        calls=[
            call for one in active if (call := _call_out(hall, one)) is not None and zone in (None, call.zone)
        ][:MAX_CALLS],
        windows=[
            _board_window(
                hall,
                desks[window.id],
                at.get(window.id),
                rated,
                waiting_for_window(hall, window.id, lines, reserved),
            )
            for window in in_zone
        ],
        services=[
            _board_service(view, hall, one, now, lines, desks, taken.get(one, {}))
            for one in _services_of(hall, zone)
        ],
        cases=[],
        notices=[],
    )


def _services_of(hall: Hall, zone: str | None) -> list[str]:
    return [one.id for one in hall.services.values() if zone in (None, one.zone)]


def _hall_out(hall: Hall, now: datetime) -> HallOut:
    return HallOut.model_construct(
        site=hall.site,
        name=hall.name,
        en=hall.en,
        slogan=hall.slogan,
        demo=hall.demo,
        open=hall.is_issuing(now),
        notice=ALWAYS_OPEN_NOTICE if hall.always_open else "",
    )


def _call_out(hall: Hall, one: Ticket) -> CallOut | None:
    window, service = hall.windows.get(one.window or ""), hall.services.get(one.service_id)
    if window is None or one.called_at is None:
        return None
    return CallOut.model_construct(
        ticket_id=one.id,
        number=one.number,
        window=window.id,
        zone=window.zone,
        service=service.name if service else one.service_id,
        service_en=service.en if service else one.service_id,
        called_at=one.called_at,
        calls=one.calls,
        serving=one.state is State.SERVING,
    )


def _board_window(
    hall: Hall, desk: Desk, ticket: Ticket | None, rated: dict[str, Ticket], waiting: int
) -> BoardWindowOut:
    window = hall.windows[desk.window]
    rate = rated.get(desk.rate_ticket or "") if ticket is None else None
    service = hall.services.get(ticket.service_id) if ticket else None
    return BoardWindowOut.model_construct(
        id=window.id,
        name=window.name,
        zone=window.zone,
        floor=hall.zones[window.zone].floor,
        state=window_state(desk, ticket),
        text=bar_text(desk, ticket),
        number=ticket.number if ticket else "",
        ticket_id=ticket.id if ticket else None,
        service=service.name if service else "",
        services=[hall.services[one].name for one in window.skills],
        rate_ticket=rate.id if rate else None,
        rate_number=rate.number if rate else "",
        waiting=waiting,
    )


def _board_service(
    view: View,
    hall: Hall,
    service_id: str,
    now: datetime,
    lines: dict[str, int],
    desks: dict[str, Desk],
    taken: dict[str, int],
) -> BoardServiceOut:
    service = hall.services[service_id]
    waiting, taking = lines.get(service_id, 0), _taking(hall, service_id, desks)
    full = service.caps.full(now.astimezone(hall.timezone), taken)
    return BoardServiceOut.model_construct(
        id=service.id,
        prefix=service.prefix,
        name=service.name,
        en=service.en,
        zone=service.zone,
        floor=hall.zones[service.zone].floor,
        open=full is None and hall.is_issuing(now, service_id),
        waiting=waiting,
        windows_open=taking,
        wait_likely_s=wait_of_service(view, hall, now, service_id, waiting).likely_s,
    )


def _taking(hall: Hall, service_id: str, desks: dict[str, Desk]) -> int:
    return sum(desks[window.id].is_taking for window in hall.windows_of[service_id])


def services(view: View, hall: Hall, now: datetime) -> Listing[ServiceOut]:
    """Return every service with its line as it is now, in the hall's order."""
    day = hall.business_day(now)
    lines, desks, taken = view.waiting_counts(day), view.desks(), view.slots_taken(day)
    return Listing[ServiceOut](
        items=[_service_out(view, hall, one, now, lines, desks, taken.get(one, {})) for one in hall.services],
        next=None,
    )


def _service_out(
    view: View,
    hall: Hall,
    service_id: str,
    now: datetime,
    lines: dict[str, int],
    desks: dict[str, Desk],
    taken: dict[str, int],
) -> ServiceOut:
    service = hall.services[service_id]
    zone = hall.zones[service.zone]
    waiting, taking = lines.get(service_id, 0), _taking(hall, service_id, desks)
    estimate = wait_of_service(view, hall, now, service_id, waiting)
    issuing = issuing_out(hall, service, now, taken)
    departments = [hall.departments[code] for code in service.departments]
    return ServiceOut(
        id=service.id,
        prefix=service.prefix,
        name=service.name,
        en=service.en,
        departments=[
            DepartmentOut(code=one.code, name=one.name, short=one.short, en=one.en, icon=one.icon)
            for one in departments
        ],
        zone=zone.id,
        zone_name=zone.name,
        zone_en=zone.en,
        floor=zone.floor,
        open=issuing.closed_code == "",
        closed_reason=issuing.closed_reason,
        closed_reason_en=issuing.closed_reason_en,
        closed_code=issuing.closed_code,
        opens_at=issuing.opens_at,
        left_today=issuing.left_today,
        id_required=service.id_required,
        waiting=waiting,
        windows=[window.id for window in hall.windows_of[service_id]],
        windows_open=taking,
        wait_low_s=estimate.low_s,
        wait_likely_s=estimate.likely_s,
        wait_high_s=estimate.high_s,
        matters=[matter.name for matter in service.matters],
        matters_of=matters_of(service),
    )


def windows(view: View, hall: Hall, now: datetime, only: str | None = None) -> list[WindowOut]:
    """Return every window, or `only` that one.  Raises NotFound."""
    day = hall.business_day(now)
    wanted = list(hall.windows.values()) if only is None else [hall.window(only)]
    lines, reserved, served = view.waiting_counts(day), view.reserved_counts(day), view.served_counts(day)
    desks, at = view.desks(), {one.window: one for one in view.active(day)}
    marks = marks_of(view, at.values())
    return [
        window_out(
            hall,
            desks[window.id],
            at.get(window.id),
            waiting_for_window(hall, window.id, lines, reserved),
            served.get(window.id, 0),
            marks,
        )
        for window in wanted
    ]


def window_out(
    hall: Hall,
    desk: Desk,
    ticket: Ticket | None,
    waiting: int,
    served: int,
    marks: Mapping[str, str] = NO_MARKS,
) -> WindowOut:
    """Return a window as staff see it; `marks` as `marks_of` has them."""
    window = hall.windows[desk.window]
    return WindowOut(
        id=window.id,
        name=window.name,
        zone=window.zone,
        floor=hall.zones[window.zone].floor,
        state=window_state(desk, ticket),
        operator=desk.operator,
        pause_reason=desk.pause_reason,
        since_at=desk.since_at,
        skills=[
            SkillOut(service_id=service_id, name=hall.services[service_id].name, priority=rank)
            for service_id, rank in sorted(window.skills.items(), key=lambda item: item[1])
        ],
        ticket=ticket_out(hall, ticket, marks) if ticket else None,
        waiting=waiting,
        served_today=served,
        auto_call=desk.auto_call,
        accessible=window.accessible,
    )


def tickets(view: View, hall: Hall, wanted: TicketFilter) -> Listing[TicketOut]:
    """Return a page of tickets, newest first."""
    if wanted.service_id is not None:
        hall.service(wanted.service_id)
    rows = view.tickets(wanted)
    last = str(rows[-1][0]) if len(rows) == wanted.limit else None
    marks = marks_of(view, (one for _, one in rows))
    return Listing[TicketOut].model_construct(
        items=[ticket_out(hall, one, marks) for _, one in rows], next=last
    )


def cursor_of(text: str | None) -> int | None:
    """Return a cursor from its text.  Raises QueueError `validation`."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise QueueError("validation", reason="cursor")
    return int(text)


def track(view: View, hall: Hall, now: datetime, token: str) -> TrackOut:
    """Return what the holder of a ticket's secret may see.  Raises NotFound."""
    one = view.ticket_by_token(token)
    service = hall.services.get(one.service_id)
    waits = one.state is State.WAITING
    ahead = view.ahead_of(one) if waits else 0
    estimate = wait_of_ticket(view, hall, now, one, ahead) if waits else Estimate()
    return TrackOut(
        number=one.number,
        state=TicketState(one.state.value),
        service=service.name if service else one.service_id,
        service_en=service.en if service else one.service_id,
        zone=service.zone if service else "",
        window=one.window,
        ahead=ahead,
        estimate=estimate_out(estimate),
        issued_at=one.issued_at,
        may_rate=may_rate(one),
        stops=stops_out(hall, one),
    )
