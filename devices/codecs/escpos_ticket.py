"""A ticket's lines as ESC/POS bytes, sending each setting only when it changes (<= 1.5 kB a ticket)."""

from __future__ import annotations

from collections.abc import Iterable

from devices.codecs import escpos
from devices.codecs.escpos import Codepage, CutMode
from devices.codecs.ticket_lines import Align, Barcode, Gap, Line, Picture, QrCode, Rule, Span, TextLine

CELL_HIGH = 24
LEADING = 6  # dots of white under each line of text
_PLAIN = Span("")


def ticket_bytes(
    lines: Iterable[Line],
    columns: int,
    *,
    codepage: Codepage = "gbk",
    cut: CutMode = "partial",
) -> bytes:
    """Return everything from ESC @ to the cut; the proof of print is the driver's to add."""
    writer = _Writer(columns, codepage)
    for line in lines:
        writer.line(line)
    return b"".join((*writer.parts, escpos.feed_lines(1) if cut == "none" else escpos.cut(cut)))


def height_dots(lines: Iterable[Line]) -> int:
    """Return how much paper the lines take, in dots (8 to a millimetre), QR codes at their greatest."""
    return sum(_height(line) for line in lines)


def _height(line: Line) -> int:
    match line:
        case Gap(dots):
            return dots
        case QrCode(_, module):
            return module * 57
        case Barcode(_, _, high):
            return high
        case Picture():
            return line.high
        case TextLine():
            return line.high * CELL_HIGH + LEADING
        case Rule():
            return CELL_HIGH


class _Writer:
    def __init__(self, columns: int, codepage: Codepage) -> None:
        self._columns = columns
        self._codepage = codepage
        self._look = _PLAIN
        self._kanji = (1, 1)
        self._align: Align = "left"
        self._pitch = -1
        self.parts: list[bytes] = [escpos.INIT, escpos.KANJI_ON]

    def line(self, line: Line) -> None:
        match line:
            case Gap(dots):
                self._gap(dots)
            case Rule(char):
                self._set_align("center")
                self._span(Span(char * (self._columns // 2)))
                self._end(CELL_HIGH)
            case TextLine(spans, align):
                self._set_align(align)
                for span in spans:
                    self._span(span)
                self._end(_height(line))
            case QrCode(data, module):
                self._set_align("center")
                self.parts.append(escpos.qr(data.encode("ascii"), module))
            case Barcode(data, module, high):
                self._set_align("center")
                self.parts.append(escpos.code128(data, module, high))
            case Picture(rows, wide, align):
                self._set_align(align)
                self.parts.append(escpos.raster(rows, wide))

    def _gap(self, dots: int) -> None:
        while dots > 0:
            self.parts.append(escpos.feed_dots(min(dots, 255)))
            dots -= 255

    def _end(self, pitch: int) -> None:
        if pitch != self._pitch:
            self._pitch = pitch
            self.parts.append(escpos.line_pitch(min(pitch, 255)))
        self.parts.append(escpos.LINE_FEED)

    def _set_align(self, align: Align) -> None:
        if align != self._align:
            self._align = align
            self.parts.append(escpos.align(align))

    def _span(self, span: Span) -> None:
        text = escpos.encode_text(span.text, self._codepage)
        if not text:
            return
        wanted = (span.wide, span.high)
        if wanted != (self._look.wide, self._look.high):
            self.parts.append(escpos.size(*wanted))
        if not span.text.isascii() and wanted != self._kanji:  # some obey GS ! for Chinese, some FS ! only
            self._kanji = wanted
            self.parts.append(escpos.kanji_size(*wanted))
        if span.bold != self._look.bold:
            self.parts.append(escpos.bold(span.bold))
        if span.inverse != self._look.inverse:
            self.parts.append(escpos.inverse(span.inverse))
        self._look = span
        self.parts.append(text)
