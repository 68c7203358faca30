"""What a CRT-541 card dispenser is told and what it says; the frames are those of devices.codecs.stx.

An answer to AP has two digits: the work state, then how full the stacker is.  "Last dispensing succeeded" is
said once.  Source: protocols, section 6.2 (one source, the maker's specification).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from devices.contracts.health import Storage


class Command(Enum):
    """All that can be sent to a CRT-541."""

    DISPENSE = b"DC"
    STATUS = b"AP"
    ALLOW_PRE_DISPENSE = b"IP"
    FORBID_PRE_DISPENSE = b"IE"


class Work(Enum):
    """The work state."""

    READY = "0"
    DISPENSING = "1"
    LAST_OK = "3"
    """Said once after a dispensing."""
    ERROR = "4"
    PRE_DISPENSING = "5"
    REFUSED = "6"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to AP.  `stacker` None: the byte is not in the table that was given."""

    work: Work
    stacker: Storage | None


def address_bytes(address: int) -> bytes:
    """Return a machine's address, 0 to 15, as it stands in frames.  Raises ValueError."""
    if not 0 <= address <= 15:
        raise ValueError("a CRT-541 has an address from 0 to 15")
    return f"{address:02}".encode("ascii")


def answer_from(text: bytes, stacker_words: dict[str, Storage]) -> Answer | None:
    """Return what an answer says, None when it is none.  `stacker_words`: byte -> what it means."""
    said = text.decode("ascii", errors="replace")
    if len(said) != 2 or said[0] not in {state.value for state in Work}:
        return None
    return Answer(Work(said[0]), stacker_words.get(said[1]))
