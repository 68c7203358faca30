"""What can happen to the ticket kiosk (events) and what it can want done (effects).

A visit is one citizen's way from choosing a service to going home.  Its `request_id` is born with the
choice, is the idempotency key of the ticket, and stands in every reply, so that a reply that comes late
is never taken for the next citizen's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flows.errand_words import CodeEntered as CodeEntered
from kiosk.flows.errand_words import CodeWanted as CodeWanted
from kiosk.flows.errand_words import ErrandChosen as ErrandChosen
from kiosk.flows.errand_words import FindPlaces as FindPlaces
from kiosk.flows.errand_words import LetterErased as LetterErased
from kiosk.flows.errand_words import LetterTyped as LetterTyped
from kiosk.flows.errand_words import OrderCheckIn as OrderCheckIn
from kiosk.flows.errand_words import OrdinaryWanted as OrdinaryWanted
from kiosk.flows.errand_words import PackageChosen as PackageChosen
from kiosk.flows.errand_words import PackagesOpened as PackagesOpened
from kiosk.flows.errand_words import PlacesTold as PlacesTold
from kiosk.flows.errand_words import ReprintWanted as ReprintWanted
from kiosk.flows.hall import Hall
from kiosk.flows.intake_data import Citizen as Citizen
from kiosk.flows.intake_data import Errand as Errand
from kiosk.flows.intake_data import Paper as Paper
from kiosk.flows.intake_data import Stop as Stop
from kiosk.flows.intake_data import Ticket as Ticket
from kiosk.flows.scan_words import CodeScanned as CodeScanned
from kiosk.flows.scan_words import FindTicket as FindTicket

# -- events: what a finger does ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DepartmentChosen:
    """`request_id` is used when the department has one service only, so that a visit starts at once."""

    request_id: str
    code: str


@dataclass(frozen=True, slots=True)
class ServiceChosen:
    """A visit starts."""

    request_id: str
    service_id: str


@dataclass(frozen=True, slots=True)
class WithoutCard:
    """The citizen has no card at hand."""

    request_id: str


@dataclass(frozen=True, slots=True)
class TryCardAgain:
    """Read once more after a fault of the reader."""

    request_id: str


@dataclass(frozen=True, slots=True)
class PrintAgain:
    """The paper did not come; try once more."""

    request_id: str


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """`zh` or `en`; until the visit ends."""

    language: str


@dataclass(frozen=True, slots=True)
class ElderToggled:
    """Large text, more time; until the visit ends."""


@dataclass(frozen=True, slots=True)
class PageTurned:
    """Show another page of tiles, counted from 0."""

    page: int


@dataclass(frozen=True, slots=True)
class WentBack:
    """One step back."""


@dataclass(frozen=True, slots=True)
class WentHome:
    """The citizen is done, or gives up."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Somebody is there: the idle time starts anew (also the "continue" key)."""


# -- events: what the world says ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """The time now, in seconds of any steady clock.  Comes before every other event."""

    now_s: float


@dataclass(frozen=True, slots=True)
class ShapeChanged:
    """The window is higher than wide, or not."""

    portrait: bool


@dataclass(frozen=True, slots=True)
class HallLoaded:
    """The queue server is there and offers this."""

    hall: Hall


@dataclass(frozen=True, slots=True)
class ServerLost:
    """The queue server does not answer."""


@dataclass(frozen=True, slots=True)
class MachineChanged:
    """Health of a machine: `reader`, `printer` or `scanner`; `reason` is a stable code, empty: it works."""

    machine: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CardSeen:
    """Reply to ReadCard."""

    request_id: str
    citizen: Citizen


@dataclass(frozen=True, slots=True)
class CardFailed:
    """Reply to ReadCard: `timeout, read-failed, stopped, reader-fault`."""

    request_id: str
    error: str


@dataclass(frozen=True, slots=True)
class TicketIssued:
    """Reply to IssueTicket or OrderCheckIn, perhaps after its visit is over."""

    request_id: str
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class IssueRefused:
    """Reply to IssueTicket, OrderCheckIn, FindPlaces or FindTicket: the server answered no, in its sentences.

    `moment` is the hall's time from which an early appointment may check in, as 09:30; empty when not today.
    `held` is the ticket that whoever asked has already, ready to be printed once more.
    """

    request_id: str
    code: str
    title: str
    detail: str = ""
    moment: str = ""
    held: Ticket | None = None


@dataclass(frozen=True, slots=True)
class IssueFailed:
    """Reply to IssueTicket, OrderCheckIn, FindPlaces or FindTicket: no answer in time.

    A ticket may exist; TicketIssued may still follow.
    """

    request_id: str


@dataclass(frozen=True, slots=True)
class PrintDone:
    """Reply to PrintTicket.  Reasons as in devices.contracts.printer."""

    request_id: str
    ticket_id: str
    job: int
    outcome: Paper
    proof: str = "none"
    reason: str = ""


Event = (
    DepartmentChosen
    | ServiceChosen
    | WithoutCard
    | TryCardAgain
    | PrintAgain
    | LanguageChosen
    | ElderToggled
    | PageTurned
    | WentBack
    | WentHome
    | Touched
    | Tick
    | ShapeChanged
    | HallLoaded
    | ServerLost
    | MachineChanged
    | CardSeen
    | CardFailed
    | TicketIssued
    | IssueRefused
    | IssueFailed
    | PrintDone
    | ErrandChosen
    | PackagesOpened
    | PackageChosen
    | CodeWanted
    | LetterTyped
    | LetterErased
    | CodeEntered
    | OrdinaryWanted
    | ReprintWanted
    | PlacesTold
    | CodeScanned
)


# -- effects -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadCard:
    """Wait for a card.  `attempt` counts from 1 within a visit."""

    request_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class StopReading:
    """Nobody waits for the card any more."""

    request_id: str


@dataclass(frozen=True, slots=True)
class IssueTicket:
    """Ask for a number; the citizen's data live in this effect only.  `package`: for all its services."""

    request_id: str
    service_id: str
    citizen: Citizen | None
    language: str
    package: str = ""


@dataclass(frozen=True, slots=True)
class CancelTicket:
    """Give a number back: its citizen has gone.  Must get through in the end."""

    request_id: str
    ticket_id: str


@dataclass(frozen=True, slots=True)
class PrintTicket:
    """Print; `job` counts from 1 within a visit."""

    request_id: str
    ticket: Ticket
    job: int
    masked_name: str = field(default="", repr=False)
    large: bool = False


@dataclass(frozen=True, slots=True)
class ReportPrint:
    """Tell the server, and by it the staff, what became of the paper."""

    request_id: str
    ticket_id: str
    job: int
    outcome: Paper
    proof: str
    reason: str


Effect = (
    ReadCard
    | StopReading
    | IssueTicket
    | CancelTicket
    | PrintTicket
    | ReportPrint
    | OrderCheckIn
    | FindPlaces
    | FindTicket
)
