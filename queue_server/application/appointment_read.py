"""What can be booked, and an appointment as its holder sees it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from queue_server.application.ports import View
from queue_server.application.slip import windows_phrase
from queue_server.contracts.appointments import AppointmentOut, SlotDayOut, SlotOut, SlotsOut
from queue_server.domain.appointment_slots import BookableSlot, bookable_days, slots_on
from queue_server.domain.appointments import QR_PREFIX, Appointment, moments_of
from queue_server.domain.hall import Hall, Service


def slots(view: View, hall: Hall, service_id: str, now: datetime) -> SlotsOut:
    """Return every day of a service that can be booked at `now`.  Raises Refused `service-unknown`."""
    service, rules = hall.service(service_id), hall.appointment
    days = bookable_days(hall, service, now)
    booked = view.bookings(service_id, days[0].isoformat(), days[-1].isoformat()) if days else {}
    told = []
    for day in days:
        taken = view.slots_taken(day.isoformat()).get(service_id, {})
        open_ones = [slot for slot in slots_on(hall, service, day) if slot.start_at > now]
        told.append(
            SlotDayOut(
                date=day,
                provisional=hall.openings[service_id].day(day).provisional,
                slots=[_slot_out(hall, slot, booked, taken) for slot in open_ones],
            )
        )
    return SlotsOut(
        service_id=service.id,
        service=service.name,
        service_en=service.en,
        days=told,
        checkin_early_min=rules.checkin_early_min,
        checkin_late_min=rules.checkin_late_min,
        cancel_before_min=rules.cancel_before_min,
        per_person_day=rules.per_person_day,
    )


def _slot_out(hall: Hall, slot: BookableSlot, booked: Mapping[str, int], taken: Mapping[str, int]) -> SlotOut:
    left = [slot.capacity - booked.get(slot.key, 0)]
    left += [cap.limit - taken.get(cap.name, 0) for cap in slot.caps]  # walk-ins of today count as well
    return SlotOut(
        start=slot.start_at.astimezone(hall.timezone),
        end=slot.end_at.astimezone(hall.timezone),
        capacity=slot.capacity,
        left=max(0, min(left)),
    )


def appointment_out(hall: Hall, one: Appointment, token: str | None = None) -> AppointmentOut:
    """Return what its holder may see; all times local."""
    service = hall.services.get(one.service_id) or Service(one.service_id, "", one.service_id, "", "")
    zone = hall.zones.get(service.zone)
    windows = hall.windows_of.get(service.id, ())
    moments, local = moments_of(hall.appointment, one.start_at, one.end_at), hall.timezone
    return AppointmentOut(
        code=one.code,
        state=one.state.value,
        service_id=service.id,
        service=service.name,
        service_en=service.en,
        zone=zone.name if zone else "",
        zone_en=zone.en if zone else "",
        floor=zone.floor if zone else "",
        windows=windows_phrase(windows),
        windows_en=windows_phrase(windows, in_english=True),
        day=one.start_at.astimezone(local).date(),
        start=one.start_at.astimezone(local),
        end=one.end_at.astimezone(local),
        checkin_from=moments.opens_at.astimezone(local),
        checkin_until=moments.closes_at.astimezone(local),
        cancel_until=moments.cancel_until.astimezone(local),
        qr=QR_PREFIX + one.code,
        token=token,
    )
