"""What a printer's font lacks is drawn; codes and emblems are what other people's programs make and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from escpos.printer import Dummy
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from devices.codecs import escpos
from devices.codecs.escpos import Codepage
from devices.codecs.escpos_ticket import ticket_bytes
from devices.codecs.ticket_glyphs import draw, draws, with_pictures
from devices.codecs.ticket_layout import NARROW, WIDE, PaperWidth, lay_out
from devices.codecs.ticket_lines import Barcode, Picture, Span, TextLine
from devices.codecs.ticket_logo import BadLogo, load_logo
from devices.sim.printer import SimPrinter
from devices.sim.printer_page import BarStrip, RasterStrip
from tests.devices.slips import SLIP, SLIPS

VECTORS = {
    vector["id"]: bytes.fromhex(vector["hex"])
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "escpos.json").read_text())["vectors"]
}
CODEPAGES: st.SearchStrategy[Codepage] = st.sampled_from(["gb2312", "gbk", "gb18030"])


def printed(raw: bytes, paper: PaperWidth = WIDE, codepage: str = "gbk") -> SimPrinter:
    sim = SimPrinter(width_dots=paper.dots, codepage=codepage)
    sim.receive(raw, 0.0)
    while (due_s := sim.next_due_s()) is not None:
        sim.poll(due_s)
    return sim


def test_a_bit_image_is_byte_for_byte_that_of_the_manual() -> None:
    assert escpos.raster(b"\xff\x81", 1) == VECTORS["raster_8x2"]


def test_a_bit_image_is_that_of_python_escpos() -> None:
    picture = draw(TextLine((Span("㛃*"),)))
    other = Dummy()
    image = Image.frombytes("1", (picture.wide * 8, picture.high), picture.rows)
    other.image(ImageChops.invert(image.convert("L")), impl="bitImageRaster", center=False)

    assert escpos.raster(picture.rows, picture.wide) in other.output


def test_a_barcode_is_that_of_python_escpos() -> None:
    other = Dummy()
    other.barcode(
        "{BA001", "CODE128", height=64, width=3, pos="OFF", function_type="B", align_ct=False, check=False
    )

    ours = escpos.code128("A001", 3, 64)
    assert ours[-8:] in other.output  # what is printed
    for setting in (ours[3:6], ours[6:9]):  # how high and how wide
        assert setting in other.output


@pytest.mark.parametrize("bad", ["", "1" * 41, "一", "a\n"])
def test_a_barcode_of_what_it_cannot_hold_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="1-40"):
        escpos.code128(bad)


@given(st.binary(min_size=1, max_size=400), st.integers(1, 8))
def test_no_picture_carries_a_real_time_command(data: bytes, wide: int) -> None:
    rows = (data.replace(b"\x00", b"\x10") + b"\x10\x04\x10\x14" + bytes(wide))[: wide * 8].ljust(wide * 8)
    dots = escpos.raster(rows, wide)[8:]

    assert not any(command in dots for command in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    assert all(ours & was == was for ours, was in zip(dots, rows, strict=True))  # dots are only added


@pytest.mark.parametrize(("wide", "rows"), [(0, b"\x00"), (129, bytes(129)), (2, b"\x00"), (1, b"")])
def test_a_picture_of_broken_rows_is_refused(wide: int, rows: bytes) -> None:
    with pytest.raises(ValueError, match="whole rows"):
        escpos.raster(rows, wide)


@given(SLIPS, st.text(max_size=20), st.sampled_from([WIDE, NARROW]), CODEPAGES)
@settings(max_examples=120, deadline=None)
def test_only_what_the_printers_font_has_is_sent_as_text(
    slip: object, name: str, paper: PaperWidth, codepage: Codepage
) -> None:
    laid = lay_out(slip, name, paper, codepage=codepage, draws=draws)  # type: ignore[arg-type]

    for line in with_pictures(laid, codepage):
        if isinstance(line, TextLine):
            assert all(escpos.encodes(char, codepage) for span in line.spans for char in span.text)
            assert line.columns <= paper.columns
        if isinstance(line, Picture):
            assert line.wide * 8 <= paper.dots


@pytest.mark.parametrize(
    ("name", "codepage"), [("㛃*", "gbk"), ("㐂*", "gbk"), ("喆*", "gb2312"), ("Ö*", "gbk")]
)
def test_a_rare_name_is_on_paper_as_our_font_draws_it(name: str, codepage: Codepage) -> None:
    lines = with_pictures(lay_out(SLIP, name, codepage=codepage, draws=draws), codepage)
    sim = printed(ticket_bytes(lines, WIDE.columns, codepage=codepage), codepage=codepage)

    rasters = [strip for strip in sim.tickets[-1].strips if isinstance(strip, RasterStrip)]
    wanted = [line for line in lines if isinstance(line, Picture)]
    assert [strip.rows for strip in rasters][-1:] == [wanted[-1].rows]
    assert escpos.UNPRINTABLE not in sim.tickets[-1].text
    assert len(set(wanted[-1].rows)) > 10  # there is something on it


def test_a_character_that_no_font_has_is_a_geta_mark_and_costs_no_picture() -> None:
    lines = with_pictures(lay_out(SLIP, "\U00020bb7*", draws=draws), "gbk")

    assert "〓*" in "".join(s.text for line in lines if isinstance(line, TextLine) for s in line.spans)
    assert not [line for line in lines if isinstance(line, Picture)]


def test_a_common_ticket_needs_no_picture() -> None:
    assert not [line for line in with_pictures(lay_out(SLIP, "张*"), "gbk") if isinstance(line, Picture)]


def test_a_letter_with_dots_above_is_drawn_with_them() -> None:
    def pieces(char: str) -> int:
        """Count what stands above each other with white between."""
        picture = draw(TextLine((Span(char),)))
        inked = [any(picture.rows[y * picture.wide : (y + 1) * picture.wide]) for y in range(picture.high)]
        return sum(now and not before for before, now in zip([False, *inked], inked, strict=False))

    assert (pieces("O"), pieces("Ö")) == (1, 2)


def test_gb2312_is_less_than_gbk_and_gbk_less_than_gb18030() -> None:
    assert [escpos.encodes("喆", page) for page in ("gb2312", "gbk", "gb18030")] == [False, True, True]
    assert [escpos.encodes("㛃", page) for page in ("gb2312", "gbk", "gb18030")] == [False, False, True]
    assert all(escpos.encodes(char, "gb2312") for char in "━─【】·…￥—")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_barcode_says_what_was_asked_whatever_is_in_it(data: str) -> None:
    sim = SimPrinter(width_dots=5000)
    sim.receive(escpos.INIT + escpos.code128(data, 2) + b"A\n" + escpos.cut(), 0.0)
    while (due_s := sim.next_due_s()) is not None:
        sim.poll(due_s)

    assert [s.data for s in sim.tickets[-1].strips if isinstance(s, BarStrip)] == [data]


def test_the_number_is_a_barcode_only_where_a_site_wants_it_and_it_fits() -> None:
    def codes(number: str, barcode: bool, paper: PaperWidth) -> list[Barcode]:
        slip = SLIP.model_copy(update={"number": number})
        return [line for line in lay_out(slip, paper=paper, barcode=barcode) if isinstance(line, Barcode)]

    assert codes("A001", False, WIDE) == []
    assert codes("A001", True, WIDE) == [Barcode("A001", 3)]
    assert codes("A001", True, NARROW) == [Barcode("A001", 3)]
    assert codes("叫001", True, WIDE) == []
    assert codes("A" * 16, True, NARROW) == []


def test_an_emblem_keeps_its_shape_and_its_transparent_parts_stay_white(tmp_path: Path) -> None:
    emblem = Image.new("RGBA", (400, 200), (0, 0, 0, 0))
    emblem.paste((200, 0, 0, 255), (0, 0, 200, 200))
    emblem.save(tmp_path / "emblem.png")

    picture = load_logo(str(tmp_path / "emblem.png"), 96, 576)

    assert (picture.wide * 8, picture.high) == (192, 96)
    middle = picture.rows[48 * 24 : 49 * 24]
    assert middle == b"\xff" * 12 + b"\x00" * 12


def test_a_wide_emblem_is_made_as_small_as_the_paper(tmp_path: Path) -> None:
    Image.new("L", (2000, 200)).save(tmp_path / "wide.png")

    assert load_logo(str(tmp_path / "wide.png"), 96, 384).wide * 8 == 384


def test_what_is_no_picture_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_text("not a picture")

    for name in ("no.png", "missing.png"):
        with pytest.raises(BadLogo, match="give the path of a PNG file"):
            load_logo(str(tmp_path / name), 96, 576)
