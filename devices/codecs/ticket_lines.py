"""Printer-neutral lines of a ticket, and how text is fitted into them.

A column is half a Chinese character: 48 on 80 mm paper (576 dots), 32 on 58 mm (384 dots).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from devices.codecs.escpos import columns

Align = Literal["left", "center", "right"]
ELLIPSIS = "…"
_NOT_FIRST = frozenset("，。、；：！？）】》」』”’%…,.;:!?)]}")
_NOT_LAST = frozenset("（【《「『“‘([{")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text of one look.  `wide` and `high` are 1-8, for Chinese at most 2."""

    text: str
    wide: int = 1
    high: int = 1
    bold: bool = False
    inverse: bool = False

    @property
    def columns(self) -> int:
        """How many columns it takes at its size."""
        return columns(self.text) * self.wide


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line; its height is that of its highest span."""

    spans: tuple[Span, ...]
    align: Align = "center"

    @property
    def columns(self) -> int:
        """How many columns it takes."""
        return sum(span.columns for span in self.spans)

    @property
    def high(self) -> int:
        """How many character heights it takes."""
        return max((span.high for span in self.spans), default=1)


@dataclass(frozen=True, slots=True)
class Gap:
    """White space, in dots (8 dots are 1 mm)."""

    dots: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper, drawn with the box characters that every GBK printer has."""

    char: str = "─"


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code of `data` (ASCII), `module` dots per module, level M."""

    data: str
    module: int = 6


@dataclass(frozen=True, slots=True)
class Barcode:
    """A CODE128 of `data` (ASCII, 1-40 characters), `module` dots for its thinnest bar, `high` dots high."""

    data: str
    module: int = 2
    high: int = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """Dots: `wide` bytes a row, most significant bit left, 1 is black."""

    rows: bytes
    wide: int
    align: Align = "center"

    @property
    def high(self) -> int:
        """Its height in dots."""
        return len(self.rows) // self.wide


Line = TextLine | Gap | Rule | QrCode | Barcode | Picture


def wrap(text: str, width: int, max_lines: int) -> list[str]:
    """Break printable `text` into at most `max_lines` lines of `width` columns; what is lost ends in `…`.

    Latin words stay whole where they fit; a line does not begin with a closing mark nor end with an
    opening one, as Chinese typesetting wants.
    """
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < max_lines:
        here = _fitting(rest, width)
        last = len(lines) == max_lines - 1
        if last and here < len(rest):
            lines.append(_cut_short(rest, width))
            break
        lines.append(rest[:here].rstrip())
        rest = rest[here:].lstrip()
    return lines


def balance(text: str, width: int, max_lines: int) -> list[str]:
    """Wrap like `wrap`, but into lines of about equal length, as centred text wants."""
    lines = wrap(text, width, max_lines)
    for narrower in range(max((columns(line) for line in lines), default=1) - 1, width // 2, -1):
        tried = wrap(text, narrower, max_lines)
        if len(tried) > len(lines) or "".join(tried).replace(" ", "") != "".join(lines).replace(" ", ""):
            break
        lines = tried
    return lines


def clip(text: str, width: int) -> str:
    """Return `text` in at most `width` columns."""
    return text if columns(text) <= width else _cut_short(text, width)


def _cut_short(text: str, width: int) -> str:
    if width < columns(ELLIPSIS):
        return ""
    return text[: _count(text, width - columns(ELLIPSIS))].rstrip() + ELLIPSIS


def _count(text: str, width: int) -> int:
    """Return how many characters of `text` fit into `width` columns."""
    used = 0
    for place, char in enumerate(text):
        used += columns(char)
        if used > width:
            return place
    return len(text)


def _fitting(text: str, width: int) -> int:
    """Return where to break the first line: at least one character, at most `width` columns."""
    limit = max(1, _count(text, width))
    if limit >= len(text):
        return len(text)
    for place in range(limit, max(limit // 2, 0), -1):
        if _may_break(text[place - 1], text[place]):
            return place
    return limit


def _may_break(before: str, after: str) -> bool:
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    latin = before < "\x80" and after < "\x80"
    return not latin or " " in (before, after)
