"""The tables of appointments, and rows of them as domain values and back.

What the constraints promise: no slot has more bookings than places (`appointment_slot`, raised only below the
capacity), no code twice, and no appointment makes two tickets (`ticket_appointment`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from queue_server.adapters.sqlite_rows import Row, to_text, to_time
from queue_server.domain.appointments import Appointment, AppointmentState

APPOINTMENT_TABLES = (
    """
    CREATE TABLE appointment (
        id TEXT PRIMARY KEY,
        code TEXT NOT NULL UNIQUE,
        service_id TEXT NOT NULL,
        day TEXT NOT NULL,
        start_at TEXT NOT NULL,
        end_at TEXT NOT NULL,
        booked_at TEXT NOT NULL,
        state TEXT NOT NULL,
        person TEXT,
        id_tail TEXT NOT NULL,
        citizen TEXT NOT NULL,
        phone TEXT NOT NULL,
        holder TEXT NOT NULL,
        channel TEXT NOT NULL,
        language TEXT NOT NULL,
        counted TEXT NOT NULL,
        ticket_id TEXT UNIQUE
    ) WITHOUT ROWID
    """,
    "CREATE INDEX appointment_person ON appointment (person, day) WHERE person IS NOT NULL",
    "CREATE INDEX appointment_booked ON appointment (start_at) WHERE state = 'booked'",
    "CREATE INDEX appointment_known ON appointment (day) WHERE person IS NOT NULL",
    """
    CREATE TABLE appointment_slot (
        service_id TEXT NOT NULL,
        slot TEXT NOT NULL,
        day TEXT NOT NULL,
        booked INTEGER NOT NULL,
        capacity INTEGER NOT NULL,
        PRIMARY KEY (service_id, slot),
        CHECK (booked BETWEEN 0 AND capacity)
    ) WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX ticket_appointment ON ticket (appointment) WHERE appointment IS NOT NULL",
    # the tickets of a line whose appointment is due: domain/assignment.py lets them go first
    """
    CREATE INDEX ticket_due ON ticket (day, service_id, place, n)
        WHERE state = 'waiting' AND reserved_for IS NULL AND cls = 1 AND due_at IS NOT NULL
    """,
)
APPOINTMENT_COLUMNS = tuple(one.name for one in fields(Appointment))
_TIMES = tuple(APPOINTMENT_COLUMNS.index(name) for name in ("start_at", "end_at", "booked_at"))
_STATE = APPOINTMENT_COLUMNS.index("state")


def appointment_of(row: Row) -> Appointment:
    """Return the appointment of a row in the order of APPOINTMENT_COLUMNS."""
    values = list(row)
    values[_STATE] = AppointmentState(values[_STATE])
    for index in _TIMES:
        values[index] = to_time(values[index])
    return Appointment(*values)


def row_of(appointment: Appointment) -> list[object]:
    """Return its fields in order, as SQLite takes them."""
    values: list[object] = [getattr(appointment, name) for name in APPOINTMENT_COLUMNS]
    values[_STATE] = appointment.state.value
    for name, index in zip(("start_at", "end_at", "booked_at"), _TIMES, strict=True):
        values[index] = to_text(getattr(appointment, name))
    return values


@dataclass
class AppointmentTables:
    """What the reference store keeps; `by_code` in the order of booking."""

    by_code: dict[str, Appointment] = field(default_factory=dict)
    booked: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """(service, slot key) -> (day, bookings)."""

    def __copy__(self) -> AppointmentTables:
        """Return a copy; the values themselves never change."""
        return AppointmentTables(dict(self.by_code), dict(self.booked))
