"""A page that shows a technician what a printer can: three fonts, sizes, a ruler, a picture and both codes.

The lines of the fonts are sent as text whatever the settings say: the last one that can be read names the
`codepage` to set.  Under each stands the same, drawn as a picture.
"""

from __future__ import annotations

from devices.codecs import escpos
from devices.codecs.escpos_ticket import ticket_bytes
from devices.codecs.ticket_glyphs import draw
from devices.codecs.ticket_layout import PaperWidth
from devices.codecs.ticket_lines import Barcode, Gap, Line, QrCode, Rule, Span, TextLine

SAMPLES: dict[escpos.Codepage, str] = {"gb2312": "政务服务中心", "gbk": "喆镕堃", "gb18030": "㛃㐂"}
HEIGHT_MM = 110.0


def page_bytes(paper: PaperWidth, cut: escpos.CutMode, module: int) -> bytes:
    """Return the page's bytes, from ESC @ to the cut."""
    head: list[Line] = [
        TextLine((Span("打印测试页 Test page", bold=True),)),
        Rule("━"),
        TextLine((Span(("1234567890" * 5)[: paper.columns]),), "left"),
        TextLine((Span("A1", 2, 2), Span("厅通", 2, 2, bold=True), Span(" 1 2 3", inverse=True))),
        Gap(8),
    ]
    tail: list[Line] = [
        Gap(16),
        QrCode("TEST", module),
        Gap(16),
        Barcode("TEST", 2),
        Gap(16),
        Rule(),
    ]
    plain = escpos.INIT + escpos.KANJI_ON + escpos.line_pitch(30)
    fonts = plain + b"".join(_font_lines(codepage) for codepage in SAMPLES)
    start, end = (ticket_bytes(lines, paper.columns, cut="none") for lines in (head, tail))
    return start + fonts + end + escpos.cut(cut)


def _font_lines(codepage: escpos.Codepage) -> bytes:
    sample = SAMPLES[codepage]
    text = f"{codepage}: ".encode("ascii") + escpos.encode_text(sample, codepage) + escpos.LINE_FEED
    picture = draw(TextLine((Span(f"{codepage}= {sample}"),), "left"))
    return text + escpos.raster(picture.rows, picture.wide) + escpos.feed_dots(14)
