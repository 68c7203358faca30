"""Leases: number blocks for issuing while the server is away, and what was issued from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from queue_server.contracts.base import Answer, Body, Ident
from queue_server.contracts.tickets import CitizenIn

MAX_ITEMS = 100


class LeaseIn(Body):
    """`POST /leases`.  `size` numbers of each service, at most the hall's own; absent: that."""

    services: Annotated[list[Ident], Field(min_length=1, max_length=200)] | Literal["all"] = "all"
    size: int | None = Field(default=None, ge=1, le=500)
    terminal: str = Field(default="", max_length=64)


class SpanOut(Answer):
    """From (included) until (excluded)."""

    from_at: AwareDatetime
    until_at: AwareDatetime


class PlacesOut(SpanOut):
    """How many tickets the terminal may give out in that time, of a cap that counts in it."""

    slot: str
    places: int


class LeasedServiceOut(Answer):
    """What a terminal needs to give out a service's tickets by itself.

    Numbers are `prefix` and the number with at least `digits` digits, `first` to `last` included.  A ticket
    may be given out within one of `spans` while every one of `places` that counts then has one left.
    """

    service_id: str
    prefix: str
    digits: int = 3
    first: int
    last: int
    spans: list[SpanOut]
    places: list[PlacesOut] = []
    id_required: bool = False
    name: str
    en: str = ""
    zone: str = ""
    zone_en: str = ""
    floor: str = ""
    windows: list[str] = []
    windows_text: str = ""
    windows_text_en: str = ""
    waiting: int = 0
    """How many waited when the lease was given."""
    mean_service_s: int = 600


class LeasedPriorityOut(Answer):
    """A class that the birth date on a card gives a right to: full years from `min_age` on."""

    code: str
    min_age: int


class LeaseOut(Answer):
    """A lease.  From `renew_below` numbers left in a block the terminal should hand in and ask anew."""

    id: str
    day: str
    timezone: str
    made_at: AwareDatetime
    expires_at: AwareDatetime
    renew_below: int
    one_per_person: bool
    """A person may hold one open ticket of a service."""
    hall: str
    hall_en: str
    notice: str
    notice_en: str
    priority_label: str = ""
    priority_label_en: str = ""
    priorities: list[LeasedPriorityOut] = []
    services: list[LeasedServiceOut]


class OfflineTicketIn(Body):
    """One ticket that a terminal gave out.  `key` is its own name for it: the same key is the same ticket."""

    key: str = Field(min_length=1, max_length=128)
    service_id: Ident
    number: str = Field(min_length=1, max_length=16)
    issued_at: AwareDatetime
    citizen: CitizenIn | None = None
    priority: str | None = Field(default=None, max_length=32)
    language: Literal["zh", "en"] = "zh"
    print: Literal["none", "requested", "printed", "failed", "unknown"] = "requested"
    print_reason: str = Field(default="", max_length=40)

    def __repr__(self) -> str:
        """Name no person."""
        return f"OfflineTicketIn(number={self.number!r}, …)"

    __str__ = __repr__


class LeaseSyncIn(Body):
    """`POST /leases/{id}/sync`, items in the order in which they were given out."""

    items: list[OfflineTicketIn] = Field(default=[], max_length=MAX_ITEMS)
    close: bool = False
    """Nothing more comes: what the lease holds of the caps goes back."""


class SyncedOut(Answer):
    """What became of one item.

    `mark`: the code for which the ticket would have been refused online (`blacklisted`, …); it stands all the
    same.  Not accepted: `code` says why; the item must not be sent again.
    """

    key: str
    number: str
    accepted: bool
    ticket_id: str | None = None
    track_url: str = ""
    mark: str = ""
    code: str = ""
    detail: str = ""


class SyncOut(Answer):
    """One answer for each item, in the same order."""

    lease_id: str
    closed: bool
    items: list[SyncedOut]


class SettleIn(Body):
    """`POST /tickets:settle`: the Idempotency-Key of the caller's `POST /tickets` that was never answered."""

    key: str = Field(min_length=1, max_length=128, pattern="^[!-~]+$")


class SettledOut(Answer):
    """What became of it.

    `refused`: nothing had happened and nothing will; a late request with it gets `idempotency-mismatch`.
    `cancelled`: it had made a ticket, which is now cancelled.  `kept`: its ticket is served or over already.
    """

    key: str
    outcome: Literal["refused", "cancelled", "kept"]
    ticket_id: str | None = None
