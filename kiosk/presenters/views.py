"""What a screen must show: finished sentences and flags, nothing left to decide.  All frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar


class Tone(StrEnum):
    """How a badge or notice is meant; never told by colour alone."""

    CALM = "calm"
    GOOD = "good"
    BUSY = "busy"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Tile:
    """One big button.  `accent` is an index into the theme's accents, `tag` a ticket prefix or empty.

    `subtitle_rows` holds where a subtitle is one row otherwise: on the tile of a service.
    """

    key: str
    title: str
    subtitle: str
    badge: str
    tone: Tone
    icon: str = ""
    accent: int = 0
    tag: str = ""
    enabled: bool = True
    subtitle_rows: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A way to something else than a new number, below the tiles of the first page."""

    key: str
    text: str
    icon: str


@dataclass(frozen=True, slots=True)
class TilesView:
    """A page of tiles in `columns` × `rows` places, in reading order; perhaps with other entries below."""

    tiles: tuple[Tile, ...]
    columns: int
    rows: int
    page: int
    pages: int
    previous: str
    next: str
    label: str
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class CardView:
    """Put your card here, or with `fault`: why not, and what to do.  Empty button texts: no such button.

    With `code` the way without a card is to type the code of an appointment.  With `scan` the detail is
    about the scanner.
    """

    place: str
    keep: str
    why: str
    note: str
    detail: str
    without: str
    retry: str
    fault: bool
    code: bool = False
    scan: bool = False


@dataclass(frozen=True, slots=True)
class CodeView:
    """Type a code on the keyboard shown.  `letters` has a place for each, empty ones to come."""

    prompt: str
    letters: tuple[str, ...]
    keys: str
    erase: str
    enter: str
    ready: bool


@dataclass(frozen=True, slots=True)
class IssuingView:
    """A number is under way."""

    greeting: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line under a number.  `line` says it without a label beside it, for large text.

    `rows` is how many it wants beside others of one row.
    """

    icon: str
    label: str
    value: str
    line: str
    rows: int = 1


@dataclass(frozen=True, slots=True)
class TicketView:
    """The number.  `again` is empty unless it may be printed once more.

    `place`: nothing was issued, it is one's own place in the line.  `pages` above 1: `done` shows the next.
    """

    greeting: str
    number: str
    service: str
    facts: tuple[Fact, ...]
    notice: str
    detail: str
    tone: Tone
    notice_icon: str
    reminder: str
    again: str
    done: str
    place: bool = False
    page: int = 0
    pages: int = 1


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Sorry, or out of order: what is, and what a citizen can do now.  Empty button texts: no such button.

    Keys say what a button does: `notice:home`, `notice:ordinary`, `notice:code`, `notice:reprint`.
    """

    icon: str
    title: str
    lines: tuple[str, ...]
    button: str
    tone: Tone
    key: str = "notice:home"
    second: str = ""
    second_key: str = "notice:home"


@dataclass(frozen=True, slots=True)
class HeaderView:
    """The top of every screen.

    `current` is the step, 1 to 4, or 0 for none; `remaining` is the countdown, empty when nothing ends.
    """

    hall: str
    tagline: str
    title: str
    hint: str
    steps: tuple[str, ...]
    current: int
    demo: str
    remaining: str = ""
    elder: str = ""
    """Says that large text is on; empty when it is not."""


@dataclass(frozen=True, slots=True)
class FooterView:
    """The bottom of every screen.  Empty texts: not shown."""

    back: str
    home: str
    elder: str
    status: str
    status_good: bool
    terminal: str
    languages: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WarningView:
    """Are you still there?"""

    title: str
    text: str
    go_on: str
    leave: str


Body = TilesView | CardView | CodeView | IssuingView | TicketView | NoticeView


@dataclass(frozen=True, slots=True)
class View:
    """One picture.  `visit` is the request id that touches on it belong to."""

    screen: str
    visit: str
    language: str
    elder: bool
    header: HeaderView
    footer: FooterView
    body: Body
    warning: WarningView | None = None


Kind = TypeVar("Kind", TilesView, CardView, CodeView, IssuingView, TicketView, NoticeView)


def body_of(view: View, kind: type[Kind]) -> Kind:
    """Return the body of a view that a screen of this kind was given.  Raises TypeError for another one."""
    if not isinstance(view.body, kind):
        raise TypeError(f"screen {view.screen} was given a {type(view.body).__name__}")
    return view.body
