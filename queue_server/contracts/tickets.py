"""Issuing a ticket and its life as others see it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from devices.contracts.printer import TicketSlip
from queue_server.contracts.base import Answer, Body, Ident


class Channel(StrEnum):
    """Through what a ticket was asked for."""

    KIOSK = "kiosk"
    CONSOLE = "console"
    PHONE = "phone"
    API = "api"


class CitizenIn(Body):
    """Who takes the ticket.  The server keeps a keyed hash of the number and a masked name only."""

    name: str = Field(default="", max_length=120)
    id_type: Literal["resident", "hmt", "foreigner", "social-security", "passport", "other"] = "resident"
    id_number: str = Field(min_length=1, max_length=64)
    birth: date | None = None

    def __repr__(self) -> str:
        """Name no person."""
        return f"CitizenIn(id_type={self.id_type!r}, …)"

    __str__ = __repr__


class OfflineIn(Body):
    """A number that a terminal gave out by itself, from its lease."""

    lease_id: Ident
    number: str = Field(min_length=1, max_length=16)


class TicketIn(Body):
    """`POST /tickets`.  Either `service_id`, with further `stops` in order, or a `package` of the hall."""

    service_id: Ident = ""
    stops: list[Ident] = Field(default=[], max_length=20)
    package: Ident | None = None
    channel: Channel
    citizen: CitizenIn | None = None
    priority: str | None = Field(default=None, max_length=32)
    priority_reason: str = Field(default="", max_length=80)
    """What a clerk saw that gives the right to `priority`; kept in the event, shown to nobody outside."""
    appointment: str | None = Field(default=None, max_length=64)
    use_appointment: bool = False
    """The citizen's appointment for this service, if due now, is checked in instead of queueing anew."""
    language: Literal["zh", "en"] = "zh"
    issued_at: AwareDatetime | None = None
    terminal: str | None = Field(default=None, max_length=64)
    """Id of the terminal; its printer gets reprints."""
    offline: OfflineIn | None = None
    """Hands in one ticket of a lease, issued at `issued_at`; only a terminal that holds the lease may."""

    @model_validator(mode="after")
    def _names_a_service(self) -> TicketIn:
        """Refuse a body that names neither a service nor a package."""
        if self.package is None and not self.service_id:
            missing: InitErrorDetails = {"type": "missing", "loc": ("service_id",), "input": {}}
            raise ValidationError.from_exception_data("TicketIn", [missing])
        return self


class EstimateOut(Answer):
    """How long it may take, as a range in seconds; None where nothing can be said yet."""

    low_s: int | None
    likely_s: int | None
    high_s: int | None


class IssuedTicketOut(Answer):
    """The answer to `POST /tickets`: all that the paper and the screen need."""

    id: str
    number: str
    service_id: str
    service: str
    zone: str
    windows: list[str]
    ahead: int
    estimate: EstimateOut
    issued_at: AwareDatetime
    track_url: str
    ticket_text: str
    """The slip as plain lines, in the ticket's language like the slip itself."""
    slip: TicketSlip
    service_en: str = ""
    zone_en: str = ""
    stops: list[StopOut] = []
    booked: bool = False
    """It is an appointment's: whoever checks in again gets it again."""


class TicketState(StrEnum):
    """States of architecture section 13."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    PASSED = "passed"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class PrintState(StrEnum):
    """What is known of the paper."""

    NONE = "none"
    """No paper was asked for."""
    REQUESTED = "requested"
    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    VOID = "void"
    """No paper came, and none will: given up."""


class MyTicketsIn(Body):
    """`POST /tickets:mine`: whose card is on the reader."""

    citizen: CitizenIn


class MyTicketOut(IssuedTicketOut):
    """An open ticket of whoever asks, as it is now.  `slip` is marked 补打; it may be printed once more."""

    state: TicketState
    window: str | None = None
    """Where it was called to."""


class WhyOut(Answer):
    """Why a ticket was called when it was: a stable code (domain/why.py) and the sentence for the clerk."""

    code: str
    zh: str
    en: str


class StopOut(Answer):
    """A service still to come after the present one, on the same number (多窗联办)."""

    service_id: str
    name: str
    en: str
    zone: str = ""


class PackageOut(Answer):
    """A chain of services with a name; `POST /tickets {package}` takes its ticket."""

    id: str
    name: str
    en: str
    services: list[StopOut]


class TicketOut(Answer):
    """A ticket as staff see it.  `citizen` is a masked name such as `张*`."""

    id: str
    number: str
    state: TicketState
    service_id: str
    service: str
    zone: str
    citizen: str = ""
    priority: str | None = None
    channel: Channel
    language: str = "zh"
    issued_at: AwareDatetime
    called_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    window: str | None = None
    calls: int = 0
    print_state: PrintState = PrintState.NONE
    print_reason: str = ""
    prints: int = 0
    rated: bool = False
    why: WhyOut | None = None
    """Why it was called; None before the first call."""
    stops: list[StopOut] = []
    """Services still to come, in order; finishing sends the ticket on to the first of them."""
    accessible: bool = False
    """Its holder should be called to an accessible window."""
    appointment: bool = False
    """It was booked (网上预约)."""
    due_at: AwareDatetime | None = None
    """When the slot of its appointment begins."""
    offline: bool = False
    """A terminal gave it out by itself while the server was away."""
    mark: str = ""
    """Of an offline ticket: the code by which it would have been refused online; empty when it would not."""


class PrintResultIn(Body):
    """`POST /tickets/{id}/print-result`: what the kiosk's printer said (see devices.contracts.printer)."""

    outcome: Literal["printed", "failed", "unknown"]
    proof: Literal["process-id", "buffer-drained", "none"] = "none"
    reason: str = Field(default="", max_length=40)


class TrackOut(Answer):
    """What the holder of a ticket's opaque token may see."""

    number: str
    state: TicketState
    service: str
    service_en: str
    zone: str
    window: str | None
    ahead: int
    estimate: EstimateOut
    issued_at: AwareDatetime
    may_rate: bool
    stops: list[StopOut] = []
    """Services still to come after this one."""
