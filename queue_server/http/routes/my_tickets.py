"""My place in the line, by the card on the reader (docs/kiosk.md)."""

from __future__ import annotations

from fastapi import APIRouter

from queue_server.application.my_tickets import my_tickets
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.tickets import MyTicketOut, MyTicketsIn
from queue_server.http.deps import Ctx, Issuer

router = APIRouter(
    tags=["tickets"], responses={code: {"model": Problem} for code in (400, 401, 403, 422, 503)}
)


@router.post("/tickets:mine")
async def post_my_tickets(context: Ctx, caller: Issuer, whose: MyTicketsIn) -> Listing[MyTicketOut]:
    """List the open tickets of the person whose card was read, newest first, each with a slip marked 补打.

    A kiosk may print such a slip, and says what became of the paper with `print-result`: only with the card
    it gets the paper of that person's ticket.  Nothing is changed; no Idempotency-Key is needed.
    """
    told = await context.store.change(lambda tx: my_tickets(tx, whose.citizen), caller.actor)
    return Listing[MyTicketOut](items=told)
