"""A lease as its terminal learns of it: everything that a ticket needs without the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from queue_server.application import slip
from queue_server.application.ports import Tx
from queue_server.contracts.leases import LeasedPriorityOut, LeasedServiceOut, LeaseOut, PlacesOut, SpanOut
from queue_server.domain.lease import Lease

DIGITS = 3
"""As `domain.numbering` writes numbers."""


def lease_out(
    tx: Tx,
    lease: Lease,
    spans: Mapping[str, Sequence[tuple[datetime, datetime]]],
    places: Mapping[str, list[PlacesOut]],
) -> LeaseOut:
    """Return the answer to `POST /leases`."""
    hall = tx.hall
    return LeaseOut(
        id=lease.id,
        day=lease.day,
        timezone=hall.timezone.key,
        made_at=lease.made_at,
        expires_at=lease.expires_at,
        renew_below=hall.leases.renew_below,
        one_per_person=hall.limits.max_open_per_service_per_person == 1,
        hall=hall.name,
        hall_en=hall.en,
        notice=slip.NOTICE,
        notice_en=slip.NOTICE_EN,
        priority_label=slip.PRIORITY[0],
        priority_label_en=slip.PRIORITY[1],
        priorities=[
            LeasedPriorityOut(code=one.code, min_age=one.min_age)
            for one in hall.policy.classes.values()
            if one.min_age is not None
        ],
        services=[
            leased_service(tx, lease, service_id, spans[service_id], places[service_id])
            for service_id in lease.blocks
        ],
    )


def leased_service(
    tx: Tx,
    lease: Lease,
    service_id: str,
    spans: Sequence[tuple[datetime, datetime]],
    places: list[PlacesOut],
) -> LeasedServiceOut:
    """Return one service of a lease."""
    service = tx.hall.service(service_id)
    zone, block = tx.hall.zones[service.zone], lease.blocks[service_id]
    windows = tx.hall.windows_of[service_id]
    return LeasedServiceOut(
        service_id=service_id,
        prefix=service.prefix,
        digits=DIGITS,
        first=block.first,
        last=block.last,
        spans=[SpanOut(from_at=start, until_at=end) for start, end in spans],
        places=places,
        id_required=service.id_required,
        name=service.name,
        en=service.en,
        zone=zone.name,
        zone_en=zone.en,
        floor=zone.floor,
        windows=[window.id for window in windows],
        windows_text=slip.windows_phrase(windows),
        windows_text_en=slip.windows_phrase(windows, in_english=True),
        waiting=tx.waiting(service_id),
        mean_service_s=service.mean_service_s,
    )
