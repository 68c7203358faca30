"""What a page cannot show, said to people in their language; programs keep their problem answers.

404: there is no such page.  422: the page does not know a value after the `?`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

Handler = Callable[[Request, Exception], Any]
Page = Callable[[Request, int], Awaitable[Response]]
"""Draws the page that says it, with the status it is sent with."""

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})


def say_kindly(app: FastAPI, page: Page) -> None:
    """Answer a browser's 404 and 422 outside the API with `page`; everything else as it was.

    To be called after those handlers are registered.
    """
    http = cast(Handler, app.exception_handlers[HTTPException])
    invalid = cast(Handler, app.exception_handlers[RequestValidationError])

    async def missing(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 404 and _asked_by_a_person(request):
            return await page(request, 404)
        return cast(Response, await http(request, error))

    async def wrong(request: Request, error: Exception) -> Response:
        if _is_page(request):
            return await page(request, 422)
        return cast(Response, await invalid(request, error))

    app.add_exception_handler(HTTPException, missing)
    app.add_exception_handler(RequestValidationError, wrong)


def _asked_by_a_person(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and _is_page(request)


def _is_page(request: Request) -> bool:
    path = request.url.path
    of_programs = path.startswith(("/api/", "/lab/api", "/static/")) or path in PROBES
    ready = getattr(request.app.state, "hall_reader", None) is not None
    return not of_programs and request.method in ("GET", "HEAD") and ready
