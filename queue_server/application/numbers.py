"""The numbers of a service and day: one by one for those who ask, in blocks for terminals' leases.

Leases begin at the hall's `leased_from`, so that the first citizen of the day gets the first number; online
numbers that come so far go on behind the leased ones, and from then on both come from one counter.
"""

from __future__ import annotations

from queue_server.application.ports import Tx
from queue_server.domain.hall import Service


def next_number(tx: Tx, service: Service) -> int:
    """Take the next number of the business day."""
    n = tx.next_number(service.id, service.start)
    if n != tx.hall.leases.leased_from:
        return n
    beyond = tx.take_block(_leased(service), n, 1)
    tx.take_block(service.id, service.start, beyond - n)
    return beyond


def take_leased(tx: Tx, service: Service, count: int) -> int:
    """Take `count` consecutive numbers for a terminal; return the first."""
    leased_from = tx.hall.leases.leased_from
    is_reached = tx.take_block(service.id, service.start, 0) > leased_from
    if not leased_from or is_reached:
        return tx.take_block(service.id, service.start, count)
    return tx.take_block(_leased(service), leased_from, count)


def _leased(service: Service) -> str:
    """Return the name of the counter of leased numbers; no service has a blank in its id."""
    return f"{service.id} leased"
