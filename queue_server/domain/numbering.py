"""Ticket numbers: the service's prefix and a counter of the business day, at least three digits."""

from __future__ import annotations

from queue_server.domain.hall import Service


def number_of(service: Service, n: int) -> str:
    """Return `A001` … `A999`, `A1000`: a busy day runs past three digits rather than repeat a number."""
    return f"{service.prefix}{n:03d}"
