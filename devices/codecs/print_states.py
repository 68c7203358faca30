"""What a print system says of a queue and a job, in our words (RFC 8011, sections 5.3.7 and 5.4.11-12).

A reason ends in `-error` (printing has stopped), `-warning` (it may stop soon) or `-report`; without an end
it counts as an error.  Some printers say `media-empty-warning` while another tray still has paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from devices.contracts.health import Paper


class QueueState(IntEnum):
    """IPP `printer-state`."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    """IPP `job-state`."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELLED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def is_final(self) -> bool:
        """Say whether nothing will happen to the job any more."""
        return self >= JobState.CANCELLED


# What stops a printer, the most telling first: word of IPP or of CUPS -> our reason.
_STOPS = {
    "cover-open": "cover-open",
    "door-open": "cover-open",
    "interlock-open": "cover-open",
    "media-jam": "paper-jam",
    "media-empty": "paper-out",
    "media-needed": "paper-out",
    "input-tray-missing": "paper-out",
    "toner-empty": "toner-empty",
    "marker-supply-empty": "toner-empty",
    "marker-waste-full": "toner-empty",
    "output-area-full": "output-full",
    "output-tray-missing": "output-full",
    "offline": "offline",
    "connecting-to-device": "offline",
    "timed-out": "offline",
    "shutdown": "offline",
    "cups-missing-filter": "printer-fault",
    "cups-insecure-filter": "printer-fault",
    "fuser-over-temp": "printer-fault",
    "fuser-under-temp": "printer-fault",
    "opc-life-over": "printer-fault",
    "other": "printer-fault",
    "paused": "paused",
}
_LOW = ("media-low", "media-empty")
_WITHOUT_END_MILD = ("connecting-to-device", "media-low", "toner-low", "marker-supply-low")


@dataclass(frozen=True, slots=True)
class QueueCondition:
    """`reason` is a DocumentResult reason, empty when the queue can print."""

    paper: Paper
    reason: str = ""


def judge_queue(state: int, reasons: Iterable[str], *, accepting: bool = True) -> QueueCondition:
    """Return what a queue's state and reasons say together; a state outside of IPP counts as stopped.

    What an idle queue says of its printer is what the last job's back-end saw, and only the next one looks
    again: it is told as `paper`, but stops nothing.
    """
    split = [_split(reason) for reason in reasons if reason and reason != "none"]
    stopping = {word for word, grave in split if grave}
    mild = {word for word, grave in split if not grave}
    found = next((ours for word, ours in _STOPS.items() if word in stopping), "")
    if state == QueueState.IDLE:
        found = ""
    if not found and state not in (QueueState.IDLE, QueueState.PROCESSING):
        found = "paused" if not stopping else "printer-fault"
    if not found and not accepting:
        found = "paused"
    return QueueCondition(_paper(stopping, mild), found)


def _paper(stopping: set[str], mild: set[str]) -> Paper:
    """Return what was said of paper; many queues say nothing of it, which is not as good as full."""
    if "media-jam" in stopping:
        return Paper.JAMMED
    if stopping & {"media-empty", "media-needed"}:
        return Paper.OUT
    return Paper.LOW if (mild | stopping).intersection(_LOW) else Paper.UNKNOWN


def _split(reason: str) -> tuple[str, bool]:
    """Return the word and whether it stops the printer."""
    for end, grave in (("-error", True), ("-warning", False), ("-report", False)):
        if reason.endswith(end):
            return reason.removesuffix(end), grave
    return reason, reason not in _WITHOUT_END_MILD
