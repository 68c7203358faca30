"""好差评: one voluntary evaluation for each ticket that was served (domain dossier, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from queue_server.domain.errors import QueueError, Refused
from queue_server.domain.ticket import State, Ticket

LEVELS = ("very-dissatisfied", "dissatisfied", "fair", "satisfied", "very-satisfied")
"""Index + 1 is the national interface's digit: 1 非常不满意 … 5 非常满意."""
OPTION_RANGES = {5: (510, 517), 4: (406, 413), 3: (307, 314), 2: (207, 214), 1: (108, 115)}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was said about one service."""

    id: str
    ticket_id: str
    window: str | None
    level: str
    options: tuple[str, ...]
    text: str
    channel: str
    at: datetime


def level_name(level: str | int) -> str:
    """Return the name of a level given as name or national digit.  Raises QueueError `validation`."""
    if isinstance(level, int) and 1 <= level <= len(LEVELS):
        return LEVELS[level - 1]
    if level in LEVELS:
        return str(level)
    raise QueueError("validation", reason="level")


def check_options(level: str, options: tuple[str, ...]) -> None:
    """Refuse an option that does not belong to its level.  Raises QueueError `validation`."""
    low, high = OPTION_RANGES[LEVELS.index(level) + 1]
    for option in options:
        if not option.isascii() or not option.isdigit() or not low <= int(option) <= high:
            raise QueueError("validation", reason=f"options: {option[:8]}")


def may_rate(ticket: Ticket) -> bool:
    """Served, and not rated yet."""
    return ticket.state is State.DONE and not ticket.rated


def require_ratable(ticket: Ticket) -> None:
    """Raise Refused: `already-rated`, or `not-allowed` while the service goes on."""
    if ticket.rated:
        raise Refused("already-rated")
    if not may_rate(ticket):
        raise Refused("not-allowed", state=ticket.state.value, action="rate", number=ticket.number)
