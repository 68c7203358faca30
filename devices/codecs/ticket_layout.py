"""A ticket as a designer sets it: what a citizen needs first is biggest, nothing is in the way of it.

    hall · number · service │ how many before me, how long, where to go │ QR │ what to do │ time

Source of the contents: domain, section 2.5.  Pure; the printer's own commands are in `escpos_ticket`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.codecs.escpos import MAX_KANJI_SIZE, Codepage, columns, no_pictures, printable
from devices.codecs.ticket_lines import Barcode, Gap, Line, QrCode, Rule, Span, TextLine, balance, clip, wrap
from devices.contracts.printer import TicketSlip

# Bytes that a QR code of version 1, 2, 3 … holds at level M (ISO/IEC 18004, table 7).
_QR_BYTES_M = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213)
_QR_QUIET = 8  # modules of white, both sides together
MAX_URL = _QR_BYTES_M[-1]
_BARCODE_CHAR, _BARCODE_ENDS = 11, 2 + 20  # modules of CODE128: a character; the stop's last bar, white
_THICKEST_BAR = 3


@dataclass(frozen=True, slots=True)
class PaperWidth:
    """What fits across: 48 columns and 576 dots, or 32 and 384."""

    columns: int
    dots: int


WIDE = PaperWidth(48, 576)
NARROW = PaperWidth(32, 384)


@dataclass(frozen=True, slots=True)
class Words:
    """The ticket's own words in one language."""

    number: str
    ahead: str
    people: str
    nobody: str
    estimate: str
    place: str
    windows: str
    holder: str
    scan: str
    mark: str
    """How 补打 or Priority is set."""


WORDS = {
    "zh": Words(
        "您的号码", "前面等候", "人", "即将办理", "预计等候", "等候区域", "办理窗口", "取号人",
        "扫码查看排队进度", "【{}】",
    ),
    "en": Words(
        "Your number", "Ahead of you", "", "You are next", "Estimated", "Waiting area", "Go to", "Name",
        "Scan to follow the queue", "[{}]",
    ),
}  # fmt: skip


def lay_out(
    slip: TicketSlip,
    masked_name: str = "",
    paper: PaperWidth = WIDE,
    *,
    codepage: Codepage = "gbk",
    module: int = 6,
    draws: Callable[[str], bool] = no_pictures,
    barcode: bool = False,
) -> tuple[Line, ...]:
    """Return the ticket's lines; no text line is wider than the paper.

    Characters that the printer lacks and that `draws` does not know are already replaced.  `module` is the
    wanted QR module in dots; `barcode` adds the number as CODE128, for the scanners at the desks.
    """
    setter = _Setter(slip, masked_name, paper, lambda text: printable(text, codepage, draws))
    return (
        *setter.head(),
        *setter.number(),
        *setter.labels(),
        Rule(),
        *setter.facts(),
        Rule(),
        *setter.code(module),
        *(setter.barcode() if barcode else ()),
        *setter.foot(),
    )


