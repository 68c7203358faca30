"""A ticket fits its paper whatever stands on the slip, and shows what a citizen needs."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs.escpos import columns, kanji_size, printable
from devices.codecs.escpos_ticket import ticket_bytes
from devices.codecs.ticket_layout import MAX_URL, NARROW, WIDE, PaperWidth, lay_out, qr_modules
from devices.codecs.ticket_lines import QrCode, TextLine, balance, wrap
from tests.devices.slips import SLIP, SLIPS

PAPERS = st.sampled_from([WIDE, NARROW])
ON_THE_WIRE = 1536  # bytes, the whole ticket


def texts(lines: tuple[object, ...]) -> list[str]:
    return ["".join(span.text for span in line.spans) for line in lines if isinstance(line, TextLine)]


@given(SLIPS, st.text(max_size=30), PAPERS)
@settings(max_examples=250, deadline=None)
def test_no_line_is_wider_than_the_paper(slip: object, name: str, paper: PaperWidth) -> None:
    lines = lay_out(slip, name, paper)  # type: ignore[arg-type]

    for line in lines:
        if isinstance(line, TextLine):
            assert line.columns <= paper.columns
        if isinstance(line, QrCode):
            assert (qr_modules(line.data) + 8) * line.module <= paper.dots


@given(SLIPS, st.text(max_size=30), PAPERS)
@settings(max_examples=250, deadline=None)
def test_the_whole_ticket_is_small_on_the_wire(slip: object, name: str, paper: PaperWidth) -> None:
    lines = lay_out(slip, name, paper)  # type: ignore[arg-type]

    assert len(ticket_bytes(lines, paper.columns)) <= ON_THE_WIRE


@given(st.text(max_size=200).map(printable), st.integers(2, 48), st.integers(1, 5))
@settings(max_examples=300)
def test_wrapping_loses_only_what_it_marks_as_lost(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most)

    assert len(lines) <= most
    assert all(columns(line) <= width for line in lines)
    joined = "".join(lines).replace(" ", "")
    if joined != text.replace(" ", ""):
        assert lines[-1].endswith("…")
        assert text.replace(" ", "").startswith(joined[:-1])


@given(st.text(max_size=200).map(printable), st.integers(4, 48), st.integers(1, 4))
@settings(max_examples=200)
def test_balancing_changes_no_word_and_needs_no_more_lines(text: str, width: int, most: int) -> None:
    plain, balanced = wrap(text, width, most), balance(text, width, most)

    assert "".join(balanced).replace(" ", "") == "".join(plain).replace(" ", "")
    assert len(balanced) <= len(plain)
    assert all(columns(line) <= width for line in balanced)


@pytest.mark.parametrize("paper", [WIDE, NARROW])
@pytest.mark.parametrize("large", [False, True])
def test_a_ticket_says_all_that_a_citizen_needs(paper: PaperWidth, large: bool) -> None:
    lines = lay_out(SLIP.model_copy(update={"large": large}), "张*", paper)

    shown = "".join(texts(lines)).replace(" ", "")
    for wanted in (
        SLIP.hall, SLIP.number, SLIP.service, SLIP.zone, SLIP.floor, SLIP.windows, "5人", SLIP.estimate,
        "张*", "【补打】", "【绿色通道】", SLIP.notice, SLIP.issued_at, SLIP.english,
    ):  # fmt: skip
        assert wanted.replace(" ", "") in shown
    assert QrCode(SLIP.track_url, 6) in lines


@pytest.mark.parametrize("paper", [WIDE, NARROW])
def test_the_number_is_the_biggest_thing_on_the_ticket(paper: PaperWidth) -> None:
    lines = lay_out(SLIP, "张*", paper)

    biggest = max(
        (span for line in lines if isinstance(line, TextLine) for span in line.spans), key=lambda s: s.high
    )
    assert biggest.text == "A001"
    assert biggest.high >= 7


@pytest.mark.parametrize("paper", [WIDE, NARROW])
@pytest.mark.parametrize("number", ["叫" * 40, "A" * 100])
def test_a_number_that_no_paper_holds_is_cut_not_broken(paper: PaperWidth, number: str) -> None:
    lines = lay_out(SLIP.model_copy(update={"number": number}), "", paper)

    assert max(line.columns for line in lines if isinstance(line, TextLine)) <= paper.columns


def test_big_chinese_is_also_asked_for_in_the_way_of_printers_that_ignore_gs_for_it() -> None:
    raw = ticket_bytes(lay_out(SLIP, "张*"), WIDE.columns)

    plain, big = kanji_size(1, 1), kanji_size(2, 2)
    for text, wanted in ((SLIP.hall, big), ("您的号码", plain), (SLIP.service, big), ("前面等候", plain)):
        before = raw[: raw.index(text.encode("gbk"))]
        assert before.rfind(wanted) > before.rfind(plain if wanted == big else big)


def test_a_reprint_and_a_first_print_can_be_told_apart() -> None:
    first = texts(lay_out(SLIP.model_copy(update={"labels": ()})))
    again = texts(lay_out(SLIP.model_copy(update={"labels": ("补打",)})))

    assert [line for line in again if line not in first] == ["【补打】"]


def test_a_ticket_for_an_english_speaker_has_no_chinese_words_of_ours() -> None:
    slip = SLIP.model_copy(
        update={"language": "en", "hall": "Service Centre", "service": "Tax", "zone": "A", "floor": "2F",
                "windows": "Window 3", "estimate": "10 min", "notice": "Please wait.", "labels": ()}
    )  # fmt: skip

    assert [line for line in texts(lay_out(slip)) if not line.replace("·", "").isascii()] == []


@given(st.integers(1, MAX_URL))
@settings(max_examples=60, deadline=None)
def test_our_size_of_a_qr_code_is_that_of_segno(length: int) -> None:
    data = ("http://hall.example/t/" + "a" * MAX_URL)[:length]

    code = segno.make(data.encode(), error="m", mode="byte", micro=False, boost_error=False)
    assert qr_modules(data) == len(code.matrix)


def test_a_link_that_is_too_long_for_the_paper_leaves_no_half_code() -> None:
    lines = lay_out(SLIP.model_copy(update={"track_url": "http://" + "a" * MAX_URL}))

    assert not [line for line in lines if isinstance(line, QrCode)]


def test_in_large_print_a_long_value_has_the_whole_width_under_its_label() -> None:
    lines = texts(lay_out(SLIP.model_copy(update={"large": True}), "张*", NARROW))

    label = lines.index("等候区域")
    assert lines[label + 1] == "2楼·商事登记区"  # beside the label it would be broken in two
    assert [line for line in lines if line.startswith("取号人") and line.endswith("张*")]
