"""Booking ahead (网上预约): what the page, the kiosk and other programs say and hear."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, Field

from queue_server.contracts.base import Answer, Body, Ident, Moment
from queue_server.contracts.tickets import Channel, CitizenIn


class BookerIn(CitizenIn):
    """Who books.  The server keeps a keyed hash of the number and a masked name only."""

    name: str = Field(min_length=1, max_length=120)

    def __repr__(self) -> str:
        """Name no person."""
        return f"BookerIn(id_type={self.id_type!r}, …)"

    __str__ = __repr__


class AppointmentIn(Body):
    """`POST /appointments`.  `start` is the start of a slot of `GET /appointments/slots`."""

    service_id: Ident
    start: Moment
    citizen: BookerIn
    phone: str | None = Field(default=None, pattern=r"^\+?[0-9][0-9 -]{4,18}[0-9]$", repr=False)
    """Kept encrypted; never told by any answer but the one that is recorded as a sight of it."""
    channel: Channel = Channel.PHONE
    language: Literal["zh", "en"] = "zh"


class CancelAppointmentIn(Body):
    """`POST /appointments/{code}/cancel`.  The public gives one of the two; kiosks and staff need neither."""

    id_tail: str | None = Field(default=None, min_length=4, max_length=4, repr=False)
    """The last four letters of the ID number it was booked with."""
    token: str | None = Field(default=None, min_length=1, max_length=64, repr=False)
    """The secret of the answer to the booking."""


class CheckInIn(Body):
    """`POST /appointments/{code}/check-in`: the terminal, and the language of the ticket."""

    channel: Channel = Channel.KIOSK
    language: Literal["zh", "en"] | None = None
    """None: the language it was booked in."""
    terminal: str | None = Field(default=None, max_length=64)


class CardCheckInIn(CheckInIn):
    """`POST /appointments/check-in`: the same with an ID card instead of the code."""

    citizen: CitizenIn


class SlotOut(Answer):
    """One slot; `left` counts what can be booked now."""

    start: AwareDatetime
    end: AwareDatetime
    capacity: int
    left: int


class SlotDayOut(Answer):
    """A day that can be booked.  `provisional`: the holidays of that year are not announced yet."""

    date: date
    provisional: bool = False
    slots: list[SlotOut]


class SlotsOut(Answer):
    """`GET /appointments/slots`: every day of a service that can be booked now, with the rules to be told."""

    service_id: str
    service: str
    service_en: str
    days: list[SlotDayOut]
    checkin_early_min: int
    checkin_late_min: int
    cancel_before_min: int
    per_person_day: int


class AppointmentOut(Answer):
    """An appointment as its holder sees it; it names nobody.

    Check-in from `checkin_from` to `checkin_until`, both included.  `qr` is the text of the QR code.
    `token` is told once, in the answer to the booking.
    """

    code: str
    state: Literal["booked", "checked-in", "cancelled", "no-show"]
    service_id: str
    service: str
    service_en: str
    zone: str
    zone_en: str
    floor: str
    windows: str
    """`4-9、21号窗口`, in Chinese; `windows_en` in English."""
    windows_en: str
    day: date
    start: AwareDatetime
    end: AwareDatetime
    checkin_from: AwareDatetime
    checkin_until: AwareDatetime
    cancel_until: AwareDatetime
    qr: str
    token: str | None = None


class PhoneOut(Answer):
    """The telephone number of an appointment, None when none was given; every sight of it is recorded."""

    phone: str | None
