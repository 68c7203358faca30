"""What a simulated printer feels, and the status bytes that it makes of it (protocols, section 3.2-3.3)."""

from __future__ import annotations

from dataclasses import dataclass

PAPER_STATES = ("full", "low", "out")
FAULTS = ("cutter", "unrecoverable", "hot")
_ERROR_BITS = {"": 0, "cutter": 0x08, "unrecoverable": 0x20, "hot": 0x40}


@dataclass
class Senses:
    """The sensors.  `fault` is one of FAULTS or empty."""

    paper: str = "full"
    cover_open: bool = False
    fault: str = ""
    powered: bool = True

    @property
    def online(self) -> bool:
        """Say whether it obeys commands that are not real-time ones."""
        return self.powered and not self.cover_open and not self.fault and self.paper != "out"

    def set_paper(self, state: str) -> None:
        """Raises ValueError."""
        if state not in PAPER_STATES:
            raise ValueError(f"state is one of {', '.join(PAPER_STATES)}")
        self.paper = state

    def set_fault(self, part: str) -> None:
        """Raises ValueError."""
        if part not in FAULTS:
            raise ValueError(f"part is one of {', '.join(FAULTS)}")
        self.fault = part

    def real_time_status(self, which: int) -> bytes:
        """Return the answer to DLE EOT `which`; nothing for a number that it does not know."""
        stopped = 0x20 if self.paper == "out" else 0
        bits = {
            1: 0 if self.online else 0x08,
            2: (0x04 if self.cover_open else 0) | stopped | (0x40 if self.fault else 0),
            3: _ERROR_BITS[self.fault],
            4: {"full": 0, "low": 0x0C, "out": 0x6C}[self.paper],
        }
        return bytes((0x12 | bits[which],)) if which in bits else b""

    def paper_status(self) -> bytes:
        """Return the answer to GS r 1."""
        return bytes(({"full": 0, "low": 0x03, "out": 0x0F}[self.paper],))

    def auto_status(self) -> bytes:
        """Return the four bytes of ASB."""
        first = 0x10 | (0 if self.online else 0x08) | (0x20 if self.cover_open else 0)
        return bytes((first, _ERROR_BITS[self.fault])) + self.paper_status() + b"\x00"
