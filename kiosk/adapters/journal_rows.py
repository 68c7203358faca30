"""What the journal hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kiosk.adapters.journal_seal import Seal
from kiosk.flows.intake_words import Citizen
from queue_server.contracts.leases import LeaseOut


@dataclass(frozen=True, slots=True)
class Kept:
    """One ticket that this terminal gave out.  `key` is its request id; `print` as in OfflineTicketIn.

    `state`: `issued`, `handed-in` (then `ticket_id` is the server's), `void` (nobody saw it), `refused`.
    """

    key: str
    lease_id: str
    service_id: str
    n: int
    number: str
    issued_at: datetime
    language: str = "zh"
    priority: str | None = None
    citizen: Citizen | None = field(default=None, repr=False)
    state: str = "issued"
    ticket_id: str | None = None
    print: str = "requested"
    print_reason: str = ""
    print_job: int = 0


@dataclass(frozen=True, slots=True)
class KeptLease:
    """A lease; from one that is `closing` nothing is given out any more."""

    lease: LeaseOut
    closing: bool


@dataclass(frozen=True, slots=True)
class Order:
    """An online order without an answer; `abandoned`: nobody waits for it."""

    key: str
    at: datetime
    abandoned: bool


def kept_of(row: tuple[Any, ...], seal: Seal) -> Kept:
    """Return the ticket of a row."""
    key, lease_id, service_id, n, number, issued_at, language, priority, sealed, *rest = row
    citizen = None if sealed is None else seal.open(sealed)
    at = datetime.fromisoformat(issued_at)
    return Kept(key, lease_id, service_id, n, number, at, language, priority, citizen, *rest)
