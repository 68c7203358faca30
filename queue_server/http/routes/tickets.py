"""Issuing tickets and what staff and kiosks do to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Request, Response

from devices.contracts.printer import PrintTicket
from queue_server.application.cancel import cancel
from queue_server.application.history import history
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Outcome, Tx
from queue_server.application.print_result import ask_reprint, print_result, void_paper
from queue_server.application.requeue import requeue
from queue_server.application.slip import issued_answer, make_slip
from queue_server.application.sync_lease import hand_in_one
from queue_server.application.ticket_shown import ticket_shown
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.devices import ReprintIn
from queue_server.contracts.history import HistoryOut
from queue_server.contracts.tickets import IssuedTicketOut, PrintResultIn, TicketIn, TicketOut, TicketState
from queue_server.domain.errors import QueueError
from queue_server.domain.estimate import Estimate
from queue_server.domain.ticket import Ticket
from queue_server.http.deps import Ctx, Issuer, Reader, Staff, write

router = APIRouter(
    prefix="/tickets",
    tags=["tickets"],
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 422, 503)},
)
TicketId = Annotated[str, Path(min_length=1, max_length=64)]
Short = Annotated[str | None, Query(max_length=64)]


@router.post("", status_code=201, response_model=IssuedTicketOut)
async def post_ticket(request: Request, caller: Issuer, wanted: TicketIn) -> Response:
    """Give out the next number of a service; safe to repeat with the same Idempotency-Key.

    With `stops`, or for a `package`, one number for several services in order.  Only the server says when a
    ticket is issued; what a terminal gave out by itself comes through its lease.
    """
    if wanted.issued_at is not None and wanted.offline is None:
        raise QueueError("validation", reason="issued_at: the server says when")

    def job(tx: Tx) -> Outcome:
        taken = wanted.offline
        ticket = issue_ticket(tx, wanted) if taken is None else hand_in_one(tx, wanted, taken, caller.actor)
        return Outcome(201, issued_answer(tx, ticket).model_dump_json())

    return await write(request, caller, job)


@router.get("", response_model=Listing[TicketOut])
async def list_tickets(
    context: Ctx,
    caller: Reader,
    state: TicketState | None = None,
    service: Short = None,
    window: Short = None,
    day: date | None = None,
    cursor: Annotated[str | None, Query(max_length=18)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List tickets of a business day (today unless `day` says else), newest first."""
    found = await context.reader.tickets(
        state.value if state else None, service, window, day.isoformat() if day else None, cursor, limit
    )
    return Response(found.model_dump_json(), media_type="application/json")


@router.get("/{ticket_id}")
async def get_ticket(ticket_id: TicketId, context: Ctx, caller: Reader) -> TicketOut:
    """Return one ticket."""
    return await context.reader.ticket(ticket_id)


@router.get("/{ticket_id}/history")
async def get_history(ticket_id: TicketId, context: Ctx, caller: Reader) -> HistoryOut:
    """Return what became of a ticket: every state with its time, place, reason and who did it."""
    now = context.clock.now()
    return await context.store.read(lambda view: history(view, context.hall, ticket_id, now))


@router.post("/{ticket_id}/cancel", response_model=TicketOut)
async def post_cancel(ticket_id: TicketId, request: Request, caller: Issuer) -> Response:
    """Give a ticket up."""
    return await write(request, caller, shown(lambda tx: cancel(tx, ticket_id)))


@router.post("/{ticket_id}/requeue", response_model=TicketOut)
async def post_requeue(ticket_id: TicketId, request: Request, caller: Issuer) -> Response:
    """Let a passed, called or held ticket wait again."""
    return await write(request, caller, shown(lambda tx: requeue(tx, ticket_id)))


@router.post("/{ticket_id}/print-result", response_model=TicketOut)
async def post_print_result(
    ticket_id: TicketId, request: Request, caller: Issuer, said: PrintResultIn
) -> Response:
    """Keep what the printer said of this ticket's paper."""
    return await write(
        request, caller, shown(lambda tx: print_result(tx, ticket_id, said.outcome, said.reason))
    )


@router.post("/{ticket_id}/void-paper", response_model=TicketOut)
async def post_void_paper(ticket_id: TicketId, request: Request, caller: Staff) -> Response:
    """Give up paper that never came: the ticket is no longer marked, and stays in the line."""
    return await write(request, caller, shown(lambda tx: void_paper(tx, ticket_id)))


@router.post("/{ticket_id}/reprint", response_model=TicketOut)
async def post_reprint(
    ticket_id: TicketId, request: Request, context: Ctx, caller: Staff, wanted: ReprintIn | None = None
) -> Response:
    """Print a ticket again, marked 补打, on the printer of the terminal that issued it."""
    ticket = await context.store.read(lambda view: view.ticket(ticket_id))
    ahead = await context.store.read(lambda view: view.ahead_of(ticket))
    named = wanted.device_id if wanted else None
    machines = context.machines
    printer = named or (machines.printer_of(ticket.terminal) if machines else None)
    if machines is None or printer is None:
        raise QueueError("not-possible", reason="no printer is known")
    response = await write(request, caller, shown(lambda tx: ask_reprint(tx, ticket_id)))
    if "Idempotent-Replay" not in response.headers:
        slip = make_slip(context.hall, ticket, ahead, Estimate(), reprint=True)
        job = PrintTicket(job_id=f"{ticket_id}:{uuid4().hex[:8]}", slip=slip)
        try:
            await machines.command(printer, "print-ticket", job)
        except QueueError as error:
            # The order is kept and answered; that no paper came of it is kept too, and told to the console.
            reason = str(error.values.get("reason", "not-possible"))[:40]
            await context.store.change(lambda tx: print_result(tx, ticket_id, "failed", reason))
    return response


def shown(act: Callable[[Tx], Ticket]) -> Callable[[Tx], Outcome]:
    """Return a job that answers with the ticket as staff see it."""

    def job(tx: Tx) -> Outcome:
        return Outcome(200, ticket_shown(tx, tx.hall, act(tx)).model_dump_json())

    return job
