"""What the four DLE EOT answers mean together (protocols, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.health import Paper

OFFLINE = 0x08  # n = 1
COVER_OPEN, PAPER_STOP, ERROR = 0x04, 0x20, 0x40  # n = 2
RECOVERABLE, CUTTER, UNRECOVERABLE, AUTO_RECOVERABLE = 0x04, 0x08, 0x20, 0x40  # n = 3
NEAR_END, PAPER_OUT = 0x0C, 0x60  # n = 4


@dataclass(frozen=True, slots=True)
class Condition:
    """`reason` is a PrintResult reason, empty when the printer can print."""

    paper: Paper
    reason: str = ""


def judge(printer: int, cause: int, error: int, paper: int) -> Condition:
    """Return what the answers to DLE EOT 1, 2, 3, 4 say.

    The cover comes first: a printer with its cover open may well see no paper.
    """
    if paper & PAPER_OUT or cause & PAPER_STOP:
        state = Paper.OUT
    elif error & CUTTER:
        state = Paper.JAMMED
    else:
        state = Paper.LOW if paper & NEAR_END else Paper.FULL
    if cause & COVER_OPEN:
        return Condition(state, "cover-open")
    if state is Paper.OUT:
        return Condition(state, "paper-out")
    if error & CUTTER:
        return Condition(state, "cutter")
    if error & (UNRECOVERABLE | RECOVERABLE | AUTO_RECOVERABLE) or cause & ERROR:
        return Condition(state, "printer-fault")
    return Condition(state, "offline" if printer & OFFLINE else "")
