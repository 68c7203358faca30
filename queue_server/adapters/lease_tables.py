"""What the reference store keeps of leases, and the mark of a settled key in every store."""

from __future__ import annotations

from dataclasses import dataclass, field

from queue_server.domain.lease import Handed, Lease

SETTLED = "settled"
"""Stands where a request's digest stands, which is 64 hexadecimal letters: no request matches it."""


@dataclass
class LeaseTables:
    """Leases by id, and what was handed in by (lease, service, n)."""

    leases: dict[str, Lease] = field(default_factory=dict)
    handed: dict[tuple[str, str, int], Handed] = field(default_factory=dict)

    def __copy__(self) -> LeaseTables:
        """Return a copy; the values themselves never change."""
        return LeaseTables(dict(self.leases), dict(self.handed))
