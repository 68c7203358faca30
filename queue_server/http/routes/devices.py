"""The machines of the hall."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path, Request, Response

from devices.contracts.call_pad import Beep
from devices.contracts.health import DeviceHealth
from devices.contracts.printer import PrintTicket, TicketSlip
from queue_server.contracts.base import Listing, Problem
from queue_server.contracts.devices import DeviceCommandIn, DeviceOut
from queue_server.domain.errors import NotFound, QueueError
from queue_server.http.context import Context
from queue_server.http.deps import Ctx, Staff, Supervisor, request_key

router = APIRouter(
    prefix="/devices",
    tags=["devices"],
    responses={code: {"model": Problem} for code in (401, 403, 404, 409, 422)},
)


@router.get("")
async def list_devices(context: Ctx, caller: Staff) -> Listing[DeviceOut]:
    """List every machine that ever told its state, by id."""
    return Listing[DeviceOut](items=[_out(one) for one in context.machines.all()] if context.machines else [])


@router.post("/{device_id}/commands", status_code=202)
async def post_command(
    device_id: Annotated[str, Path(min_length=1, max_length=64)],
    request: Request,
    context: Ctx,
    caller: Supervisor,
    wanted: DeviceCommandIn,
) -> Response:
    """Send a command; 202 says that the broker took it, the machine's state says what became of it."""
    request_key(request, caller, b"")  # only checked: a command that comes twice does no harm
    machines = context.machines
    if machines is None or all(one.device_id != device_id for one in machines.all()):
        raise NotFound(what=f"device {device_id}")
    if wanted.name == "beep":
        if wanted.window is None:
            raise QueueError("validation", reason="beep needs window")
        await machines.command(device_id, "beep", Beep(window=wanted.window))
    else:
        await machines.command(device_id, "print-ticket", _test_page(context))
    return Response(status_code=202)


def _out(one: DeviceHealth) -> DeviceOut:
    return DeviceOut(id=one.device_id, **one.model_dump(exclude={"device_id"}))


def _test_page(context: Context) -> PrintTicket:
    at = context.clock.now().astimezone(context.hall.timezone)
    slip = TicketSlip(
        hall=context.hall.name,
        number="TEST",
        service="打印测试",
        issued_at=f"{at:%Y-%m-%d %H:%M}",
        notice="打印机测试页,不是排队号。",
    )
    return PrintTicket(job_id=f"test:{uuid4().hex[:12]}", slip=slip)
