"""Appointments nobody checked in: they count, and whoever misses too many may not book for a while.

Run with the day's roll-over, and for one person before that person books, so that the rule never waits for
the night.  The end of being barred is counted from the day of the last one missed, whenever this runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from queue_server.application.ports import Tx
from queue_server.contracts.events import EventName
from queue_server.domain.appointments import Appointment, AppointmentState, moments_of
from queue_server.domain.limits import Blacklisted

AT_ONCE = 5000
"""More than a hall books for a day; what is left over is for the next run."""
BY = "system:appointments"


def mark_missed(tx: Tx, most: int = AT_ONCE) -> int:
    """Mark up to `most` missed appointments of everybody; return how many."""
    return _mark(tx, tx.booked_before(tx.now, most))


def mark_missed_of(tx: Tx, person: str) -> int:
    """Mark one person's missed appointments; return how many."""
    window = timedelta(days=tx.hall.appointment.no_show_window_days)
    since = date.fromisoformat(tx.day) - window
    return _mark(tx, tx.appointments_of(person, since.isoformat()))


def _mark(tx: Tx, found: Iterable[Appointment]) -> int:
    missed = barred = 0
    for one in found:
        over_at = moments_of(tx.hall.appointment, one.start_at, one.end_at).over_at
        if not one.is_booked or tx.now < over_at:
            continue
        missed += 1
        marked = one.in_state(AppointmentState.NO_SHOW)
        tx.save_appointment(marked)
        start = f"{one.start_at.astimezone(tx.hall.timezone):%Y-%m-%d %H:%M}"
        barred += _bar(tx, marked)
        tx.emit(EventName.APPOINTMENT_NO_SHOW, state=marked.state.value, reason=f"{one.service_id} {start}")
    if missed:
        tx.note(f"missed={missed} barred={barred}")
    return missed


def _bar(tx: Tx, one: Appointment) -> bool:
    """Bar whoever missed too many; say whether that was so."""
    rules = tx.hall.appointment
    if one.person is None or rules.no_show_limit == 0 or rules.blacklist_days == 0:
        return False
    day = date.fromisoformat(one.day)
    since = day - timedelta(days=rules.no_show_window_days)
    count = sum(
        other.state is AppointmentState.NO_SHOW and other.day <= one.day
        for other in tx.appointments_of(one.person, since.isoformat())
    )
    until = day + timedelta(days=rules.blacklist_days)
    if count < rules.no_show_limit or until.isoformat() < tx.day:
        return False
    known = tx.blacklisted(one.person)
    if known is not None and known.until >= until:
        return False
    reason = f"{count} appointments missed in {rules.no_show_window_days} days"
    tx.save_blacklisted(Blacklisted(one.person, until, reason, tx.now, BY))
    return True
