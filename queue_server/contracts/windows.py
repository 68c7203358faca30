"""Windows: who sits there, what they may call, what they do now."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from devices.contracts.window_display import WindowState
from queue_server.contracts.base import Answer, Body, Ident
from queue_server.contracts.tickets import TicketOut


class SkillOut(Answer):
    """A service this window handles; priority 1 is called first."""

    service_id: str
    name: str
    priority: int


class WindowOut(Answer):
    """`id` is the window's number as people say it: `3`."""

    id: str
    name: str
    zone: str
    floor: str
    state: WindowState
    operator: str | None = None
    pause_reason: str = ""
    since_at: AwareDatetime | None = None
    skills: list[SkillOut]
    ticket: TicketOut | None = None
    waiting: int = 0
    served_today: int = 0
    auto_call: bool = False
    accessible: bool = False


class PauseIn(Body):
    """Why the window pauses; staff and supervisor see it, citizens do not.

    Not for names; numbers of six digits or more are hidden.
    """

    reason: str = Field(min_length=1, max_length=80)


class CallIn(Body):
    """`POST /windows/{id}/call`: this very ticket (audited)."""

    ticket_id: Ident


class FinishIn(Body):
    """How the service ended."""

    outcome: str | None = Field(default=None, max_length=40)
    case_no: str | None = Field(default=None, max_length=50)
    rest: Literal["next", "drop"] = "next"
    """With stops still to come: go on to the next one, or end the ticket here and give them up."""


class TransferIn(Body):
    """Where the ticket goes on, keeping its number.  One of service and window."""

    service_id: Ident | None = None
    window_id: Ident | None = None
    position: Literal["front", "back", "keep"] = "keep"
