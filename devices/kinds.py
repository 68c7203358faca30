"""What each kind of machine can do, whatever its maker.

Methods take time limits as arguments; reconnecting, retrying and clocks belong to the session.  Every
method may raise WireTimeout, WireClosed, ProtocolError, DeviceFault (see devices.errors).  Every driver
counts the bytes it threw away in `discarded_bytes`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol, runtime_checkable

from pydantic import BeforeValidator

from devices.codecs.scan_text import ScanText
from devices.contracts.call_pad import PadKey
from devices.contracts.dispenser import CardResult
from devices.contracts.health import Paper, Storage
from devices.contracts.id_reader import CardMedium, IdCard
from devices.contracts.printer import DocumentResult, PrintDocument, PrintResult, TicketSlip
from devices.contracts.tax_machine import Reconciliation, Refill, StorageUnit
from devices.contracts.window_display import WindowState


@runtime_checkable
class Driver(Protocol):
    """What all drivers share."""

    discarded_bytes: int

    async def probe(self) -> None:
        """Ask the machine for a sign of life; raises when there is none or it reports a fault."""
        ...


class IdReader(Driver, Protocol):
    """Reads identity cards."""

    async def poll_card(self) -> IdCard | None:
        """Look once: find, select and read the card that lies there; None when no new card does.

        Raises DeviceFault with advice `place-again` when a card is there but could not be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class CardChange:
    """A card came (`medium`) or went (None).  `uid` is a staff card's serial, `number` a transport card's."""

    medium: CardMedium | None
    uid: bytes = field(default=b"", repr=False)
    number: str = field(default="", repr=False)


class CardReader(IdReader, Protocol):
    """Reads smart cards and notices them coming and going."""

    async def look(self, wait_s: float) -> CardChange | None:
        """Return what changed since the last look, waiting at most `wait_s`; None when nothing did.

        Raises DeviceFault once when a card came that cannot be spoken to.
        """
        ...


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What the printer says of itself now.  `reason` is a PrintResult reason, empty when it can print."""

    ready: bool
    paper: Paper
    reason: str = ""


class TicketPrinter(Driver, Protocol):
    """Prints tickets with proof."""

    async def status(self) -> PrinterStatus:
        """Ask all status bytes, in real time."""
        ...

    async def print_ticket(
        self, job_id: str, slip: TicketSlip, masked_name: str = "", *, eject_first: bool = False
    ) -> PrintResult:
        """Ask the status, print, ask for proof.  Returns; raises only when the wire itself is gone.

        `eject_first` cuts off what an earlier, broken job left, so that no one gets another's half ticket.
        """
        ...


class DocumentPrinter(Driver, Protocol):
    """Prints documents on A4."""

    async def status(self) -> PrinterStatus:
        """Ask how the printer is."""
        ...

    async def print_document(self, order: PrintDocument) -> DocumentResult:
        """Hand a document in once, follow it to its end.  Raises only when nothing was handed in."""
        ...

    def document_path(self, order: PrintDocument) -> str | None:
        """Return the file to remove when it was printed; None when documents are kept."""
        ...


class LedBoard(Driver, Protocol):
    """Shows a line of text above a window."""

    async def show(self, text: str) -> None:
        """Show `text` in place of what is there, and return when the board has said that it does."""
        ...

    async def clear(self) -> None:
        """Go dark."""
        ...


@dataclass(frozen=True, slots=True)
class PadPress:
    """A clerk pressed `key` on the pad with bus address `addr`."""

    addr: int
    key: PadKey


@dataclass(frozen=True, slots=True)
class PadRating:
    """A citizen gave `level` (5 best … 1 worst) on the evaluator with bus address `addr`."""

    addr: int
    level: int


def parse_button(text: object) -> object:
    """Return what a button means, written `call-next` or `rate-5`, or `2:recall` for another pad than 1.

    What is no text is left as it is.  Raises ValueError with the forms that there are.
    """
    if not isinstance(text, str):
        return text
    addr, colon, word = text.rpartition(":")
    if (addr.isdecimal() if colon else not addr) and int(addr or 1) <= _MOST_ADDR:
        if word in [key.value for key in PadKey]:
            return PadPress(int(addr or 1), PadKey(word))
        if word in _RATING_WORDS:
            return PadRating(int(addr or 1), _RATING_WORDS[word])
    words = ", ".join([*(key.value for key in PadKey), "rate-1 … rate-5"])
    raise ValueError(f"{text!r} is no meaning of a button; write one of {words}, or 2:{PadKey.RECALL.value}")


_MOST_ADDR = 255
_RATING_WORDS = {f"rate-{level}": level for level in range(1, 6)}
Button = Annotated[PadPress | PadRating, BeforeValidator(parse_button)]
"""A setting that says what a button means."""


class PadLine(Driver, Protocol):
    """A bus with call pads and evaluators, told apart by address."""

    def presses(self) -> AsyncIterator[PadPress | PadRating]:
        """Yield each press once, acknowledged on the wire.  Ends only by WireClosed."""
        ...

    async def show_ticket(self, addr: int, number: str) -> None:
        """Show a ticket number's digits on the pad (the pad has no letters); empty blanks it."""
        ...

    async def show_waiting(self, addr: int, waiting: int) -> None:
        """Show how many wait."""
        ...

    async def beep(self, addr: int) -> None:
        """Sound the pad once."""
        ...

    async def ask_rating(self, addr: int) -> None:
        """Wake the evaluator."""
        ...


