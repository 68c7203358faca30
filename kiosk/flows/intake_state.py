"""What the ticket kiosk knows, and what follows from that alone.

Times are seconds of any steady clock.  `next_wake_s` says when the next Tick is due, so nobody polls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.flows.hall import Hall
from kiosk.flows.intake_data import Errand, Paper, Ticket

IDLE_S = 60.0  # domain.md 2.5 and 6.1: visible countdown, doubled in elder mode
WARN_S = 15.0
PRINTED_S = 20.0  # how long a number stays when its paper came out
NOTICE_S = 12.0  # how long it is told that a code was not understood
UNPRINTED_S = 60.0  # … and when it did not: it must be written down
ELDER_FACTOR = 2.0
SCAN_UNKNOWN = "scan-unknown"  # not a code of this hall
SCAN_OFFLINE = "scan-offline"  # one that only the server knows, and it is away
REMEMBERED = 8  # ticket ids already shown, so that a doubled reply cannot cancel a good ticket


class Step(StrEnum):
    """Where the visit stands."""

    OUT_OF_ORDER = "out-of-order"
    DEPARTMENT = "choose-department"
    SERVICE = "choose-service"
    PACKAGE = "choose-package"
    CARD = "card"
    CODE = "code"
    ISSUING = "issuing"
    TICKET = "ticket"
    PLACE = "place"
    SORRY = "sorry"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no number.  Empty sentences: the kiosk says its own for `code`."""

    code: str
    title: str = ""
    detail: str = ""
    moment: str = ""
    held: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Terminal:
    """What outlives a visit."""

    hall: Hall | None = None
    server_up: bool = False
    default_language: str = "zh"
    portrait: bool = True
    printer: str = ""
    reader: str = ""
    scanner: str | None = None
    """None: there is none, or it was not heard of yet."""
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intake:
    """The whole state.  Everything but `terminal` and `now_s` belongs to one citizen."""

    terminal: Terminal = Terminal()
    now_s: float = 0.0
    step: Step = Step.OUT_OF_ORDER
    language: str = "zh"
    elder: bool = False
    page: int = 0
    department: str = ""
    request_id: str = ""
    service_id: str = ""
    attempt: int = 0
    card_note: str = ""
    """Empty, `place-again`, `reader-fault` or `id-required`."""
    card_used: bool = False
    errand: Errand = Errand.TICKET
    package_id: str = ""
    code: str = field(default="", repr=False)
    """What was typed so far of an appointment's code."""
    places: tuple[Ticket, ...] = ()
    """The numbers that whoever laid the card holds; `page` says which is shown."""
    reprint: bool = False
    """`ticket` was issued before and is only printed again."""
    masked_name: str = field(default="", repr=False)
    ticket: Ticket | None = None
    paper: Paper = Paper.PRINTING
    paper_reason: str = ""
    job: int = 0
    refusal: Refusal | None = None
    deadline_s: float | None = None


def start(language: str = "zh", *, portrait: bool = True) -> Intake:
    """Return the state of a kiosk that was just switched on and has not heard from the server."""
    return Intake(Terminal(default_language=language, portrait=portrait), language=language)


def remaining_s(state: Intake) -> int | None:
    """Whole seconds until home, or None when nothing ends by itself."""
    return None if state.deadline_s is None else max(0, math.ceil(state.deadline_s - state.now_s))


def is_scan_notice(state: Intake) -> bool:
    """Say whether all that is shown is that a code could not be used: it is nobody's visit."""
    code = state.refusal.code if state.refusal else ""
    return state.step is Step.SORRY and code in (SCAN_UNKNOWN, SCAN_OFFLINE)


def is_warning(state: Intake) -> bool:
    """Say whether the citizen must be asked to go on or lose what they entered."""
    left = remaining_s(state)
    ends_badly = state.step in (Step.DEPARTMENT, Step.SERVICE, Step.PACKAGE, Step.CARD, Step.CODE)
    return left is not None and left <= WARN_S and ends_badly and in_use(state)


def next_wake_s(state: Intake) -> float | None:
    """When the next Tick is due: at the next whole second of a countdown, or never."""
    left = remaining_s(state)
    if state.deadline_s is None or left is None:
        return None
    return max(state.deadline_s - left + 1.0, state.now_s + 0.001) if left else state.now_s + 0.001


def in_use(state: Intake) -> bool:
    """Say whether there is anything a countdown would take away."""
    idle = state.step in (Step.DEPARTMENT, Step.OUT_OF_ORDER)
    plain = not state.elder and not state.page and state.language == state.terminal.default_language
    return not (idle and plain)
