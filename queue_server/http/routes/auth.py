"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from queue_server.contracts.auth import LoginIn, MeOut, PasswordIn
from queue_server.contracts.base import Problem
from queue_server.domain.errors import Denied
from queue_server.http.accounts import PEOPLE, Principal
from queue_server.http.deps import SESSION_COOKIE, Ctx, check_same_origin, principals_of, require

router = APIRouter(
    prefix="/auth", tags=["auth"], responses={code: {"model": Problem} for code in (401, 403, 423, 429)}
)

Person = Annotated[Principal, Depends(require(*PEOPLE))]


@router.post("/login")
async def post_login(request: Request, response: Response, context: Ctx, person: LoginIn) -> MeOut:
    """Sign a person in; the answer sets the session cookie."""
    check_same_origin(request.headers)
    cookie, who = await context.accounts.login(
        person.username, person.password, request.client.host if request.client else "", person.totp
    )
    response.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=int(context.accounts.rules.session_for.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return _me(who)


@router.post("/logout", status_code=204)
async def post_logout(request: Request, context: Ctx) -> Response:
    """Forget the session; answers the same when there was none."""
    check_same_origin(request.headers)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie:
        await context.accounts.logout(cookie)
    response = Response(status_code=204)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
    return response


@router.post("/password", status_code=204, responses={code: {"model": Problem} for code in (400, 404, 503)})
async def post_password(request: Request, context: Ctx, caller: Person, wanted: PasswordIn) -> Response:
    """Change one's own password; all other logins of the same person end."""
    await context.accounts.change_password(
        caller.name,
        wanted.old,
        wanted.new,
        request.cookies.get(SESSION_COOKIE, ""),
        request.client.host if request.client else "",
    )
    return Response(status_code=204)


@router.get("/me")
async def get_me(request: Request) -> MeOut:
    """Return who is asking."""
    for one in await principals_of(request):
        if one.role in PEOPLE or not one.by_cookie:
            return _me(one)
    raise Denied("unauthenticated")


def _me(who: Principal) -> MeOut:
    return MeOut(username=who.name, role=who.role, display_name=who.display_name, window=who.window)
