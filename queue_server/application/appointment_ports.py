"""What booking needs of a store: counted places, appointments, and a drawer for telephone numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from queue_server.domain.appointments import Appointment


class AppointmentTx(Protocol):
    """The writing half; part of `Tx`."""

    def take_booking(self, service_id: str, key: str, day: str, capacity: int) -> bool:
        """Count one more booking of a slot; False (and not counted) when `capacity` were there already."""
        ...

    def free_booking(self, service_id: str, key: str) -> None:
        """Count one booking less; nothing when none is counted."""
        ...

    def take_place(self, day: str, service_id: str, slot: str, limit: int) -> bool:
        """As `take_slot`, for any day: the place of somebody who will come with an appointment."""
        ...

    def free_place(self, day: str, service_id: str, slot: str) -> None:
        """Give such a place back to the walk-ins; nothing when none is counted."""
        ...

    def add_appointment(self, appointment: Appointment) -> None:
        """Keep a new appointment; its code must be new."""
        ...

    def save_appointment(self, appointment: Appointment) -> None:
        """Keep a changed appointment."""
        ...

    def appointment(self, code: str) -> Appointment | None:
        """Return the appointment of a clean code, None when there is none."""
        ...

    def appointments_of(self, person: str, since_day: str) -> list[Appointment]:
        """Return a person's appointments of business days from `since_day` on, by start."""
        ...

    def booked_before(self, start_before: datetime, most: int) -> list[Appointment]:
        """Return up to `most` appointments still booked whose slot began before, the oldest first."""
        ...

    def forget_appointments(self, before_day: str, most: int) -> int:
        """Take hashes, name and phone from up to `most` appointments of days before; return how many."""
        ...

    def sealed(self, text: str, about: str) -> str:
        """Return a text encrypted for the record `about`; only the key beside the database opens it."""
        ...

    def opened(self, sealed: str, about: str) -> str:
        """Return what was sealed for the record `about`.  Raises QueueError `internal` for anything else."""
        ...


class AppointmentView(Protocol):
    """The reading half; part of `View`."""

    def bookings(self, service_id: str, first_day: str, last_day: str) -> dict[str, int]:
        """Return how many places of each slot (its key) of a service are booked, both days included."""
        ...
