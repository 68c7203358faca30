"""`GET /events`: what happens, as it happens (server-sent events)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from queue_server.contracts.base import Problem
from queue_server.http.deps import Anybody, Ctx

router = APIRouter(tags=["events"])


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}, 401: {"model": Problem}},
)
async def get_events(
    context: Ctx,
    caller: Anybody,
    since: Annotated[int | None, Query(ge=0)] = None,
    last_event_id: Annotated[str | None, Header(max_length=20)] = None,
) -> StreamingResponse:
    """Stream events after `Last-Event-ID` or `since`; a `snapshot` (the board) first if needed."""
    seen = int(last_event_id) if last_event_id and last_event_id.isdecimal() else since
    return StreamingResponse(
        context.hub.stream(seen, context.reader.board_json),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
