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
    """One big button.  `accent` is an index into the theme's accents, `tag` a ticket prefix or empty."""

    key: str
    title: str
    subtitle: str
    badge: str
    tone: Tone
    icon: str = ""
    accent: int = 0
    tag: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class TilesView:
    """A page of tiles in `columns` × `rows` places, in reading order."""

    tiles: tuple[Tile, ...]
    columns: int
    rows: int
    page: int
    pages: int
    previous: str
    next: str
    label: str


@dataclass(frozen=True, slots=True)
class CardView:
    """Put your card here, or with `fault`: why not, and what to do.  Empty button texts: no such button."""

    place: str
    keep: str
    why: str
    note: str
    detail: str
    without: str
    retry: str
    fault: bool


@dataclass(frozen=True, slots=True)
class IssuingView:
    """A number is under way."""

    greeting: str
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One line under a number.  `line` says it without a label beside it, for large text."""

    icon: str
    label: str
    value: str
    line: str


@dataclass(frozen=True, slots=True)
class TicketView:
    """The number.  `again` is empty unless printing may be repeated."""

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


@dataclass(frozen=True, slots=True)
class NoticeView:
    """Sorry, or out of order: what is, and what a citizen can do now.  `button` may be empty."""

    icon: str
    title: str
    lines: tuple[str, ...]
    button: str
    tone: Tone


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


Body = TilesView | CardView | IssuingView | TicketView | NoticeView


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


Kind = TypeVar("Kind", TilesView, CardView, IssuingView, TicketView, NoticeView)


def body_of(view: View, kind: type[Kind]) -> Kind:
    """Return the body of a view that a screen of this kind was given.  Raises TypeError for another one."""
    if not isinstance(view.body, kind):
        raise TypeError(f"screen {view.screen} was given a {type(view.body).__name__}")
    return view.body
