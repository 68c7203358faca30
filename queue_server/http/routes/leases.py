"""Leases of terminals, what they issued while the server was away, and orders that were never answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from queue_server.application.lease import settle_request, take_lease
from queue_server.application.ports import Outcome, Tx
from queue_server.application.sync_lease import sync_lease
from queue_server.contracts.auth import Role
from queue_server.contracts.base import Problem
from queue_server.contracts.leases import LeaseIn, LeaseOut, LeaseSyncIn, SettledOut, SettleIn, SyncOut
from queue_server.domain.errors import QueueError
from queue_server.http.accounts import Principal
from queue_server.http.deps import require, write
from queue_server.http.errors import language_of

router = APIRouter(
    tags=["leases"],
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 422, 503)},
)
Kiosk = Annotated[Principal, Depends(require(Role.KIOSK))]
LeaseId = Annotated[str, Path(min_length=1, max_length=64)]


@router.post("/leases", status_code=201, response_model=LeaseOut)
async def post_lease(request: Request, caller: Kiosk, wanted: LeaseIn) -> Response:
    """Give a terminal blocks of numbers that it may issue while the server is away (docs/offline.md)."""

    def job(tx: Tx) -> Outcome:
        return Outcome(201, take_lease(tx, wanted, caller.actor).model_dump_json())

    return await write(request, caller, job)


@router.post("/leases/{lease_id}/sync", response_model=SyncOut)
async def post_sync(lease_id: LeaseId, request: Request, caller: Kiosk, wanted: LeaseSyncIn) -> Response:
    """Take in what was issued from a lease, item by item; each may be sent again with the same `key`."""
    language = language_of(request.headers.get("accept-language"))

    def job(tx: Tx) -> Outcome:
        return Outcome(200, sync_lease(tx, lease_id, wanted, caller.actor, language).model_dump_json())

    return await write(request, caller, job)


@router.post("/tickets:settle", response_model=SettledOut)
async def post_settle(request: Request, caller: Kiosk, wanted: SettleIn) -> Response:
    """Cancel what an unanswered `POST /tickets` of the caller made, or refuse it when it comes late."""
    if request.headers.get("idempotency-key") == wanted.key:
        raise QueueError("validation", reason="Idempotency-Key: not the key that is to be settled")

    def job(tx: Tx) -> Outcome:
        return Outcome(200, settle_request(tx, caller.actor, wanted.key).model_dump_json())

    return await write(request, caller, job)
