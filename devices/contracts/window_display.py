"""What hangs above and lies on a window: bar, pad, evaluator.  One retained message says it all."""

from __future__ import annotations

from enum import StrEnum

from devices.contracts.base import Message


class WindowState(StrEnum):
    """What a window is doing, as the hall sees it."""

    CLOSED = "closed"
    """Nobody is signed in."""
    FREE = "free"
    CALLING = "calling"
    SERVING = "serving"
    PAUSED = "paused"


class WindowDisplay(Message):
    """Retained on `window/{n}/display`: the truth about window `window` as of event `seq`.

    `text` is what the bar shows (GB2312 wherever the hall's names allow); `number` is the ticket at the
    window or empty; `waiting` counts who waits for it; `ask_rating` wakes the evaluator; `calls` counts
    calls of this ticket, so a repeated call flashes again.
    """

    window: str
    state: WindowState
    text: str
    number: str = ""
    waiting: int = 0
    ask_rating: bool = False
    calls: int = 0
    seq: int = 0
