"""Errors as RFC 9457 problems, in one place.  `code` is stable; the sentences follow Accept-Language."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from queue_server.domain.errors import Busy, NotFound, QueueError
from queue_server.domain.words import Told, in_chinese, invalid_in_chinese

log = logging.getLogger(__name__)

STATUS = {
    "service-unknown": 404,
    "appointment-not-found": 404,
    "lease-unknown": 404,
    "not-found": 404,
    "id-required": 422,
    "id-invalid": 422,
    "idempotency-mismatch": 422,
    "validation": 422,
    "unauthenticated": 401,
    "totp-required": 401,
    "forbidden": 403,
    "slot-unknown": 404,
    "blacklisted": 403,
    "locked-out": 423,
    "rate-limited": 429,
    "server-busy": 503,
    "method-not-allowed": 405,
    "internal": 500,
}
SHOWN_VALUES = frozenset(
    {"number", "ticket_id", "window", "state", "action", "limit", "minutes", "opens_at", "until"}
)
"""Values of an error that a program may want; none says who a person is."""


def language_of(header: str | None) -> str:
    """Return `en` when the first language asked for is English, else `zh`."""
    first = (header or "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def problem(request: Request, error: QueueError, status: int | None = None) -> JSONResponse:
    """Return the answer to a refused request."""
    code = error.error_code
    status = status or STATUS.get(code, 409)
    language = language_of(request.headers.get("accept-language"))
    detail = error.detail(language)
    body: dict[str, Any] = {key: error.values[key] for key in SHOWN_VALUES if key in error.values}
    body |= {
        "type": f"urn:tingtong:problem:{code}",
        "title": code.replace("-", " "),
        "status": status,
        "detail": detail,
        "code": code,
    }
    headers = {"Content-Language": language}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (429, 503):
        headers["Retry-After"] = str(error.values.get("retry_after_s", 1))
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def is_api(path: str) -> bool:
    """Say whether a path belongs to programs rather than people."""
    return path.startswith(("/api/", "/lab/api")) or path in ("/healthz", "/readyz", "/metrics")


async def _queue_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueueError)  # noqa: S101 - registered for this class only
    return problem(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    # the message, never the value
    told = QueueError("validation", reason=Told(f"{where}: {first['msg']}", _chinese(where, first)))
    return problem(request, told, 400 if first["type"] == "json_invalid" else 422)


def _chinese(where: str, first: Mapping[str, Any]) -> str:
    """Return one of pydantic's complaints in Chinese; our own validators say theirs in words.PHRASES."""
    ours = first.get("ctx", {}).get("error")
    if first["type"] == "value_error" and ours is not None:
        return str(in_chinese("reason", str(ours)))
    return f"{where} {invalid_in_chinese(first['type'])}"


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    if not is_api(request.url.path):
        return await http_exception_handler(request, error)
    if error.status_code == 405:
        return problem(request, QueueError("method-not-allowed"))
    if error.status_code == 404:
        return problem(request, NotFound(what=request.url.path[:80]))
    return problem(request, QueueError("validation", reason=str(error.detail)), error.status_code)


async def _database(request: Request, error: Exception) -> Response:
    log.error("the database failed", exc_info=error)
    return problem(request, Busy())


async def _unexpected(request: Request, error: Exception) -> Response:
    return problem(request, QueueError("internal"))


def install(app: FastAPI) -> None:
    """Register every handler."""
    app.add_exception_handler(QueueError, _queue_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(sqlite3.Error, _database)
    app.add_exception_handler(Exception, _unexpected)
