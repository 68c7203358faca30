"""What a code under the scanner can say, and what follows from it.

Text of a code is somebody's: it lives in one event, and of a ticket's code nothing is ever kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kiosk.flows.errand_words import CODE_ALPHABET, CODE_LETTERS

APPOINTMENT_PREFIX = "tingtong:appointment:"
"""Before an appointment's code in its QR code (docs/appointments.md).  A test holds it to the server's."""
_TRACK = re.compile(r"https?://[^\s?#]+/t/([A-Za-z0-9_-]{16,64})/?(?:[?#]\S*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CodeScanned:
    """A code was held under the scanner.  If it is one of ours, a visit `request_id` starts with it."""

    request_id: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FindTicket:
    """Ask where the ticket with this secret stands; the secret lives in this effect only."""

    request_id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppointmentCode:
    """Somebody booked."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TicketCode:
    """Somebody has a number."""

    token: str = field(repr=False)


def read_code(text: str) -> AppointmentCode | TicketCode | None:
    """Return what a scanned text means, None when it is no code of a hall like this."""
    text = text.strip()
    if text.lower().startswith(APPOINTMENT_PREFIX):
        code = text[len(APPOINTMENT_PREFIX) :].upper().replace(" ", "").replace("-", "")
        whole = len(code) == CODE_LETTERS and all(letter in CODE_ALPHABET for letter in code)
        return AppointmentCode(code) if whole else None
    found = _TRACK.fullmatch(text)
    return TicketCode(found[1]) if found else None
