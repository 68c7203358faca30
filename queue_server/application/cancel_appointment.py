"""An appointment is given up in time, so that its place goes to others."""

from __future__ import annotations

import hmac

from queue_server.application.book import digest, tail_of, told_slot
from queue_server.application.ports import Tx
from queue_server.contracts.appointments import CancelAppointmentIn
from queue_server.contracts.events import EventName
from queue_server.domain.appointment_slots import slot_key
from queue_server.domain.appointments import Appointment, AppointmentState, clean_code, moments_of
from queue_server.domain.closed import moment
from queue_server.domain.errors import Refused


def cancel_appointment(tx: Tx, code: str, proof: CancelAppointmentIn | None) -> Appointment:
    """Cancel an appointment; a second time answers the same.

    `proof` None: the caller may without.  A wrong proof is answered as an unknown code is, so that nobody
    learns which codes there are.  Raises Refused: appointment-not-found, appointment-cancel-late,
    appointment-over (checked in or missed).
    """
    found = tx.appointment(clean_code(code))
    if found is None or not _proven(tx, found, proof):
        raise Refused("appointment-not-found")
    if found.state is AppointmentState.CANCELLED:
        return found
    if not found.is_booked:
        raise Refused("appointment-over", state=found.state.value)
    until = moments_of(tx.hall.appointment, found.start_at, found.end_at).cancel_until
    if tx.now > until:
        zh, en = moment(until, tx.now, tx.hall.timezone)
        raise Refused("appointment-cancel-late", when=zh, when_en=en, until=until.isoformat())
    cancelled = found.in_state(AppointmentState.CANCELLED)
    tx.save_appointment(cancelled)
    tx.free_booking(found.service_id, slot_key(found.start_at))
    for name in found.counted.split():
        tx.free_place(found.day, found.service_id, name)
    tx.emit(EventName.APPOINTMENT_CANCELLED, state=cancelled.state.value, reason=told_slot(tx, found))
    tx.note(found.id)
    return cancelled


def _proven(tx: Tx, found: Appointment, proof: CancelAppointmentIn | None) -> bool:
    if proof is None:
        return True
    if proof.token is not None and found.holder:
        return hmac.compare_digest(found.holder, digest(proof.token))
    if proof.id_tail is not None and found.id_tail:
        return hmac.compare_digest(found.id_tail, tail_of(tx, found.id, proof.id_tail))
    return False
