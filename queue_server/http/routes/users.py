"""People and machines and what they may do, for administrators.

Answers that carry a secret are not remembered: a repeat with the same Idempotency-Key makes a new secret.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from queue_server.contracts.auth import Role
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.users import (
    CardIn,
    CardWishOut,
    MachineIn,
    MachineOut,
    SecretOut,
    TotpOut,
    UserIn,
    UserOut,
)
from queue_server.domain.errors import QueueError
from queue_server.http import staff_cards
from queue_server.http.accounts import Principal
from queue_server.http.deps import Ctx, require, seen_by
from queue_server.http.second_factor import uri_of

router = APIRouter(tags=["users"], responses={code: {"model": Problem} for code in (401, 403, 404, 422)})
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
AdminReader = Annotated[Principal, Depends(seen_by(Role.ADMIN))]
Name = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("/users")
async def list_users(context: Ctx, caller: AdminReader) -> Listing[UserOut]:
    """List everybody who may sign in."""
    users, with_card = await context.store.read(lambda view: (view.users(), view.card_holders()))
    return Listing[UserOut](
        items=[
            UserOut(
                username=user.username,
                role=Role(user.role),
                display_name=user.display_name,
                window=user.window,
                locked_until=user.locked_until,
                card=user.username in with_card,
            )
            for user in users
        ]
    )


@router.post("/users", status_code=204)
async def post_user(context: Ctx, caller: Admin, wanted: UserIn) -> Response:
    """Add or replace a person."""
    await context.accounts.add_user(
        wanted.username,
        wanted.password,
        Role(wanted.role),
        wanted.display_name,
        wanted.window,
        caller.actor,
    )
    return Response(status_code=204)


@router.post("/users/{username}/remove", status_code=204)
async def post_remove(context: Ctx, caller: Admin, username: Name) -> Response:
    """Forget a person and sign them out.  Nobody removes himself: the last admin would leave nobody."""
    if caller.name == username:
        raise QueueError("validation", reason="nobody removes himself; ask another admin")
    await context.accounts.remove_user(username, caller.actor)
    return Response(status_code=204)


@router.post("/users/{username}/unlock", status_code=204)
async def post_unlock(context: Ctx, caller: Admin, username: Name) -> Response:
    """Open an account that too many wrong passwords locked."""
    await context.accounts.unlock(username, caller.actor)
    return Response(status_code=204)


@router.post("/users/{username}/totp", status_code=201)
async def post_totp(context: Ctx, caller: Admin, username: Name) -> TotpOut:
    """Give a person a new second factor."""
    secret = await context.accounts.add_totp(username, caller.actor)
    return TotpOut(secret=secret, uri=uri_of(secret, username))


@router.post("/users/{username}/totp-off", status_code=204)
async def post_totp_off(context: Ctx, caller: Admin, username: Name) -> Response:
    """Take a person's second factor away."""
    await context.accounts.remove_totp(username, caller.actor)
    return Response(status_code=204)


@router.post("/users/{username}/card")
async def post_card(context: Ctx, caller: Admin, username: Name, wanted: CardIn) -> CardWishOut:
    """Give a person a staff card: this one, or the next one shown at a window within a minute."""
    if (wanted.card is None) == (wanted.next_at is None):
        raise QueueError("validation", reason="give either card or next_at")
    if wanted.card is not None:
        await staff_cards.give(context.accounts, username, wanted.card, caller.actor)
        return CardWishOut()
    wish = await staff_cards.wish(context.accounts, username, wanted.next_at or "", caller.actor)
    return CardWishOut(window=wish.window, until=wish.until)


@router.post("/users/{username}/card-off", status_code=204)
async def post_card_off(context: Ctx, caller: Admin, username: Name) -> Response:
    """Take a person's staff card away."""
    await staff_cards.take(context.accounts, username, caller.actor)
    return Response(status_code=204)


@router.get("/tokens")
async def list_tokens(context: Ctx, caller: Admin) -> Listing[MachineOut]:
    """List every machine that has a token."""
    tokens = await context.store.read(lambda view: view.tokens())
    return Listing[MachineOut](
        items=[MachineOut(name=one.name, role=Role(one.role), window=one.window) for one in tokens]
    )


@router.post("/tokens", status_code=201)
async def post_token(context: Ctx, caller: Admin, wanted: MachineIn) -> SecretOut:
    """Make a token for a machine."""
    token = await context.accounts.add_token(wanted.name, Role(wanted.role), wanted.window, caller.actor)
    return SecretOut(name=wanted.name, token=token)


@router.post("/tokens/{name}/rotate", status_code=201)
async def post_rotate(context: Ctx, caller: Admin, name: Name) -> SecretOut:
    """Give a machine a new token; the old one is worth nothing from now on."""
    return SecretOut(name=name, token=await context.accounts.rotate_token(name, caller.actor))


@router.post("/tokens/{name}/revoke", status_code=204)
async def post_revoke(context: Ctx, caller: Admin, name: Name) -> Response:
    """Forget a machine."""
    await context.accounts.revoke_token(name, caller.actor)
    return Response(status_code=204)
