"""`/lab/api`: simulated halls only, on this machine only.  Machines are proxied to their simulators.

The peer must be loopback and the Host header must name this machine, so that a page from elsewhere cannot
reach it by pointing its own name here (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, model_validator

from queue_server.contracts.base import Body
from queue_server.domain.errors import Denied, NotFound, QueueError
from queue_server.http.context import Context, Lab, context_of
from queue_server.http.deps import Ctx, check_same_origin

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
TIMEOUT_S = 35
# `.` and `..` would be another path at the simulators
DeviceId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$")]
FileName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,119}$")]


FIRST_YEAR, LAST_YEAR = 2000, 2099  # of the demonstration's clock; calendars know no others


class ClockIn(Body):
    """`POST /lab/api/clock`: one of both."""

    now: AwareDatetime | None = None
    advance_s: float | None = Field(default=None, ge=-366 * 86400, le=366 * 86400)

    @model_validator(mode="after")
    def _one_of_both(self) -> ClockIn:
        if (self.now is None) == (self.advance_s is None):
            raise ValueError("give either now or advance_s")
        return self


async def _lab(request: Request) -> Lab:
    """Return the lab, or refuse whoever is not on this machine."""
    lab = context_of(request).lab
    if lab is None:
        raise NotFound(what="lab")
    host = request.headers.get("host", "")
    name = host.rsplit(":", 1)[0] if host.rpartition(":")[2].isdecimal() else host
    if request.client is None or not _is_loopback(request.client.host):
        raise Denied("forbidden")
    if name.lower() not in LOCAL_NAMES | lab.extra_hosts:
        raise Denied("forbidden")
    if request.method != "GET":
        check_same_origin(request.headers)
    return lab


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


LabDep = Annotated[Lab, Depends(_lab)]
router = APIRouter(prefix="/lab/api", tags=["lab"])


@router.get("/credentials")
async def get_credentials(lab: LabDep) -> JSONResponse:
    """Return this run's tokens and people, so that every role can be tried."""
    return JSONResponse(lab.credentials)


@router.get("/clock")
async def get_clock(lab: LabDep, context: Ctx) -> dict[str, datetime]:
    """Return the hall's time."""
    return {"now": context.clock.now()}


@router.post("/clock")
async def post_clock(lab: LabDep, context: Ctx, wanted: ClockIn) -> dict[str, datetime]:
    """Move the demonstration hall's own clock."""
    _move(context, wanted)
    await lab.on_clock()
    return {"now": context.clock.now()}


def _move(context: Context, wanted: ClockIn) -> None:
    clock: Any = context.clock
    if not hasattr(clock, "move_to"):
        raise QueueError("not-possible", reason="this hall's clock is the machine's")
    try:
        target = wanted.now or context.clock.now() + timedelta(seconds=wanted.advance_s or 0)
        if not FIRST_YEAR <= target.year <= LAST_YEAR:
            raise OverflowError
        if wanted.now is not None:
            clock.move_to(wanted.now)
        else:
            clock.advance(wanted.advance_s)
        clock.now()
    except OverflowError:
        raise QueueError("validation", reason="now") from None


@router.get("/devices")
async def list_devices(lab: LabDep) -> JSONResponse:
    """List every simulated machine, the kiosk's own included."""
    answers = await asyncio.gather(*(_items(base) for base in (lab.sims_url, lab.kiosk_url) if base))
    return JSONResponse({"items": [item for items in answers for item in items], "next": None})


@router.get("/devices/{device_id}")
async def get_device(device_id: DeviceId, lab: LabDep) -> Response:
    """Return one machine's state and its last frames."""
    return await _proxy(lab, "GET", device_id, "")


@router.post("/devices/{device_id}/do")
async def do_device(device_id: DeviceId, lab: LabDep, request: Request) -> Response:
    """Turn a knob; 409 with the reason when the machine cannot do that now."""
    return await _proxy(lab, "POST", device_id, "/do", await request.body())


@router.get("/devices/{device_id}/files/{name}")
async def get_file(device_id: DeviceId, name: FileName, lab: LabDep, request: Request) -> Response:
    """Return a picture or sound that a machine made; 304 when the browser has it."""
    known = request.headers.get("if-none-match", "")
    return await _proxy(lab, "GET", device_id, f"/files/{name}", headers={"If-None-Match": known})


async def _items(base: str) -> list[Any]:
    """Return the devices of one process; none while it is away."""
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            found = await client.get(f"{base}/devices")
            items = found.json().get("items", []) if found.status_code == 200 else []
    except (httpx.HTTPError, json.JSONDecodeError):
        return []
    return items if isinstance(items, list) else []


async def _proxy(
    lab: Lab,
    method: str,
    device_id: str,
    rest: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Response:
    """Ask the simulators, then the kiosk; pass the answer on as it is."""
    sent = {"Content-Type": "application/json"} if body else {}
    sent |= {name: value for name, value in (headers or {}).items() if value}
    away = 0
    bases = [base for base in (lab.sims_url, lab.kiosk_url) if base]
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        for base in bases:
            try:
                found = await client.request(
                    method,
                    f"{base}/devices/{device_id}{rest}",
                    content=body or None,
                    headers=sent,
                )
            except httpx.HTTPError:
                away += 1
                continue
            if found.status_code == 404 and base != bases[-1]:
                continue
            media = found.headers.get("content-type")
            tag = {"ETag": found.headers["etag"]} if "etag" in found.headers else None
            return Response(found.content, found.status_code, tag, media)
    if away:
        raise QueueError("not-possible", reason="the simulators do not answer")
    raise NotFound(what=f"device {device_id}")