class _Setter:
    """One ticket being set."""

    def __init__(self, slip: TicketSlip, name: str, paper: PaperWidth, printed: Callable[[str], str]) -> None:
        self._slip = slip
        self._name = printed(name)
        self._paper = paper
        self._printed = printed
        self._words = WORDS.get(slip.language, WORDS["zh"])
        self._large = slip.large

    def _text(self, text: str) -> str:
        return " ".join(self._printed(text).split(" ")).strip()

    def _big(self, text: str, columns_there: int, max_lines: int, *, insist: bool = False) -> list[Span]:
        """Return `text` at double size where it fits on one line (or must: `insist`), else plain and bold.

        Never double height alone: a stretched Chinese character is an ugly one.
        """
        if insist or columns(text) * 2 <= columns_there:
            parts = balance(text, columns_there // 2, max_lines)
            return [Span(part, 2, 2, bold=True) for part in parts]
        return [Span(part, bold=True) for part in balance(text, columns_there, max_lines)]

    def head(self) -> list[Line]:
        hall = self._big(self._text(self._slip.hall), self._paper.columns, 2)
        return [Gap(4), *(TextLine((span,)) for span in hall), Gap(8), Rule("━")]

    def number(self) -> list[Line]:
        number = clip(self._text(self._slip.number), self._paper.columns)
        lines: list[Line] = [Gap(16), TextLine((Span(self._words.number),)), Gap(10)]
        if number:
            times = self._number_size(number)
            lines += [TextLine((Span(number, times, times, bold=True),)), Gap(12)]
        return [*lines, *self._service(), Gap(14)]

    def _number_size(self, number: str) -> int:
        most = 8 if self._large else 7
        if not number.isascii():
            most = MAX_KANJI_SIZE
        return max(1, min(most, self._paper.columns * 7 // 8 // columns(number)))

    def _service(self) -> list[Line]:
        spans = self._big(self._text(self._slip.service), self._paper.columns, 2, insist=self._large)
        return [TextLine((span,)) for span in spans]

    def labels(self) -> list[Line]:
        """`【补打】 【绿色通道】` or `[Reprint]`, in as many lines as they need (two at most)."""
        lines: list[Line] = []
        texts = [text for label in self._slip.labels if (text := self._text(label))]
        marks = [self._words.mark.format(clip(text, self._paper.columns - 4)) for text in texts]
        for part in wrap(" ".join(marks), self._paper.columns, 2):
            lines.append(TextLine((Span(part, bold=True),)))
        return [*lines, Gap(14)] if lines else []

    def facts(self) -> list[Line]:
        """Rows of label and value; the first answers the question that everybody asks."""
        words, slip = self._words, self._slip
        ahead = f"{slip.ahead}{words.people}" if slip.ahead > 0 else words.nobody
        rows: list[list[Line]] = [
            [self._row(words.ahead, Span(clip(ahead, (self._paper.columns - self._indent) // 2), 2, 2, True))]
            if slip.ahead >= 0
            else [],
            self._plain(words.estimate, slip.estimate),
            self._plain(words.windows, slip.windows, strong=True),
            self._plain(words.place, "·".join(part for part in (slip.floor, slip.zone) if part)),
            self._plain(words.holder, self._name),
        ]
        lines: list[Line] = [Gap(14)]
        for row in rows:
            lines += [*row, Gap(10)] if row else []
        return lines

    def _plain(self, label: str, value: str, strong: bool = False) -> list[Line]:
        text = self._text(value)
        there = self._paper.columns - self._indent
        if self._large and columns(text) * 2 > there:
            return self._stacked(label, text)
        if strong or self._large:
            spans = self._big(text, there, 2, insist=self._large)
        else:
            spans = [Span(part) for part in wrap(text, there, 2)]
        return [self._row("" if place else label, span) for place, span in enumerate(spans)]

    def _stacked(self, label: str, text: str) -> list[Line]:
        """The label above the value: in large print a long value wants the whole width."""
        margin = " " * self._margin
        parts = wrap(text, (self._paper.columns - self._margin) // 2, 2)
        values = [TextLine((Span(margin), Span(part, 2, 2, bold=True)), "left") for part in parts]
        return [TextLine((Span(margin + label),), "left"), *values]

    @property
    def _margin(self) -> int:
        return 2 if self._paper.columns >= WIDE.columns else 0

    @property
    def _indent(self) -> int:
        """Where values start: after the longest label and a space of two."""
        words = self._words
        longest = (words.ahead, words.estimate, words.windows, words.place, words.holder)
        return self._margin + max(columns(word) for word in longest) + 2

    def _row(self, label: str, value: Span) -> Line:
        head = " " * self._margin + label
        return TextLine((Span(head + " " * (self._indent - columns(head))), value), "left")

    def code(self, module: int) -> list[Line]:
        url = self._slip.track_url
        if not url or not url.isascii() or not url.isprintable() or len(url) > MAX_URL:
            return []
        fitting = min(module, self._paper.dots // (qr_modules(url) + _QR_QUIET))
        return [Gap(18), QrCode(url, fitting), Gap(8), TextLine((Span(self._words.scan),)), Gap(12)]

    def barcode(self) -> list[Line]:
        """Return the number as CODE128, its bars as thick as fits; nothing when it does not fit at all."""
        number = self._text(self._slip.number)
        modules = (len(number) + 3) * _BARCODE_CHAR + _BARCODE_ENDS
        thick = min(_THICKEST_BAR, self._paper.dots // modules)
        if not number or not number.isascii() or thick < 2:
            return []
        return [Gap(10), Barcode(number, thick), Gap(14)]

    def foot(self) -> list[Line]:
        there = self._paper.columns - 2 * self._margin
        notice = self._text(self._slip.notice)
        times = 2 if self._large else 1
        lines: list[Line] = [
            TextLine((Span(part, times, times),)) for part in balance(notice, there // times, 2 + 2 * times)
        ]
        english = balance(self._text(self._slip.english), there, 2)
        lines += [Gap(8), *(TextLine((Span(part),)) for part in english)] if english else []
        issued = clip(self._text(self._slip.issued_at), self._paper.columns)
        if issued:
            lines += [Gap(10), TextLine((Span(issued),))]
        return [*lines, Gap(8)]


def qr_modules(data: str) -> int:
    """Return how many modules a side of the QR code of ASCII `data` has at level M.

    Raises ValueError when `data` is longer than MAX_URL.
    """
    for version, capacity in enumerate(_QR_BYTES_M, start=1):
        if len(data) <= capacity:
            return 17 + 4 * version
    raise ValueError(f"{len(data)} bytes are too many for a ticket's QR code (at most {MAX_URL})")
