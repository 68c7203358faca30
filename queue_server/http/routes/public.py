"""What everybody may read: services, board, one's own ticket; and rating it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from queue_server.application.evaluate import Rating, evaluate, offered_at
from queue_server.application.ports import Outcome, Tx
from queue_server.contracts.auth import Role
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.board import BoardOut
from queue_server.contracts.evaluations import EvaluationIn, EvaluationOut, Level
from queue_server.contracts.services import ServiceOut
from queue_server.contracts.tickets import TrackOut
from queue_server.domain.errors import Denied, Refused
from queue_server.domain.evaluation import require_ratable
from queue_server.domain.ticket import Ticket
from queue_server.http.accounts import Principal
from queue_server.http.deps import Ctx, require, write

router = APIRouter(tags=["public"], responses={422: {"model": Problem}})
_tablet = require(Role.TABLET, Role.ADMIN)


@router.get("/services")
async def list_services(context: Ctx) -> Listing[ServiceOut]:
    """List what a citizen can come for, with each line as it is now."""
    return await context.reader.services()


@router.get("/board", response_model=BoardOut)
async def get_board(
    context: Ctx,
    zone: Annotated[str | None, Query(max_length=64)] = None,
    view: Annotated[str, Query(pattern="^(calls|cases|notices|all)$")] = "all",
) -> Response:
    """Return all that a public screen needs, with the `seq` of the newest event in it."""
    _, body = await context.reader.board_json(zone or None)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/track/{token}", responses={404: {"model": Problem}})
async def get_track(token: Annotated[str, Path(min_length=1, max_length=64)], context: Ctx) -> TrackOut:
    """Return the place in the line of whoever holds this token."""
    return await context.reader.track(token)


@router.post(
    "/evaluations",
    status_code=201,
    response_model=EvaluationOut,
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409)},
)
async def post_evaluation(request: Request, given: EvaluationIn) -> Response:
    """Rate a finished service, once: by the window's tablet, or by the ticket's own token."""
    if given.token is not None:
        caller = Principal(Role.DISPLAY, f"track:{given.token[:8]}")
    else:
        caller = await _tablet(request)

    def job(tx: Tx) -> Outcome:
        ticket = tx.ticket_by_token(given.token) if given.token else tx.ticket(given.ticket_id or "")
        channel = "track" if given.token else "tablet"
        rating = Rating(given.level, tuple(given.options), given.text or "", channel)
        offered = None
        if given.token is None:
            offered = offered_at(tx, ticket)
            if offered is None or ticket.rated:
                require_ratable(ticket)
            _require_offered(ticket, caller, offered)
        kept = evaluate(tx, ticket, rating, offered)
        told = EvaluationOut(
            id=kept.id,
            ticket_id=ticket.id,
            number=ticket.number,
            window=kept.window,
            level=Level(kept.level),
            options=list(kept.options),
            at=kept.at,
        )
        return Outcome(201, told.model_dump_json())

    return await write(request, caller, job)


def _require_offered(ticket: Ticket, caller: Principal, offered: str | None) -> None:
    """A tablet rates what its window offers now, nothing else.  Raises Denied, Refused."""
    if caller.window is not None and caller.window != (offered or ticket.window):
        raise Denied("forbidden")
    if offered is None:
        raise Refused("not-allowed", state=ticket.state.value, action="rate", number=ticket.number)
