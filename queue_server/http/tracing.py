"""Says for the audit where a request came from and what it asked, before anything else looks at it."""

from __future__ import annotations

import re
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from queue_server.application.audit import TRACE, Told

_TICKET = re.compile(r"t_[0-9a-f]{16}")
_WINDOW = re.compile(r"[A-Za-z0-9-]{1,8}")
"""Shapes of our own ids: whatever else somebody writes into a path does not get into the audit."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Traced:
    """Pure ASGI: costs a request about a microsecond."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with TRACE set."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = TRACE.set(partial(told_of, scope))
        try:
            await self._app(scope, receive, send)
        finally:
            TRACE.reset(token)


def told_of(scope: Scope) -> Told:
    """Return what a request says of itself; the route is known once a job is handed to the store."""
    route = scope.get("route")
    path = getattr(route, "path", "") or "?"
    given = scope.get("path_params") or {}
    client = scope.get("client")
    return Told(
        action=f"{scope['method']} {path.removeprefix('/api/v1')}",
        source=client[0] if client else "",
        ticket=_if(_TICKET, given.get("ticket_id")),
        window=_if(_WINDOW, given.get("window_id")),
        writes=scope["method"] not in SAFE,
    )


def _if(shape: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and shape.fullmatch(value) else None
