"""Booking ahead: slots, booking, cancelling; and the check-in of those who came."""

from __future__ import annotations

import asyncio
import io
from datetime import date
from typing import Annotated

import segno
from fastapi import APIRouter, Path, Query, Request, Response

from queue_server.application import appointment_read
from queue_server.application.appointment_phone import phone_of
from queue_server.application.book import book
from queue_server.application.cancel_appointment import cancel_appointment
from queue_server.application.check_in import Arrival, check_in_by_card, check_in_by_code
from queue_server.application.ports import Outcome, Tx
from queue_server.application.slip import issued_answer
from queue_server.contracts.appointments import (
    AppointmentIn,
    AppointmentOut,
    CancelAppointmentIn,
    CardCheckInIn,
    CheckInIn,
    PhoneOut,
    SlotsOut,
)
from queue_server.contracts.auth import Role
from queue_server.contracts.base import Ident, Problem
from queue_server.contracts.tickets import IssuedTicketOut
from queue_server.domain.appointments import QR_PREFIX, clean_code
from queue_server.domain.ticket import Ticket
from queue_server.http.accounts import Principal
from queue_server.http.context import context_of
from queue_server.http.deps import STAFF, Ctx, Issuer, Staff, check_same_origin, principals_of, write
from queue_server.http.public_rate import READS, WRITES, Allowance

router = APIRouter(
    prefix="/appointments",
    tags=["appointments"],
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 422, 429, 503)},
)
Code = Annotated[str, Path(min_length=1, max_length=64)]
TRUSTED = (Role.KIOSK, *STAFF)
_NOBODY = Principal(Role.DISPLAY, "public")


@router.get("/slots")
async def list_slots(
    request: Request,
    context: Ctx,
    service: Annotated[Ident, Query()],
    day: Annotated[date | None, Query()] = None,
) -> SlotsOut:
    """List the days of a service that can be booked, with what is left of each slot; `day`: of that day."""
    await _caller(request, READS)
    now = context.clock.now()
    found = await context.store.read(lambda view: appointment_read.slots(view, context.hall, service, now))
    if day is None:
        return found
    return found.model_copy(update={"days": [one for one in found.days if one.date == day]})


@router.post("", status_code=201, response_model=AppointmentOut)
async def post_appointment(request: Request, wanted: AppointmentIn) -> Response:
    """Book a place in a slot; the answer alone tells the code and its holder's token."""
    caller = await _caller(request, WRITES)

    def job(tx: Tx) -> Outcome:
        made, token = book(tx, wanted)
        return Outcome(201, appointment_read.appointment_out(tx.hall, made, token).model_dump_json())

    return await write(request, caller, job)


@router.post("/check-in", status_code=201, response_model=IssuedTicketOut)
async def post_card_check_in(request: Request, caller: Issuer, came: CardCheckInIn) -> Response:
    """Check in with an ID card: today's appointment of that person; answers as `POST /tickets` does."""
    arrival = Arrival(came.channel.value, came.language, came.terminal, came.citizen)
    return await write(request, caller, lambda tx: _issued(tx, *check_in_by_card(tx, came.citizen, arrival)))


@router.post("/{code}/check-in", status_code=201, response_model=IssuedTicketOut)
async def post_check_in(
    request: Request, caller: Issuer, code: Code, came: CheckInIn | None = None
) -> Response:
    """Check in with the code: the ticket at once, 201; a second time the same ticket, 200."""
    said = came or CheckInIn()
    arrival = Arrival(said.channel.value, said.language, said.terminal)
    return await write(request, caller, lambda tx: _issued(tx, *check_in_by_code(tx, code, arrival)))


@router.post("/{code}/cancel", response_model=AppointmentOut)
async def post_cancel(request: Request, code: Code, proof: CancelAppointmentIn | None = None) -> Response:
    """Give a booking up; the public proves with the token or the end of the ID number that it is theirs."""
    caller = await _caller(request, WRITES)
    needed = None if caller.role in TRUSTED else proof or CancelAppointmentIn()

    def job(tx: Tx) -> Outcome:
        cancelled = cancel_appointment(tx, code, needed)
        return Outcome(200, appointment_read.appointment_out(tx.hall, cancelled).model_dump_json())

    return await write(request, caller, job)


@router.get("/{code}/phone")
async def get_phone(context: Ctx, caller: Staff, code: Code) -> PhoneOut:
    """Tell staff the telephone number of a booking; recorded before it is told, each time."""
    return PhoneOut(phone=await context.store.change(lambda tx: phone_of(tx, code), caller.actor))


@router.get("/{code}/qr.svg", response_class=Response)
async def get_qr(request: Request, code: Code) -> Response:
    """Draw the QR code of a code; it is drawn from the address alone and says nothing about bookings."""
    await _caller(request, READS)
    drawn = io.BytesIO()
    symbol = segno.make(QR_PREFIX + clean_code(code), error="m", micro=False)
    symbol.save(drawn, kind="svg", border=4, xmldecl=False, omitsize=True)
    headers = {"Cache-Control": "no-store"}
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers=headers)


async def _caller(request: Request, allowance: Allowance) -> Principal:
    """Return who asks: a kiosk or staff, else the public, whose requests are counted.

    Raises Denied: unauthenticated, forbidden (a browser on another site), rate-limited.
    """
    known = [one for one in await principals_of(request) if one.role in TRUSTED]
    if (not known or known[0].by_cookie) and allowance is WRITES:
        check_same_origin(request.headers)
    if known:
        return known[0]
    context = context_of(request)
    address = request.client.host if request.client else ""
    context.public_rate.take(address, allowance, asyncio.get_running_loop().time())
    return _NOBODY


def _issued(tx: Tx, ticket: Ticket, made: bool) -> Outcome:
    return Outcome(201 if made else 200, issued_answer(tx, ticket, reprint=not made).model_dump_json())
