"""What is passed between flow and world: a person's card, a number, what is known of its paper."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Errand(StrEnum):
    """What somebody came to the kiosk for."""

    TICKET = "ticket"
    CHECK_IN = "check-in"
    PLACE = "place"


class Paper(StrEnum):
    """What is known of the paper ticket."""

    PRINTING = "printing"
    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who stands there, as read from the card.  Never kept in a state; names nobody in a traceback."""

    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    birth: date | None = field(default=None, repr=False)
    masked_name: str = field(default="", repr=False)
    """How the screen may greet: 张*.  The gateway that read the card knows the rule."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A service that comes later on the same number."""

    name: str
    en: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A number as the screen shows it.  `slip` is for the printer and opaque to the flow."""

    id: str
    number: str
    service: str = ""
    zone: str = ""
    windows: tuple[str, ...] = ()
    floor: str = ""
    ahead: int = 0
    """Below zero: nobody knows."""
    wait_low_s: int | None = None
    wait_high_s: int | None = None
    slip: object = field(default=None, repr=False)
    service_id: str = ""
    stops: tuple[Stop, ...] = ()
    """Services still to come, in order."""
    booked: bool = False
    """An appointment's: whoever checks in again gets it again, so it is never given back."""
    state: str = "waiting"
    """`waiting, called, serving, held, passed`, of one that was looked up also `done, cancelled, expired`."""
    window: str = ""
    """Where it was called to; empty while it waits."""
    service_en: str = ""
    looked_up: bool = False
    """Found by the code on its paper, which is all that is known of its holder: it is not printed again."""
