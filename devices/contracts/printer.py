"""Printing a ticket and knowing whether paper really came out."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from devices.contracts.base import Message, Scope
from devices.contracts.health import Paper


class TicketSlip(Message):
    """What stands on a ticket; a printer's layout decides where.  No ID number, ever.

    Everything is in the slip's `language` but `english`, the one line of it on a Chinese ticket.
    `windows` is a phrase such as `1–3号窗口` or `Windows 1-3`; `issued_at` is the local time as printed;
    `ahead` below zero: nobody knows.  `estimate` is a phrase; `masked_name` such as `张*` is only ever set on
    the terminal itself.
    """

    hall: str
    number: str
    service: str
    zone: str = ""
    floor: str = ""
    windows: str = ""
    ahead: int = 0
    estimate: str = ""
    issued_at: str
    track_url: str = ""
    notice: str = ""
    labels: tuple[str, ...] = ()
    """补打, 绿色通道, 网上预约 …, already in the citizen's language."""
    english: str = ""
    language: str = "zh"
    large: bool = False


class PrintTicket(Message):
    """Command `print-ticket` from the site (a reprint ordered by staff): the slip names nobody."""

    job_id: str = Field(min_length=1, max_length=64)
    slip: TicketSlip


class PrintNamedTicket(PrintTicket):
    """The same from the terminal's own kiosk, which may add the masked name."""

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    masked_name: str = ""


class PrintOutcome(StrEnum):
    """What became of one job."""

    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Everything was sent but no proof came: never counted as printed."""


class Proof(StrEnum):
    """How sure PRINTED is."""

    PROCESS_ID = "process-id"
    """`GS ( H`: the printer said that this job's printing has finished."""
    BUFFER_DRAINED = "buffer-drained"
    """`GS r`: all before it was taken out of the buffer, and paper was there afterwards."""
    NONE = "none"


class PrintResult(Message):
    """Result of `print-ticket`.

    Reasons: `paper-out, cover-open, offline, cutter, printer-fault, no-answer, expired`, and `interrupted`
    for a job that was under way when the agent ended; empty when printed.
    """

    job_id: str
    outcome: PrintOutcome
    started: bool = False
    """Bytes of the ticket were sent: unless it was printed, a part of it may be in the printer's mouth."""
    proof: Proof = Proof.NONE
    reason: str = ""
    paper: Paper = Paper.UNKNOWN


class PrintDocument(Message):
    """Command `print-document` from the terminal's own programs: pages of a person's case, on A4.

    `document` is the name of a file (PDF, PNG or JPEG) in the folder that the printer's settings name; the
    file itself never crosses a bus, and is removed when it was printed.  A job id is handed in once, also
    after a power cut: the print system keeps it as the job's name.  Ordering it again tells what became of
    it; to print the document again after that, order it under another id.
    """

    scope: ClassVar[Scope] = Scope.LOCAL
    personal_data: ClassVar[bool] = True

    job_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")
    document: str = Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$", repr=False)
    copies: int = Field(default=1, ge=1, le=20)
    duplex: Literal["one-sided", "long-edge", "short-edge"] = "one-sided"
    media: Literal["A4", "A5"] = "A4"


class DocumentResult(Message):
    """Result of `print-document`; UNKNOWN is never counted as printed.  `started`: pages may have come out.

    Reasons: those of PrintResult without `cutter`, and `paper-jam, toner-empty, output-full, paused,
    cancelled, no-document, document-type`.  `pages` is how many the print system counted, 0 if it did not.
    """

    scope: ClassVar[Scope] = Scope.LOCAL

    job_id: str
    outcome: PrintOutcome
    started: bool = False
    reason: str = ""
    pages: int = 0
    paper: Paper = Paper.UNKNOWN
