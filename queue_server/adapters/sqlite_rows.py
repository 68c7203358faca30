"""Rows of the hall's database as domain values and back.  Times are ISO 8601 UTC text, so they sort."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from queue_server.application.ports import Event
from queue_server.contracts.events import EventName
from queue_server.domain.desk import Desk
from queue_server.domain.ticket import State, Ticket

Row = tuple[Any, ...]

TICKET_COLUMNS = tuple(field.name for field in fields(Ticket))
DESK_COLUMNS = tuple(field.name for field in fields(Desk))
EVENT_COLUMNS = tuple(field.name for field in fields(Event))
_STATE = TICKET_COLUMNS.index("state")
_RATED = TICKET_COLUMNS.index("rated")
_TICKET_TIMES = tuple(
    TICKET_COLUMNS.index(name) for name in ("issued_at", "called_at", "started_at", "finished_at", "due_at")
)
_STATES = {state.value: state for state in State}
_PLAIN = frozenset({str, int, bool, type(None)})
_GETTERS: dict[type, Callable[[object], tuple[object, ...]]] = {}
_NAMES = {name.value: name for name in EventName}


def to_text(at: datetime | None) -> str | None:
    """Return a moment as UTC text of fixed width."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def to_time(text: str | None) -> datetime | None:
    """Return a moment from its text."""
    return None if text is None else datetime.fromisoformat(text)


def to_value(value: object) -> object:
    """Return a field as SQLite takes it."""
    if isinstance(value, datetime):
        return to_text(value)
    return value.value if isinstance(value, State | EventName) else value


def ticket_of(row: Row) -> Ticket:
    """Return the ticket of a row in the order of TICKET_COLUMNS."""
    values = list(row)
    values[_STATE] = _STATES[values[_STATE]]
    values[_RATED] = bool(values[_RATED])
    for index in _TICKET_TIMES:
        if values[index] is not None:
            values[index] = datetime.fromisoformat(values[index])
    return Ticket(*values)


def row_of(value: Ticket | Desk | Event) -> list[object]:
    """Return the fields of a value in order, as SQLite takes them."""
    return [one if type(one) in _PLAIN else to_value(one) for one in _values_of(value)(value)]


def changes(before: Ticket, after: Ticket) -> dict[str, object]:
    """Return the columns in which two states of a ticket differ, with the new values as SQLite takes them."""
    get = _values_of(after)
    return {
        name: to_value(new)
        for name, old, new in zip(TICKET_COLUMNS, get(before), get(after), strict=True)
        if old is not new and old != new
    }


def _values_of(value: Ticket | Desk | Event) -> Callable[[object], tuple[object, ...]]:
    """Return what reads all fields of a value at once, in order: forty look-ups by name cost more."""
    kind = type(value)
    found = _GETTERS.get(kind)
    if found is None:
        found = _GETTERS[kind] = attrgetter(*value.__slots__)
    return found


def desk_of(row: Row) -> Desk:
    """Return the desk of a row in the order of DESK_COLUMNS."""
    window, operator, paused, reason, since, called, last, rate, auto, debt = row
    return Desk(
        window, operator, bool(paused), reason, to_time(since), to_time(called), last, rate, bool(auto), debt
    )


def event_of(row: Row) -> Event:
    """Return the event of a row in the order of EVENT_COLUMNS."""
    seq, name, at, *rest = row
    return Event(seq, _NAMES[name], datetime.fromisoformat(at), *rest)
