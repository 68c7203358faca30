"""What bars, screens and loudspeakers must show and say; the wording of the hall in one place."""

from __future__ import annotations

from collections.abc import Iterable

from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay, WindowState
from queue_server.application.ports import Event
from queue_server.contracts.events import EventName, QueueEvent, ZoneCall, ZoneCalls
from queue_server.domain.desk import Desk
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import State, Ticket

IDLE, PAUSED, CLOSED = "欢迎光临!", "暂停服务", "未登录!"
CALLING_EVENTS = frozenset({EventName.TICKET_CALLED, EventName.TICKET_RECALLED, EventName.TICKET_RESUMED})
INTERNAL_REASONS = frozenset({EventName.WINDOW_CHANGED, EventName.TICKET_ISSUED, EventName.TICKET_CALLED})
"""Their reasons are for the record: a clerk's words, and who has priority and why."""
SAY_FOR_S = 60
"""A call older than this would send somebody to a window that has gone on."""
ZONE_CALLS = 12


def window_state(desk: Desk, ticket: Ticket | None) -> WindowState:
    """Return what the window does; a ticket there says more than the desk."""
    if ticket is not None:
        return WindowState.SERVING if ticket.state is State.SERVING else WindowState.CALLING
    if not desk.is_open:
        return WindowState.CLOSED
    return WindowState.PAUSED if desk.paused else WindowState.FREE


def bar_text(desk: Desk, ticket: Ticket | None) -> str:
    """Return the text of the LED bar above the window."""
    if ticket is not None:
        return f"请{ticket.number}到{desk.window}号窗口"
    idle = {WindowState.CLOSED: CLOSED, WindowState.PAUSED: PAUSED}
    return idle.get(window_state(desk, None), IDLE)


def window_display(desk: Desk, ticket: Ticket | None, waiting: int, seq: int) -> WindowDisplay:
    """Return the retained truth about one window."""
    return WindowDisplay(
        window=desk.window,
        state=window_state(desk, ticket),
        text=bar_text(desk, ticket),
        number=ticket.number if ticket else "",
        waiting=waiting,
        ask_rating=desk.rate_ticket is not None and ticket is None,
        calls=ticket.calls if ticket else 0,
        seq=seq,
    )


def waiting_for_window(hall: Hall, window_id: str, lines: dict[str, int], reserved: dict[str, int]) -> int:
    """Count who waits for a window: its services' lines and those sent to it alone."""
    skills = hall.windows[window_id].skills
    return sum(lines.get(service_id, 0) for service_id in skills) + reserved.get(window_id, 0)


def zone_calls(hall: Hall, zone: str, active: Iterable[Ticket], seq: int) -> ZoneCalls:
    """Return the latest calls of a zone, newest first, from the active tickets in that order."""
    calls = [
        ZoneCall(number=one.number, window=one.window, called_at=one.called_at, calls=one.calls)
        for one in active
        if one.window is not None
        and one.called_at is not None
        and one.window in hall.windows
        and hall.windows[one.window].zone == zone
    ]
    return ZoneCalls(zone=zone, calls=tuple(calls[:ZONE_CALLS]), seq=seq)


def announcements(event: Event, language: str) -> list[Announce]:
    """Return what is said when a ticket is called: Chinese, then English for who chose English."""
    if event.name not in CALLING_EVENTS or event.number is None or event.window is None:
        return []
    key = f"{event.number}@{event.window}"
    recall = event.name is EventName.TICKET_RECALLED
    said = [
        Announce(key=key, text=f"请{event.number}号到{event.window}号窗口办理", recall=recall, seq=event.seq)
    ]
    if language == "en":
        text = f"Number {' '.join(event.number)}, please go to window {event.window}."
        said.append(
            Announce(key=f"{key}:en", text=text, language="en", repeat=1, recall=recall, seq=event.seq)
        )
    return said


def public_event(event: Event) -> QueueEvent:
    """Return an event as everybody may know it: without who did it, and without a clerk's words."""
    reason = None if event.name in INTERNAL_REASONS else event.reason
    return QueueEvent(
        seq=event.seq,
        name=event.name,
        at=event.at,
        ticket_id=event.ticket_id,
        number=event.number,
        service_id=event.service_id,
        zone=event.zone,
        window=event.window,
        state=event.state,
        calls=event.calls,
        print_state=event.print_state,
        reason=reason,
    )
