"""Events and effects beside the plain ticket: appointments, one's own place in the line, packages."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.flows.intake_data import Citizen, Errand, Ticket

CODE_LETTERS = 8
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Of the code of an appointment (docs/appointments.md): no 0 O, 1 I L.  A test holds it to the server's."""


# -- events: what a finger does ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErrandChosen:
    """A visit starts that is not for a new number: an appointment, or one's own place in the line."""

    request_id: str
    errand: Errand


@dataclass(frozen=True, slots=True)
class PackagesOpened:
    """Show the packages (多窗联办)."""


@dataclass(frozen=True, slots=True)
class PackageChosen:
    """A visit starts: one number for all services of a package."""

    request_id: str
    package_id: str


@dataclass(frozen=True, slots=True)
class CodeWanted:
    """Type the code of the appointment instead of laying a card."""

    request_id: str


@dataclass(frozen=True, slots=True)
class LetterTyped:
    """One letter of the code."""

    request_id: str
    letter: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LetterErased:
    """Take the last letter back."""

    request_id: str


@dataclass(frozen=True, slots=True)
class CodeEntered:
    """The code is complete; check in."""

    request_id: str


@dataclass(frozen=True, slots=True)
class OrdinaryWanted:
    """Never mind the appointment: choose a department and take an ordinary number."""

    request_id: str


@dataclass(frozen=True, slots=True)
class ReprintWanted:
    """Print the ticket that is shown, or held already, once more."""

    request_id: str


# -- events: what the world says ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlacesTold:
    """Reply to FindPlaces: whoever laid the card holds these, the newest first.  To FindTicket: that one."""

    request_id: str
    tickets: tuple[Ticket, ...]


# -- effects -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OrderCheckIn:
    """Check in by card, or by code when `citizen` is None.  `attempt` tells tries of a visit apart."""

    request_id: str
    attempt: int
    citizen: Citizen | None
    code: str = field(repr=False)
    language: str


@dataclass(frozen=True, slots=True)
class FindPlaces:
    """Ask which numbers this person holds; their data live in this effect only."""

    request_id: str
    citizen: Citizen
