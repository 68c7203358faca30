"""What a clerk does at a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.call_this import call_this
from queue_server.application.finish_service import finish_service
from queue_server.application.hold import hold
from queue_server.application.no_show import no_show
from queue_server.application.ports import Outcome, Tx
from queue_server.application.queries import window_out
from queue_server.application.recall import recall
from queue_server.application.resume_held import resume_held
from queue_server.application.start_service import start_service
from queue_server.application.ticket_shown import marks_of, ticket_shown
from queue_server.application.transfer import transfer
from queue_server.contracts.base import Body, Listing, Problem
from queue_server.contracts.tickets import TicketOut
from queue_server.contracts.windows import CallIn, FinishIn, PauseIn, TransferIn, WindowOut
from queue_server.domain.desk import Desk
from queue_server.http.deps import Ctx, Reader, Staff, write
from queue_server.http.routes.tickets import shown

router = APIRouter(
    prefix="/windows",
    tags=["windows"],
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 422, 503)},
)
WindowId = Annotated[str, Path(min_length=1, max_length=64)]


class AutoCallIn(Body):
    """`POST /windows/{id}/auto-call`: call by itself whenever the window becomes free."""

    on: bool


@router.get("")
async def list_windows(context: Ctx, caller: Reader) -> Listing[WindowOut]:
    """List every window in the hall's order."""
    return Listing[WindowOut](items=await context.reader.windows())


@router.get("/{window_id}")
async def get_window(window_id: WindowId, context: Ctx, caller: Reader) -> WindowOut:
    """Return one window."""
    return await context.reader.window(window_id)


@router.post("/{window_id}/sign-in", response_model=WindowOut)
async def post_sign_in(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Sit down at a window."""
    return await write(request, caller, desk_shown(lambda tx: sign.sign_in(tx, window_id, caller.name)))


@router.post("/{window_id}/sign-out", response_model=WindowOut)
async def post_sign_out(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Leave a window."""
    return await write(request, caller, desk_shown(lambda tx: sign.sign_out(tx, window_id)))


@router.post("/{window_id}/pause", response_model=WindowOut)
async def post_pause(window_id: WindowId, request: Request, caller: Staff, why: PauseIn) -> Response:
    """Stop calling for a while."""
    return await write(request, caller, desk_shown(lambda tx: sign.pause(tx, window_id, why.reason)))


@router.post("/{window_id}/resume", response_model=WindowOut)
async def post_resume(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Go on after a pause."""
    return await write(request, caller, desk_shown(lambda tx: sign.resume(tx, window_id)))


@router.post("/{window_id}/auto-call", response_model=WindowOut)
async def post_auto_call(
    window_id: WindowId, request: Request, caller: Staff, wanted: AutoCallIn
) -> Response:
    """Let the window call by itself, or stop it."""
    return await write(request, caller, desk_shown(lambda tx: sign.set_auto_call(tx, window_id, wanted.on)))


@router.post(
    "/{window_id}/call-next", response_model=TicketOut, responses={204: {"description": "nobody waits"}}
)
async def post_call_next(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Call the next citizen to this window; 204 when nobody waits."""

    def job(tx: Tx) -> Outcome:
        ticket = call_next(tx, window_id)
        return Outcome(200, ticket_shown(tx, tx.hall, ticket).model_dump_json()) if ticket else Outcome(204)

    return await write(request, caller, job)


@router.post("/{window_id}/call", response_model=TicketOut)
async def post_call(window_id: WindowId, request: Request, caller: Staff, wanted: CallIn) -> Response:
    """Call this very ticket; the event keeps who did it."""
    return await write(request, caller, shown(lambda tx: call_this(tx, window_id, wanted.ticket_id)))


@router.post("/{window_id}/recall", response_model=TicketOut)
async def post_recall(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Call the window's ticket once more."""
    return await write(request, caller, shown(lambda tx: recall(tx, window_id)))


@router.post("/{window_id}/start", response_model=TicketOut)
async def post_start(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Begin to serve the window's ticket."""
    return await write(request, caller, shown(lambda tx: start_service(tx, window_id)))


@router.post("/{window_id}/finish", response_model=TicketOut)
async def post_finish(
    window_id: WindowId, request: Request, caller: Staff, how: FinishIn | None = None
) -> Response:
    """Finish the window's ticket and wake its evaluation tablet."""
    told = how or FinishIn()
    drop = told.rest == "drop"
    return await write(
        request,
        caller,
        shown(lambda tx: finish_service(tx, window_id, told.outcome, told.case_no, drop_rest=drop)),
    )


@router.post("/{window_id}/no-show", response_model=TicketOut)
async def post_no_show(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Pass the window's ticket: nobody came."""
    return await write(request, caller, shown(lambda tx: no_show(tx, window_id)))


@router.post("/{window_id}/hold", response_model=TicketOut)
async def post_hold(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Put the window's ticket aside."""
    return await write(request, caller, shown(lambda tx: hold(tx, window_id)))


@router.post("/{window_id}/resume-held", response_model=TicketOut)
async def post_resume_held(window_id: WindowId, request: Request, caller: Staff) -> Response:
    """Call back the ticket that this window holds longest."""
    return await write(request, caller, shown(lambda tx: resume_held(tx, window_id)))


@router.post("/{window_id}/transfer", response_model=TicketOut)
async def post_transfer(window_id: WindowId, request: Request, caller: Staff, to: TransferIn) -> Response:
    """Send the window's ticket on to another service or window; it keeps its number."""
    return await write(
        request,
        caller,
        shown(lambda tx: transfer(tx, window_id, to.service_id, to.window_id, to.position)),
    )


def desk_shown(act: Callable[[Tx], Desk]) -> Callable[[Tx], Outcome]:
    """Return a job that answers with the window as staff see it."""

    def job(tx: Tx) -> Outcome:
        desk = act(tx)
        waiting = sum(tx.waiting(service_id) for service_id in tx.hall.windows[desk.window].skills)
        ticket = tx.at_window(desk.window)
        marks = marks_of(tx, [ticket]) if ticket else {}
        return Outcome(200, window_out(tx.hall, desk, ticket, waiting, 0, marks).model_dump_json())

    return job
