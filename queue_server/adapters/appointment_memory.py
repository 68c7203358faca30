"""Appointments in the reference store: a mix-in of its transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from queue_server.adapters import phone_drawer
from queue_server.adapters.identity import Identity
from queue_server.adapters.memory_tables import Tables
from queue_server.domain.appointments import Appointment


class MemoryAppointments:
    """AppointmentTx and AppointmentView over `Tables.appointments`."""

    _tables: Tables
    _identity: Identity

    def take_booking(self, service_id: str, key: str, day: str, capacity: int) -> bool:
        """Count one more booking, unless `capacity` were there."""
        kept, slot = self._tables.appointments.booked, (service_id, key)
        _, booked = kept.get(slot, (day, 0))
        if booked >= capacity:
            return False
        kept[slot] = (day, booked + 1)
        return True

    def free_booking(self, service_id: str, key: str) -> None:
        """Count one booking less."""
        kept, slot = self._tables.appointments.booked, (service_id, key)
        day, booked = kept.get(slot, ("", 0))
        if booked > 0:
            kept[slot] = (day, booked - 1)

    def take_place(self, day: str, service_id: str, slot: str, limit: int) -> bool:
        """Count one more ticket of a day's slot, unless `limit` were there."""
        slots, key = self._tables.issue.slots, (day, service_id, slot)
        if slots.get(key, 0) >= limit:
            return False
        slots[key] = slots.get(key, 0) + 1
        return True

    def free_place(self, day: str, service_id: str, slot: str) -> None:
        """Count one ticket less."""
        slots, key = self._tables.issue.slots, (day, service_id, slot)
        if slots.get(key, 0) > 0:
            slots[key] -= 1

    def add_appointment(self, appointment: Appointment) -> None:
        """Keep a new appointment."""
        self._tables.appointments.by_code[appointment.code] = appointment

    def save_appointment(self, appointment: Appointment) -> None:
        """Keep a changed appointment."""
        self._tables.appointments.by_code[appointment.code] = appointment

    def appointment(self, code: str) -> Appointment | None:
        """Return the appointment of a code."""
        return self._tables.appointments.by_code.get(code)

    def appointments_of(self, person: str, since_day: str) -> list[Appointment]:
        """Return a person's appointments."""
        kept = self._tables.appointments.by_code.values()
        return _by_start([one for one in kept if one.person == person and one.day >= since_day])

    def booked_before(self, start_before: datetime, most: int) -> list[Appointment]:
        """Return what is still booked and began before."""
        kept = self._tables.appointments.by_code.values()
        return _by_start([one for one in kept if one.is_booked and one.start_at < start_before])[:most]

    def forget_appointments(self, before_day: str, most: int) -> int:
        """Unlink old appointments from people."""
        kept = self._tables.appointments.by_code
        old = [one for one in kept.values() if one.person is not None and one.day < before_day][:most]
        for one in old:
            kept[one.code] = replace(one, person=None, id_tail="", citizen="", phone="", holder="")
        return len(old)

    def sealed(self, text: str, about: str) -> str:
        """Return a text encrypted."""
        return phone_drawer.sealed(self._identity, text, about)

    def opened(self, sealed: str, about: str) -> str:
        """Return what was sealed."""
        return phone_drawer.opened(self._identity, sealed, about)

    def bookings(self, service_id: str, first_day: str, last_day: str) -> dict[str, int]:
        """Slot key -> bookings."""
        kept = self._tables.appointments.booked.items()
        return {
            key: booked
            for (service, key), (day, booked) in kept
            if service == service_id and first_day <= day <= last_day
        }


def _by_start(found: list[Appointment]) -> list[Appointment]:
    return sorted(found, key=lambda one: (one.start_at, one.id))
