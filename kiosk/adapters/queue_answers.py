"""The queue server's answers as the kiosk's own words, and the other way round."""

from __future__ import annotations

from kiosk.flows.hall import Department, Hall, Package, Service
from kiosk.flows.intake_words import Citizen, Stop, Ticket
from queue_server.contracts.board import HallOut
from queue_server.contracts.services import ServiceOut
from queue_server.contracts.tickets import CitizenIn, IssuedTicketOut, MyTicketOut, PackageOut, TrackOut


def ticket_of(issued: IssuedTicketOut) -> Ticket:
    """Return an issued ticket as the screen shows it."""
    return Ticket(
        id=issued.id,
        number=issued.number,
        service=issued.service,
        zone=issued.zone,
        windows=tuple(issued.windows),
        floor=issued.slip.floor,
        ahead=issued.ahead,
        wait_low_s=issued.estimate.low_s,
        wait_high_s=issued.estimate.high_s,
        slip=issued.slip,
        service_id=issued.service_id,
        stops=tuple(Stop(one.name, one.en) for one in issued.stops),
        booked=issued.booked,
        state=issued.state.value if isinstance(issued, MyTicketOut) else "waiting",
        window=(issued.window or "") if isinstance(issued, MyTicketOut) else "",
    )


def ticket_of_track(told: TrackOut) -> Ticket:
    """Return a ticket that was found by the code on its paper; nobody learns whose it is."""
    return Ticket(
        id="",
        number=told.number,
        service=told.service,
        service_en=told.service_en,
        ahead=told.ahead,
        wait_low_s=told.estimate.low_s,
        wait_high_s=told.estimate.high_s,
        stops=tuple(Stop(one.name, one.en) for one in told.stops),
        state=told.state.value,
        window=told.window or "",
        looked_up=True,
    )


def citizen_in(citizen: Citizen) -> CitizenIn:
    """Return a person as the server takes them."""
    return CitizenIn.model_validate(
        {
            "name": citizen.name,
            "id_type": citizen.id_type,
            "id_number": citizen.id_number,
            "birth": citizen.birth,
        }
    )


def hall_of(about: HallOut, offered: list[ServiceOut], packages: list[PackageOut]) -> Hall:
    """Return all that is on offer; departments stand in the order of their first service."""
    departments: dict[str, Department] = {}
    for service in offered:
        for d in service.departments:
            departments.setdefault(d.code, Department(d.code, d.name, d.short or d.name, d.en, d.icon))
    return Hall(
        name=about.name,
        en=about.en,
        slogan=about.slogan,
        demo=about.demo,
        notice=about.notice,
        departments=tuple(departments.values()),
        services=tuple(_service(s) for s in offered),
        packages=tuple(
            Package(one.id, one.name, one.en, tuple(stop.service_id for stop in one.services))
            for one in packages
        ),
    )


def _service(s: ServiceOut) -> Service:
    return Service(
        id=s.id,
        name=s.name,
        en=s.en,
        departments=tuple(d.code for d in s.departments),
        zone=s.zone_name,
        zone_en=s.zone_en,
        floor=s.floor,
        windows=tuple(s.windows),
        open=s.open,
        closed_reason=s.closed_reason,
        closed_reason_en=s.closed_reason_en,
        id_required=s.id_required,
        waiting=s.waiting,
        wait_low_s=s.wait_low_s,
        wait_high_s=s.wait_high_s,
        matters=tuple(s.matters),
        matters_of={code: tuple(names) for code, names in s.matters_of.items()},
    )
