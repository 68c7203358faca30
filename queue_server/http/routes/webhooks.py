"""Webhooks: who is told what, how that goes, and what could not be told.  For administrators.

The answer with the secret is not remembered: a repeat with the same Idempotency-Key makes another webhook.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from queue_server.application.ports import View
from queue_server.application.webhook_ports import Hook
from queue_server.application.webhooks import Delivery, add_hook, drop_hook
from queue_server.contracts.auth import Role
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.webhooks import DeadLetterOut, DeliveryOut, HookIn, HookMadeOut, HookOut
from queue_server.domain.errors import NotFound, QueueError
from queue_server.http.accounts import Principal
from queue_server.http.context import Context, Webhooks
from queue_server.http.deps import Ctx, require

router = APIRouter(
    prefix="/webhooks",
    tags=["webhooks"],
    responses={code: {"model": Problem} for code in (400, 401, 403, 404, 409, 422, 503)},
)
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
HookId = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
async def list_hooks(context: Ctx, caller: Admin) -> Listing[HookOut]:
    """List the receivers and how each does."""
    sender = _sender(context)
    return Listing[HookOut](items=await context.store.read(lambda view: _hooks_out(view, sender)))


@router.post("", status_code=201)
async def post_hook(context: Ctx, caller: Admin, wanted: HookIn) -> HookMadeOut:
    """Add a receiver; it is told what happens from now on.  Its secret is shown this once."""
    sender = _sender(context)
    known = len(await context.store.read(lambda view: view.hooks()))
    patterns, most = tuple(wanted.events), sender.rules.most_hooks
    hook = await context.store.change(
        lambda tx: add_hook(tx, wanted.url, patterns, caller.name, known, most), caller.actor
    )
    sender.changed()
    return HookMadeOut(
        id=hook.id,
        url=hook.url,
        events=list(hook.events),
        made_at=hook.made_at,
        made_by=hook.made_by,
        secret=sender.secret_of(hook),
    )


@router.delete("/{hook_id}", status_code=204)
async def delete_hook(hook_id: HookId, context: Ctx, caller: Admin) -> Response:
    """Forget a receiver with its dead letters."""
    sender = _sender(context)
    await context.store.change(lambda tx: drop_hook(tx, hook_id), caller.actor)
    sender.changed()
    return Response(status_code=204)


@router.post("/{hook_id}/test")
async def post_test(hook_id: HookId, context: Ctx, caller: Admin) -> DeliveryOut:
    """Send the event `webhook-test` now and say what became of it."""
    sender, hook = _sender(context), await _hook(context, hook_id)
    return _delivery_out(await sender.test(hook, secrets.token_hex(4), caller.actor))


@router.get("/{hook_id}/deliveries")
async def list_deliveries(hook_id: HookId, context: Ctx, caller: Admin) -> Listing[DeliveryOut]:
    """List the newest tries since the server's start, newest first."""
    sender, hook = _sender(context), await _hook(context, hook_id)
    return Listing[DeliveryOut](items=[_delivery_out(one) for one in sender.state(hook.id).deliveries])


@router.get("/{hook_id}/dead")
async def list_dead(hook_id: HookId, context: Ctx, caller: Admin) -> Listing[DeadLetterOut]:
    """List the events that the receiver did not take, oldest first."""
    hook = await _hook(context, hook_id)
    letters = await context.store.read(lambda view: view.dead_letters(hook.id))
    return Listing[DeadLetterOut](
        items=[
            DeadLetterOut(
                n=one.n, seq=one.seq, name=one.name.value, at=one.at, tries=one.tries, reason=one.reason
            )
            for one in letters
        ]
    )


@router.post("/{hook_id}/dead/{n}/retry")
async def post_retry(
    hook_id: HookId, n: Annotated[int, Path(ge=1, le=2**53)], context: Ctx, caller: Admin
) -> DeliveryOut:
    """Send a dead letter once more, now; taken, it leaves the list."""
    sender, hook = _sender(context), await _hook(context, hook_id)
    for letter in await context.store.read(lambda view: view.dead_letters(hook.id)):
        if letter.n == n:
            return _delivery_out(await sender.retry(hook, letter, caller.actor))
    raise NotFound(what=f"dead letter {n}")


def _sender(context: Context) -> Webhooks:
    if context.webhooks is None:
        raise QueueError("not-possible", reason="webhooks are off")
    return context.webhooks


async def _hook(context: Context, hook_id: str) -> Hook:
    for hook in await context.store.read(lambda view: view.hooks()):
        if hook.id == hook_id:
            return hook
    raise NotFound(what="webhook")


def _hooks_out(view: View, sender: Webhooks) -> list[HookOut]:
    found = []
    for hook in view.hooks():
        state = sender.state(hook.id)
        cursor = max(state.cursor, view.cursor(hook.consumer))
        found.append(
            HookOut(
                id=hook.id,
                url=hook.url,
                events=list(hook.events),
                made_at=hook.made_at,
                made_by=hook.made_by,
                behind=max(0, view.seq - cursor),
                failed_tries=state.tries,
                last_reason=state.deliveries[0].reason if state.deliveries else "",
                dead=len(view.dead_letters(hook.id)),
            )
        )
    return found


def _delivery_out(one: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=one.id,
        seq=one.seq,
        name=one.name,
        at=one.at,
        tries=one.tries,
        taken=one.is_taken,
        status=one.status,
        reason=one.reason,
    )
