"""The FastAPI application; everything it uses is handed in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI

from queue_server.http import docs_page, errors
from queue_server.http.context import Context
from queue_server.http.middleware import BodyLimit, ScreenPasses
from queue_server.http.openapi import DescribedApi
from queue_server.http.routes import (
    appointments,
    audit,
    auth,
    devices,
    events,
    health,
    lab,
    leases,
    my_tickets,
    packages,
    public,
    statistics,
    tickets,
    users,
    webhooks,
    windows,
)
from queue_server.http.tracing import Traced

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
ABOUT = (
    "The queue of a public-service hall. Every write takes Idempotency-Key; errors are RFC 9457 problems "
    "with a stable code; machines send a bearer token, people a session cookie."
)


def create_app(
    context: Context | None = None,
    *,
    lifespan: Lifespan | None = None,
    version: str = "0.1.0",
    screen_pass: str = "",
    tablet_pass: str | None = None,
    with_lab: bool = False,
) -> FastAPI:
    """Return the application.  Without `context` the lifespan must call `attach`."""
    app = DescribedApi(
        title="Tingtong queue server",
        version=version,
        description=ABOUT,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    if context is not None:
        attach(app, context)
    for module in (
        tickets,
        windows,
        public,
        packages,
        events,
        devices,
        auth,
        audit,
        statistics,
        users,
        webhooks,
    ):
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(leases.router, prefix="/api/v1")
    app.include_router(my_tickets.router, prefix="/api/v1")
    app.include_router(appointments.router, prefix="/api/v1")
    app.include_router(health.router)
    if with_lab:
        app.include_router(lab.router)
    docs_page.add(app)
    errors.install(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Traced)
    if screen_pass:
        app.add_middleware(ScreenPasses, screen_pass=screen_pass, tablet_pass=tablet_pass)
    return app


def attach(app: FastAPI, context: Context) -> None:
    """Give the application what it serves from."""
    app.state.context = context
    app.state.hall_reader = context.reader
