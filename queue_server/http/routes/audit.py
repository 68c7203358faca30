"""`GET /audit`: the append-only record, for auditors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from queue_server.application.audit import AuditFilter
from queue_server.contracts.audit import AuditOut
from queue_server.contracts.auth import Role
from queue_server.contracts.base import Listing, Moment, Problem
from queue_server.domain.errors import QueueError
from queue_server.http.accounts import Principal
from queue_server.http.deps import Ctx, seen_by

router = APIRouter(tags=["audit"], responses={code: {"model": Problem} for code in (401, 403, 422)})
Auditor = Annotated[Principal, Depends(seen_by(Role.AUDITOR))]
Name = Annotated[str | None, Query(max_length=120)]


@router.get("/audit")
async def get_audit(
    context: Ctx,
    caller: Auditor,
    since: Moment | None = None,
    until: Moment | None = None,
    actor: Name = None,
    action: Name = None,
    cursor: Annotated[str | None, Query(max_length=18)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Listing[AuditOut]:
    """List who did and saw what, newest first; reading it is recorded as well."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal()):
        raise QueueError("validation", reason="cursor")
    before = int(cursor) if cursor else None
    wanted = AuditFilter(since, until, actor, action, before, limit + 1)
    rows = await context.store.read(lambda view: view.audit(wanted))
    items = [AuditOut.model_validate(asdict(row)) for row in rows[:limit]]
    return Listing[AuditOut](items=items, next=str(items[-1].seq) if len(rows) > limit else None)
