"""What happened, as told on `GET /events` and on MQTT (`queue/event/{name}`).  No personal data."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from devices.contracts.base import Message


class EventName(StrEnum):
    """Every event there is."""

    TICKET_ISSUED = "ticket-issued"
    TICKET_CALLED = "ticket-called"
    TICKET_RECALLED = "ticket-recalled"
    TICKET_STARTED = "ticket-started"
    TICKET_FINISHED = "ticket-finished"
    TICKET_NO_SHOW = "ticket-no-show"
    TICKET_HELD = "ticket-held"
    TICKET_RESUMED = "ticket-resumed"
    TICKET_TRANSFERRED = "ticket-transferred"
    TICKET_MOVED = "ticket-moved"
    TICKET_REQUEUED = "ticket-requeued"
    TICKET_CANCELLED = "ticket-cancelled"
    TICKET_EXPIRED = "ticket-expired"
    TICKET_PRINT = "ticket-print"
    TICKET_RATED = "ticket-rated"
    WINDOW_CHANGED = "window-changed"
    APPOINTMENT_BOOKED = "appointment-booked"
    APPOINTMENT_CANCELLED = "appointment-cancelled"
    APPOINTMENT_CHECKED_IN = "appointment-checked-in"
    APPOINTMENT_NO_SHOW = "appointment-no-show"


class QueueEvent(Message):
    """One event.  `seq` grows by one in the order of commits; fields that do not apply are None."""

    seq: int
    name: EventName
    at: AwareDatetime
    ticket_id: str | None = None
    number: str | None = None
    service_id: str | None = None
    zone: str | None = None
    window: str | None = None
    state: str | None = None
    calls: int | None = None
    print_state: str | None = None
    reason: str | None = None


class ZoneCall(Message):
    """One line on the retained list of a zone's calls."""

    number: str
    window: str
    called_at: AwareDatetime
    calls: int


class ZoneCalls(Message):
    """Retained on `zone/{zone}/calls`, newest first."""

    zone: str
    calls: tuple[ZoneCall, ...]
    seq: int = 0


class ServiceWaiting(Message):
    """Retained on `service/{service_id}/waiting`."""

    service_id: str
    waiting: int
    seq: int = 0
