"""What routes ask of a request: who calls, under which idempotency key; and how a write is answered."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response

from queue_server.application.ports import Outcome, RequestKey, Tx
from queue_server.contracts.auth import Role
from queue_server.domain.errors import Denied, QueueError
from queue_server.http.accounts import PEOPLE, Principal
from queue_server.http.context import Context, context_of

SESSION_COOKIE = "tingtong_session"
SCREEN_COOKIE = "tingtong_screen"
TABLET_COOKIE = "tingtong_tablet"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

STAFF = (Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN)
SUPERVISORS = (Role.SUPERVISOR, Role.ADMIN)
ANYBODY = tuple(Role)
ROLES_OF: dict[Callable[..., object], tuple[Role, ...]] = {}
"""Dependency -> whom it lets in, for the API's description."""


async def principals_of(request: HTTPConnection) -> list[Principal]:
    """Return every identity that a request proves: bearer token first, then the person, then passes.

    Raises Denied unauthenticated for a bearer token that nobody has.
    """
    accounts = context_of(request).accounts
    authorization = request.headers.get("authorization")
    if authorization:
        scheme, _, token = authorization.partition(" ")
        machine = await accounts.by_token(token.strip()) if scheme.lower() == "bearer" else None
        if machine is None:
            raise Denied("unauthenticated")
        return [machine]
    cookies = request.cookies
    found: list[Principal | None] = []
    if SESSION_COOKIE in cookies:
        found.append(await accounts.by_session(cookies[SESSION_COOKIE]))
    found += [accounts.by_pass(cookies[name]) for name in (TABLET_COOKIE, SCREEN_COOKIE) if name in cookies]
    return [one for one in found if one is not None]


def require(*roles: Role) -> Callable[[Request], Awaitable[Principal]]:
    """Return a dependency that gives the caller in one of `roles`.

    Raises Denied: unauthenticated, forbidden (also for a cookie's write that another site made).
    """

    async def caller(request: Request) -> Principal:
        proven = await principals_of(request)
        if not proven:
            raise Denied("unauthenticated")
        for one in proven:
            if one.role in roles:
                if one.by_cookie and request.method not in SAFE:
                    check_same_origin(request.headers)
                return one
        # somebody with a screen's pass only has not signed in at all
        raise Denied(
            "forbidden"
            if any(one.role in PEOPLE or not one.by_cookie for one in proven)
            else "unauthenticated"
        )

    ROLES_OF[caller] = roles
    return caller


def seen_by(*roles: Role) -> Callable[[Request], Awaitable[Principal]]:
    """Return a dependency like `require` that records first that the caller sees personal data."""
    caller_in = require(*roles)

    async def caller(request: Request) -> Principal:
        found = await caller_in(request)
        sights = context_of(request).sights
        if sights is not None:
            await sights.saw(found.actor)
        return found

    ROLES_OF[caller] = roles
    return caller


def check_same_origin(headers: Headers) -> None:
    """Raise Denied forbidden when a browser says that another site made this request."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise Denied("forbidden")
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        raise Denied("forbidden")


def request_key(request: Request, caller: Principal, body: bytes) -> RequestKey | None:
    """Return the name of this write, or None without Idempotency-Key.  Raises QueueError validation."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 128 or not all("!" <= letter <= "~" for letter in key):
        raise QueueError("validation", reason="Idempotency-Key: 1 to 128 visible ASCII characters")
    told = f"{request.method} {request.url.path}\n".encode() + body
    # keyed: a plain digest of a body with an ID number would let whoever has the database try ID numbers
    secret = context_of(request).digest_key
    return RequestKey(key, caller.actor, hmac.new(secret, told, hashlib.sha256).hexdigest())


async def write(request: Request, caller: Principal, job: Callable[[Tx], Outcome]) -> Response:
    """Run a use case once and answer with its outcome, or with the first one when this is a repeat."""
    key = request_key(request, caller, await request.body())
    outcome = await context_of(request).store.run(key, job, caller.actor)
    return answer(outcome)


def answer(outcome: Outcome) -> Response:
    """Return an outcome as a response."""
    headers = {"Idempotent-Replay": "true"} if outcome.replayed else None
    if not outcome.body:
        return Response(status_code=outcome.status, headers=headers)
    return Response(outcome.body, outcome.status, headers, media_type="application/json")


async def _context(request: Request) -> Context:
    return context_of(request)


Ctx = Annotated[Context, Depends(_context)]
Issuer = Annotated[Principal, Depends(require(Role.KIOSK, *STAFF))]
Staff = Annotated[Principal, Depends(require(*STAFF))]
Reader = Annotated[Principal, Depends(seen_by(*STAFF, Role.AUDITOR))]
Supervisor = Annotated[Principal, Depends(require(*SUPERVISORS))]
Anybody = Annotated[Principal, Depends(require(*ANYBODY))]
