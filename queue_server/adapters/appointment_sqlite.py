"""Appointments in SQLite, as mix-ins of its transaction and view."""

# ruff: noqa: S608 (only our own column names are put into SQL; values are always parameters)
from __future__ import annotations

import sqlite3
from datetime import datetime

from queue_server.adapters import phone_drawer
from queue_server.adapters.appointment_tables import APPOINTMENT_COLUMNS, appointment_of, row_of
from queue_server.adapters.identity import Identity
from queue_server.adapters.issue_tables import RETURN, TAKE
from queue_server.adapters.sqlite_rows import to_text
from queue_server.domain.appointments import Appointment

_ALL = ", ".join(APPOINTMENT_COLUMNS)
_PLACES = ", ".join("?" * len(APPOINTMENT_COLUMNS))
_ADD = f"INSERT INTO appointment ({_ALL}) VALUES ({_PLACES})"
_SAVE = "UPDATE appointment SET state = ?, ticket_id = ? WHERE id = ?"
_BY_CODE = f"SELECT {_ALL} FROM appointment WHERE code = ?"
_OF_PERSON = f"SELECT {_ALL} FROM appointment WHERE person = ? AND day >= ? ORDER BY start_at, id"
_BOOKED = f"""
    SELECT {_ALL} FROM appointment WHERE state = 'booked' AND start_at < ? ORDER BY start_at, id LIMIT ?
"""
_TAKE = """
    INSERT INTO appointment_slot (service_id, slot, day, booked, capacity) VALUES (?, ?, ?, 1, ?)
    ON CONFLICT (service_id, slot) DO UPDATE SET booked = booked + 1, capacity = excluded.capacity
        WHERE booked < excluded.capacity RETURNING booked
"""
_FREE = "UPDATE appointment_slot SET booked = booked - 1 WHERE service_id = ? AND slot = ? AND booked > 0"
_COUNTS = "SELECT slot, booked FROM appointment_slot WHERE service_id = ? AND day BETWEEN ? AND ?"
_FORGET = """
    UPDATE appointment SET person = NULL, id_tail = '', citizen = '', phone = '', holder = ''
    WHERE id IN (SELECT id FROM appointment WHERE person IS NOT NULL AND day < ? LIMIT ?)
"""


class SqliteAppointmentTx:
    """AppointmentTx on the writer's connection."""

    _db: sqlite3.Connection
    _identity: Identity

    def take_booking(self, service_id: str, key: str, day: str, capacity: int) -> bool:
        """Count one more booking, unless `capacity` were there."""
        if capacity <= 0:
            return False
        return self._db.execute(_TAKE, (service_id, key, day, capacity)).fetchone() is not None

    def free_booking(self, service_id: str, key: str) -> None:
        """Count one booking less."""
        self._db.execute(_FREE, (service_id, key))

    def take_place(self, day: str, service_id: str, slot: str, limit: int) -> bool:
        """Count one more ticket of a day's slot, unless `limit` were there."""
        if limit <= 0:
            return False
        return self._db.execute(TAKE, (day, service_id, slot, limit)).fetchone() is not None

    def free_place(self, day: str, service_id: str, slot: str) -> None:
        """Count one ticket less."""
        self._db.execute(RETURN, (day, service_id, slot))

    def add_appointment(self, appointment: Appointment) -> None:
        """Keep a new appointment."""
        self._db.execute(_ADD, row_of(appointment))

    def save_appointment(self, appointment: Appointment) -> None:
        """Keep a changed state."""
        self._db.execute(_SAVE, (appointment.state.value, appointment.ticket_id, appointment.id))

    def appointment(self, code: str) -> Appointment | None:
        """Return the appointment of a code."""
        row = self._db.execute(_BY_CODE, (code,)).fetchone()
        return appointment_of(row) if row else None

    def appointments_of(self, person: str, since_day: str) -> list[Appointment]:
        """Return a person's appointments."""
        return [appointment_of(row) for row in self._db.execute(_OF_PERSON, (person, since_day))]

    def booked_before(self, start_before: datetime, most: int) -> list[Appointment]:
        """Return what is still booked and began before."""
        rows = self._db.execute(_BOOKED, (to_text(start_before), most))
        return [appointment_of(row) for row in rows]

    def forget_appointments(self, before_day: str, most: int) -> int:
        """Unlink old appointments from people."""
        return self._db.execute(_FORGET, (before_day, most)).rowcount

    def sealed(self, text: str, about: str) -> str:
        """Return a text encrypted."""
        return phone_drawer.sealed(self._identity, text, about)

    def opened(self, sealed: str, about: str) -> str:
        """Return what was sealed."""
        return phone_drawer.opened(self._identity, sealed, about)


class SqliteAppointmentView:
    """AppointmentView on a snapshot."""

    _db: sqlite3.Connection

    def bookings(self, service_id: str, first_day: str, last_day: str) -> dict[str, int]:
        """Slot key -> bookings."""
        return dict(self._db.execute(_COUNTS, (service_id, first_day, last_day)))
