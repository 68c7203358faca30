"""`GET /packages`: chains of services with a name (多窗联办), as the hall's file has them."""

from __future__ import annotations

from fastapi import APIRouter

from queue_server.contracts.base import Listing
from queue_server.contracts.tickets import PackageOut, StopOut
from queue_server.http.deps import Ctx

router = APIRouter(tags=["public"])


@router.get("/packages")
async def list_packages(context: Ctx) -> Listing[PackageOut]:
    """List the packages in the hall's order; `POST /tickets {package}` takes one number for all its stops."""
    hall = context.hall
    found = []
    for one in hall.packages.values():
        services = [hall.services[service_id] for service_id in one.services]
        stops = [StopOut(service_id=at.id, name=at.name, en=at.en, zone=at.zone) for at in services]
        found.append(PackageOut(id=one.id, name=one.name, en=one.en, services=stops))
    return Listing[PackageOut](items=found)
