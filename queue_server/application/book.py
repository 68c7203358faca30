"""A citizen books a place in a slot of a coming day: every check and both counts in one transaction.

Order: the service; who it is; barred or not; the day; what that person booked for it already; the slot.
The place is taken twice: of the slot's places, and of the caps of its half-day and interval, where walk-ins
take theirs.  So both together never exceed a cap, and a check-in needs none.
"""

from __future__ import annotations

import hashlib

from devices.contracts.persons import masked_name
from queue_server.application.appointments_due import mark_missed_of
from queue_server.application.issue_checks import require_not_blacklisted
from queue_server.application.ports import Tx
from queue_server.contracts.appointments import AppointmentIn
from queue_server.contracts.events import EventName
from queue_server.contracts.tickets import CitizenIn
from queue_server.domain.appointment_slots import BookableSlot, bookable_days, slot_at
from queue_server.domain.appointments import Appointment, AppointmentState, code_of
from queue_server.domain.closed import moment
from queue_server.domain.errors import Refused
from queue_server.domain.hall import Service
from queue_server.domain.people import clean_id, is_valid_id


def book(tx: Tx, wanted: AppointmentIn) -> tuple[Appointment, str]:
    """Return the new appointment and its holder's secret, which is told once.

    Raises Refused: service-unknown, id-invalid, blacklisted, appointment-day, slot-unknown,
    appointment-limit, slot-full.
    """
    service = tx.hall.service(wanted.service_id)
    person = hash_of(tx, wanted.citizen)
    mark_missed_of(tx, person)
    require_not_blacklisted(tx, person)
    slot = _slot(tx, service, wanted)
    _require_within_limit(tx, person, slot.day)
    _take(tx, service, slot)
    token = tx.new_token()
    made = _made(tx, wanted, slot, person, token)
    tx.add_appointment(made)
    tx.emit(EventName.APPOINTMENT_BOOKED, state=made.state.value, reason=told_slot(tx, made))
    tx.note(made.id)
    return made, token


def hash_of(tx: Tx, citizen: CitizenIn) -> str:
    """Return a person's keyed hash.  Raises Refused `id-invalid`."""
    number = clean_id(citizen.id_number)
    if not is_valid_id(citizen.id_type, number):
        raise Refused("id-invalid")
    return tx.person_of(citizen.id_type, number)


def told_slot(tx: Tx, one: Appointment) -> str:
    """Return which slot it is, for the record: `A 2026-11-24 09:00`; it names nobody and no code."""
    return f"{one.service_id} {one.start_at.astimezone(tx.hall.timezone):%Y-%m-%d %H:%M}"


def digest(secret: str) -> str:
    """Return the digest under which a holder's secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tail_of(tx: Tx, appointment_id: str, id_tail: str) -> str:
    """Return the keyed hash of the last four letters of an ID number, for one appointment alone."""
    return tx.person_of(f"tail:{appointment_id}", clean_id(id_tail))


def _slot(tx: Tx, service: Service, wanted: AppointmentIn) -> BookableSlot:
    hall, rules = tx.hall, tx.hall.appointment
    days = bookable_days(hall, service, tx.now)
    if wanted.start.astimezone(hall.timezone).date() not in days:
        raise Refused("appointment-day", min=rules.days_ahead_min, max=rules.days_ahead_max)
    slot = slot_at(hall, service, wanted.start)
    if slot is None or slot.start_at <= tx.now:
        raise Refused("slot-unknown", service=service.name, service_en=service.en or service.id)
    return slot


def _require_within_limit(tx: Tx, person: str, day: str) -> None:
    limit = tx.hall.appointment.per_person_day
    same_day = [
        one
        for one in tx.appointments_of(person, day)
        if one.day == day and one.state is not AppointmentState.CANCELLED
    ]
    if 0 < limit <= len(same_day):
        raise Refused("appointment-limit", limit=limit, day=day)


def _take(tx: Tx, service: Service, slot: BookableSlot) -> None:
    free = tx.take_booking(service.id, slot.key, slot.day, slot.capacity)
    if not free or not all(tx.take_place(slot.day, service.id, cap.name, cap.limit) for cap in slot.caps):
        zh, en = moment(slot.start_at, tx.now, tx.hall.timezone)
        raise Refused("slot-full", when=zh, when_en=en)


def _made(tx: Tx, wanted: AppointmentIn, slot: BookableSlot, person: str, token: str) -> Appointment:
    code = code_of(tx.new_token())
    while tx.appointment(code) is not None:
        code = code_of(tx.new_token())
    made_id = tx.new_id("a")
    return Appointment(
        id=made_id,
        code=code,
        service_id=slot.service_id,
        day=slot.day,
        start_at=slot.start_at,
        end_at=slot.end_at,
        booked_at=tx.now,
        person=person,
        id_tail=tail_of(tx, made_id, clean_id(wanted.citizen.id_number)[-4:]),
        citizen=masked_name(wanted.citizen.name),
        phone=tx.sealed(wanted.phone, made_id) if wanted.phone else "",
        holder=digest(token),
        channel=wanted.channel.value,
        language=wanted.language,
        counted=" ".join(cap.name for cap in slot.caps),
    )
