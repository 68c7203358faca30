"""A hall that takes bookings, on either store, and short words for what people do there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from pathlib import Path

from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.store_memory import MemoryStore
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.book import book
from queue_server.application.cancel_appointment import cancel_appointment
from queue_server.application.check_in import Arrival, check_in_by_code
from queue_server.contracts.appointments import AppointmentIn, BookerIn, CancelAppointmentIn
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.appointment_rules import AppointmentRules
from queue_server.domain.appointments import Appointment
from queue_server.domain.caps import Caps
from queue_server.domain.errors import QueueError
from queue_server.domain.hall import Hall, Hours, Limits
from queue_server.domain.ticket import Ticket
from tests.queue_server.halls import small_hall

AnyStore = MemoryStore | SqliteStore
KEY = b"k" * 32
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999


def resident(n: int) -> str:
    """Return the valid number of an invented person, born on the last day of 1949."""
    body = f"11010519491231{n:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def booking_hall(
    caps: Caps | None = None, rules: AppointmentRules | None = None, limits: Limits | None = None
) -> Hall:
    """Weekdays 9-12 and 13-17; slots of an hour; service A has `caps`, the others none."""
    hall = small_hall(always_open=False, limits=limits)
    services = {**hall.services, "A": replace(hall.services["A"], caps=caps or Caps())}
    hours = Hours(
        weekdays=((time(9), time(12)), (time(13), time(17))),
        issue_open_before_min=15,
        issue_close_before_min=15,
    )
    return replace(
        hall,
        services=services,
        hours=hours,
        appointment=rules or AppointmentRules(slot_minutes=60, share_of_cap=0.5),
    )


def open_store(kind: str, folder: Path, hall: Hall, clock: FixedClock) -> AnyStore:
    """Return a fresh store of a kind, `memory` or `sqlite`."""
    if kind == "memory":
        return MemoryStore(hall, clock, Identity(KEY))
    return SqliteStore(folder / "hall.db", hall, clock, Identity(KEY))


def local(text: str) -> datetime:
    """Return a moment of the hall: `2026-11-24 09:00`."""
    return datetime.fromisoformat(f"{text}+08:00")


class Desk:
    """What people do, on one store."""

    def __init__(self, store: AnyStore, clock: FixedClock) -> None:
        self.store, self.clock = store, clock
        self.tokens: dict[str, str] = {}

    def at(self, text: str) -> None:
        """Make it that moment."""
        self.clock.advance((local(text) - self.clock.now()).total_seconds())

    async def book(self, who: int, start: str, service: str = "A", phone: str | None = None) -> Appointment:
        """Let person `who` book the slot that begins at `start`."""
        citizen = BookerIn(name="张三丰", id_number=resident(who))
        wanted = AppointmentIn(service_id=service, start=local(start), citizen=citizen, phone=phone)
        made, token = await self.store.change(lambda tx: book(tx, wanted))
        self.tokens[made.code] = token
        return made

    async def cancel(self, code: str, **proof: str) -> Appointment:
        """Give it up, with the holder's token unless a proof is given."""
        given = CancelAppointmentIn(**(proof or {"token": self.tokens[code]}))
        return await self.store.change(lambda tx: cancel_appointment(tx, code, given))

    async def check_in(self, code: str) -> Ticket:
        """Come with the code."""
        return (await self.store.change(lambda tx: check_in_by_code(tx, code, Arrival())))[0]

    async def kept(self, code: str) -> Appointment:
        """Return it as it is kept."""
        found = await self.store.change(lambda tx: tx.appointment(code))
        assert found is not None
        return found


def walk_in(service: str = "A", who: int | None = None) -> TicketIn:
    """Return what somebody without a booking asks for."""
    citizen = BookerIn(name="李四", id_number=resident(who)) if who is not None else None
    return TicketIn(service_id=service, channel=Channel.KIOSK, citizen=citizen)


async def refusal(doing: object) -> str:
    """Return the code with which something is refused, `done` when it is not."""
    try:
        await doing  # type: ignore[misc]
    except QueueError as error:
        return error.error_code
    return "done"
