"""The life of a ticket: one table says what may follow what.

A transfer puts a ticket back to waiting and keeps its number; so does the end of a stop that is not the last
(`queue_server.domain.chain`).  How often a ticket may be recalled and how
long it may be held are limits beside the table (`queue_server.domain.hall.Limits`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from queue_server.domain.errors import NotAllowed


class State(StrEnum):
    """Where a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    PASSED = "passed"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Action(StrEnum):
    """What can be done to a ticket."""

    CALL = "call"
    RECALL = "recall"
    START = "start"
    FINISH = "finish"
    NO_SHOW = "no-show"
    BRING_BACK = "bring-back"
    HOLD = "hold"
    RESUME_HELD = "resume-held"
    TRANSFER = "transfer"
    NEXT_STOP = "next-stop"
    REQUEUE = "requeue"
    CANCEL = "cancel"
    EXPIRE = "expire"


TRANSITIONS: dict[tuple[State, Action], State] = {
    # from            action              to
    (State.WAITING, Action.CALL): State.CALLED,
    (State.WAITING, Action.CANCEL): State.CANCELLED,
    (State.WAITING, Action.EXPIRE): State.EXPIRED,
    (State.CALLED, Action.RECALL): State.CALLED,
    (State.CALLED, Action.START): State.SERVING,
    (State.CALLED, Action.NO_SHOW): State.PASSED,
    (State.CALLED, Action.HOLD): State.HELD,
    (State.CALLED, Action.TRANSFER): State.WAITING,
    (State.CALLED, Action.REQUEUE): State.WAITING,
    (State.CALLED, Action.CANCEL): State.CANCELLED,
    (State.CALLED, Action.EXPIRE): State.EXPIRED,
    (State.SERVING, Action.FINISH): State.DONE,
    (State.SERVING, Action.HOLD): State.HELD,
    (State.SERVING, Action.TRANSFER): State.WAITING,
    (State.SERVING, Action.NEXT_STOP): State.WAITING,
    (State.SERVING, Action.EXPIRE): State.EXPIRED,
    (State.HELD, Action.RESUME_HELD): State.CALLED,
    (State.HELD, Action.REQUEUE): State.WAITING,
    (State.HELD, Action.CANCEL): State.CANCELLED,
    (State.HELD, Action.EXPIRE): State.EXPIRED,
    (State.PASSED, Action.CALL): State.CALLED,
    (State.PASSED, Action.BRING_BACK): State.WAITING,
    (State.PASSED, Action.CANCEL): State.CANCELLED,
    (State.PASSED, Action.EXPIRE): State.EXPIRED,
}
FINAL = frozenset(State) - {state for state, _ in TRANSITIONS}
AT_WINDOW = frozenset({State.CALLED, State.SERVING})
"""A window has at most one ticket in one of these."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket of one business day.

    `place` orders a line: microseconds since 1970 of the moment from which the holder waits, smaller first.
    `reserved_for` is a window that alone may call it.  `person` is a keyed hash, `citizen` a masked name.
    `day` is the business day in the hall's timezone, `2026-11-23`.
    """

    id: str
    number: str
    n: int
    service_id: str
    day: str
    place: int
    issued_at: datetime
    token: str
    state: State = State.WAITING
    window: str | None = None
    reserved_for: str | None = None
    person: str | None = None
    citizen: str = ""
    priority: str | None = None
    channel: str = "kiosk"
    language: str = "zh"
    terminal: str | None = None
    called_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    calls: int = 0
    recalls: int = 0
    print_state: str = "none"
    print_reason: str = ""
    prints: int = 0
    rated: bool = False
    outcome: str | None = None
    case_no: str | None = None
    why: str = ""
    """Why it was called, as `domain.why` keeps it; empty until then."""
    appointment: str | None = None
    """Code of the appointment it was checked in with."""
    due_at: datetime | None = None
    """When that appointment's slot begins."""
    stops: str = ""
    """Services still to come after this one, in order, separated by commas (多窗联办)."""
    lease: str | None = None
    """The lease that a terminal took the number from while the server was away."""
    est_low_s: int | None = None
    est_likely_s: int | None = None
    est_high_s: int | None = None
    """What its holder was told of the wait, to be compared with the truth."""

    @property
    def ahead_key(self) -> tuple[int, int, int]:
        """Order within one service's line: priority first, then the longest wait, then the number."""
        return (0 if self.priority else 1, self.place, self.n)

    def may(self, action: Action) -> bool:
        """Say whether the table has `action` for the present state."""
        return (self.state, action) in TRANSITIONS

    def after(self, action: Action, **changes: object) -> Ticket:
        """Return the ticket as it is after `action`, with `changes`.  Raises NotAllowed."""
        to = TRANSITIONS.get((self.state, action))
        if to is None:
            raise NotAllowed(state=self.state.value, action=action.value, number=self.number)
        return replace(self, state=to, **changes)  # type: ignore[arg-type]
