"""What the kiosk needs from the world: the queue server, its machines, and the screen of the lab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from kiosk.flows.hall import Hall
from kiosk.flows.intake_words import Citizen, Paper, Ticket


class Unreachable(Exception):
    """The queue server gave no answer in time; whatever was asked may have been done."""


class Refused(Exception):
    """The queue server answered no.  `title` and `detail` are sentences for the screen.

    `moment`: when an early appointment may check in today, by the hall's clock, as 09:30; else empty.
    """

    def __init__(self, code: str, title: str, detail: str = "", moment: str = "") -> None:
        super().__init__(f"{code}: {title}")
        self.code = code
        self.title = title
        self.detail = detail
        self.moment = moment


class CardProblem(Exception):
    """No card was read.  `error`: `timeout, read-failed, stopped, reader-fault`."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True, slots=True)
class Printed:
    """What became of a print job; words as in devices.contracts.printer."""

    outcome: Paper
    proof: str = "none"
    reason: str = ""


class QueueApi(Protocol):
    """The queue server.  Every method raises Unreachable; those that write may raise Refused."""

    async def hall(self) -> Hall:
        """Return what is on offer now."""
        ...

    async def issue(
        self, request_id: str, service_id: str, citizen: Citizen | None, language: str, package: str = ""
    ) -> Ticket:
        """Issue a ticket; the same request id gives the same ticket, however often it is asked.

        With `package` one number for all its services.  A due appointment of the citizen is used.
        """
        ...

    async def check_in(self, key: str, citizen: Citizen | None, code: str, language: str) -> Ticket:
        """Return the ticket of an appointment: of `code`, or of the citizen's card; always the same one."""
        ...

    async def places(self, citizen: Citizen) -> tuple[Ticket, ...]:
        """Return the open tickets of a person, the newest first, each ready to be printed again."""
        ...

    async def place_of(self, token: str) -> Ticket:
        """Return where the ticket with this secret stands.  Raises Refused for an unknown one."""
        ...

    async def cancel(self, request_id: str, ticket_id: str) -> None:
        """Give a ticket back."""
        ...

    async def report_print(self, request_id: str, ticket_id: str, job: int, printed: Printed) -> None:
        """Tell what became of the paper."""
        ...


class DeviceGateway(Protocol):
    """The machines of this terminal."""

    async def read_card(self) -> Citizen:
        """Wait for a card and read it.  Raises CardProblem."""
        ...

    async def stop_reading(self) -> None:
        """Nobody waits for the card any more."""
        ...

    async def print_ticket(
        self, job_id: str, slip: object, masked_name: str, *, large: bool, again: bool = False
    ) -> Printed:
        """Print; never raises, what goes wrong is in the answer."""
        ...

    def health(self) -> AsyncIterator[tuple[str, str]]:
        """Yield (`reader`, `printer` or `scanner`, stable reason or empty) whenever it is told."""
        ...

    def scans(self) -> AsyncIterator[str]:
        """Yield the text of each code that is held under the scanner now, once; ends when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Spot:
    """Something that can be touched: its text, its name, and its centre, 0 to 1 from the top left."""

    text: str
    key: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What the window shows, without personal data."""

    screen: str
    language: str
    elder: bool
    width: int
    height: int
    offscreen: bool
    buttons: tuple[Spot, ...]


class LabScreen(Protocol):
    """The kiosk's window under the hand of a person or a test."""

    async def shown(self) -> Shown:
        """Return what is visible now."""
        ...

    async def touch(self, x: float, y: float) -> None:
        """Touch and let go; returns when the window has taken both."""
        ...

    async def picture(self) -> tuple[str, bytes]:
        """Return the present frame as PNG, and a tag that changes with it."""
        ...
