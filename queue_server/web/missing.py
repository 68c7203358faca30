"""A page that is not there, said to people in their language; programs keep their problem answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

Handler = Callable[[Request, Exception], Any]
Page = Callable[[Request], Awaitable[Response]]


def say_kindly(app: FastAPI, page: Page) -> None:
    """Answer a browser's 404 outside the API with `page`; everything else goes to the handler there was.

    To be called after that handler is registered.
    """
    before = cast(Handler, app.exception_handlers[HTTPException])

    async def missing(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 404 and _asked_by_a_person(request):
            return await page(request)
        return cast(Response, await before(request, error))

    app.add_exception_handler(HTTPException, missing)


def _asked_by_a_person(request: Request) -> bool:
    asked = request.headers.get("accept", "")
    of_programs = request.url.path.startswith(("/api/", "/lab/api", "/static/"))
    ready = getattr(request.app.state, "hall_reader", None) is not None
    return "text/html" in asked and not of_programs and request.method in ("GET", "HEAD") and ready