class NoDisplay:
    """What a PadLine of mere buttons has in place of displays, beepers and evaluators: nothing."""

    async def show_ticket(self, addr: int, number: str) -> None:
        """Show nothing."""

    async def show_waiting(self, addr: int, waiting: int) -> None:
        """Show nothing."""

    async def beep(self, addr: int) -> None:
        """Stay silent."""

    async def ask_rating(self, addr: int) -> None:
        """Wake nothing: the keys are always awake."""


class DigitLine(Driver, Protocol):
    """A line of number displays, told apart by address."""

    async def show_number(self, addr: int, number: str) -> None:
        """Show a ticket number, or nothing for an empty one; return when the display has confirmed it.

        Raises DeviceFault when that display is silent, refuses, or cannot show this number as it is.
        """
        ...

    async def check_unit(self, addr: int) -> None:
        """Ask one display for a sign of life.  Raises DeviceFault when it is silent."""
        ...


class Light(Driver, Protocol):
    """A light above a window: says by its colour what the window is doing."""

    refresh_s: float
    """How often the state must be told again: a light that answers nothing may have missed it."""

    async def show_state(self, state: WindowState) -> None:
        """Show the state of a window, in the colours of the settings."""
        ...


@dataclass(frozen=True, slots=True)
class DispenserStatus:
    """What a card dispenser says of itself now.  `reason` is why it could not let a card out, or empty.

    None: the machine does not say.
    """

    reason: str
    stacker: Storage | None = None
    bin: Storage | None = None
    at_exit: bool | None = None


class CardDispenser(Driver, Protocol):
    """Lets cards out, one for one command, with proof."""

    async def status(self) -> DispenserStatus:
        """Ask all that the machine can say."""
        ...

    async def dispense(self, command_id: str) -> CardResult:
        """Let one card out.  Asks first; never tries twice once the machine may have acted.

        Returns whatever happens after the command was sent; raises only before, when nothing has moved.
        """
        ...

    async def capture(self, command_id: str) -> CardResult:
        """Take the card at the exit into the bin, with the same care."""
        ...

    async def reset(self, command_id: str) -> CardResult:
        """Have the machine initialise after a fault that somebody has cleared."""
        ...


class Scanner(Driver, Protocol):
    """Reads codes that are held under it."""

    async def look(self, wait_s: float) -> ScanText | None:
        """Return the next code, waiting at most `wait_s`; None when none came.

        A code that stays there is told once.
        """
        ...

    async def trigger(self) -> None:
        """Look for one code now; a scanner that always looks does nothing.  Raises DeviceFault."""
        ...


@dataclass(frozen=True, slots=True)
class TaxMachineStatus:
    """What a tax machine says of itself, in XFS4IoT's words.  `reason` is a stable code; empty: it works."""

    device: str
    reason: str = ""
    paper: Paper = Paper.UNKNOWN
    exchange: bool = False


@dataclass(frozen=True, slots=True)
class TaxEvent:
    """What it said unasked.  `name` is XFS4IoT's, for example `Auxiliaries.CabinetDoor`."""

    name: str
    unit: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry of its journal, without the taxpayer; `fields` as in devices.contracts.tax_machine."""

    seq: int
    fields: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries after `after`, in order, of the journal `journal`; the machine has `oldest` to `newest`."""

    journal: str
    after: int
    oldest: int
    newest: int
    lines: tuple[JournalLine, ...]


class TaxMachine(Driver, Protocol):
    """The supervisor's link to a tax machine.  What changes something takes a command's id."""

    async def heartbeat(self) -> TaxMachineStatus | None:
        """Ask how it is; None while it has missed too few beats to be called away.  Raises WireTimeout."""
        ...

    async def storage(self) -> tuple[StorageUnit, ...]:
        """Return all cassettes, rolls and bins."""
        ...

    async def listen(self, wait_s: float) -> list[TaxEvent]:
        """Return what it said unasked, waiting at most `wait_s` for more."""
        ...

    async def set_clock(self, at: datetime) -> None:
        """Set its clock."""
        ...

    async def lock(self, unit: str, command_id: str) -> None:
        """Lock a cassette: nothing is sold from it.  Raises DeviceFault."""
        ...

    async def unlock(self, unit: str, command_id: str) -> None:
        """Unlock it.  Raises DeviceFault `mismatch` while its numbers do not add up."""
        ...

    async def set_low_mark(self, unit: str, low: int, command_id: str) -> None:
        """Set below how many sheets it is low."""
        ...

    async def reconcile(self, unit: str, command_id: str) -> Reconciliation:
        """Count a cassette."""
        ...

    async def start_exchange(self, operators: tuple[str, str], command_id: str) -> None:
        """Begin to refill: nothing is sold until `end_exchange`."""
        ...

    async def end_exchange(
        self, operators: tuple[str, str], units: tuple[Refill, ...], command_id: str
    ) -> None:
        """End it, and say what is in the cassettes that were refilled."""
        ...

    async def read_journal(self, after: int) -> JournalPage:
        """Return entries after the number `after`, as many as fit."""
        ...

    async def ack_journal(self, journal: str, upto: int) -> None:
        """Let the machine forget its entries up to `upto`."""
        ...


class Speaker(Driver, Protocol):
    """Speaks in one audio zone, one utterance at a time."""

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        """Chime, then say `text`, `gain` times as loud; returns when the last sound has left."""
        ...

    async def look(self) -> str:
        """See that there is a loudspeaker; return what is wrong with the voice, or nothing."""
        ...
