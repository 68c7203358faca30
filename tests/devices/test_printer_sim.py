"""The simulated printer understands bytes as a real one does, and shows what came out."""

from __future__ import annotations

import base64
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.codecs import escpos
from devices.codecs.escpos_replies import ProcessId, ReplyDemultiplexer
from devices.codecs.escpos_ticket import ticket_bytes
from devices.codecs.ticket_layout import NARROW, WIDE, PaperWidth, lay_out
from devices.codecs.ticket_lines import TextLine
from devices.sim.base import NotPossible
from devices.sim.printer import SimPrinter
from tests.devices.slips import SLIP, SLIPS

TICKET = ticket_bytes(lay_out(SLIP, "张*"), WIDE.columns)


def hear(sim: SimPrinter, until_s: float = 60.0) -> list[tuple[float, bytes]]:
    """Let time pass; return what the printer said and when."""
    said = []
    now_s = 0.0
    while (due_s := sim.next_due_s()) is not None and due_s <= until_s:
        now_s = max(now_s, due_s)
        if data := sim.poll(now_s):
            said.append((now_s, data))
    return said


def printed(raw: bytes, **knobs: object) -> SimPrinter:
    sim = SimPrinter(**knobs)  # type: ignore[arg-type]
    sim.receive(raw, 0.0)
    hear(sim)
    return sim


@given(SLIPS, st.sampled_from([WIDE, NARROW]))
@settings(max_examples=60, deadline=None)
def test_the_text_that_comes_out_is_the_text_of_the_layout(slip: object, paper: PaperWidth) -> None:
    lines = lay_out(slip, "张*", paper)  # type: ignore[arg-type]
    sim = printed(ticket_bytes(lines, paper.columns), width_dots=paper.dots)

    wanted = [
        "".join(span.text for span in line.spans).strip() for line in lines if isinstance(line, TextLine)
    ]
    shown = [line for line in sim.tickets[-1].text.split("\n") if not line.startswith(("[QR]", "━", "─"))]
    assert shown == [line for line in wanted if line and not line.startswith(("[QR]", "━", "─"))]
    assert sim.unknown_commands == 0


def test_the_printed_ticket_names_everything_on_the_slip() -> None:
    text = printed(TICKET).tickets[-1].text

    for wanted in (SLIP.hall, "A001", SLIP.service, "1–3号窗口", "5人", "张*", "【补打】", SLIP.issued_at):
        assert wanted in text
    assert f"[QR] {SLIP.track_url}" in text


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_how_the_bytes_are_cut_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    whole, parts = printed(TICKET), SimPrinter()
    place = 0
    while place < len(TICKET):
        length = chance.randint(1, 40)
        parts.receive(TICKET[place : place + length], 0.0)
        place += length
    hear(parts)

    assert parts.tickets[-1].strips == whole.tickets[-1].strips


def test_the_picture_is_as_wide_as_the_paper_and_has_the_number_in_it() -> None:
    url = printed(TICKET).state()["tickets"][0]["png"]
    image = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))).convert("L")

    assert image.width == 576
    rows = [min(image.crop((0, y, 576, y + 1)).get_flattened_data()) for y in range(image.height)]
    assert sum(dark < 128 for dark in rows) > 300  # ink on many rows
    assert min(rows[:40]) > 200  # and a white margin on top


def test_status_is_answered_at_once_even_while_it_prints_and_without_paper() -> None:
    sim = SimPrinter()
    sim.receive(TICKET, 0.0)
    sim.poll(0.3)
    sim.do("paper", {"state": "out"}, 0.3)
    sim.receive(escpos.ask_status(4), 0.3)

    assert sim.poll(0.31) == b"\x7e"


def test_the_proof_comes_when_the_paper_has_moved_and_not_before() -> None:
    sim = SimPrinter(speed_mm_s=100)
    sim.receive(TICKET + escpos.process_id("T!!!"), 0.0)

    [(at_s, answer)] = hear(sim)
    assert ReplyDemultiplexer().feed(answer) == [ProcessId("T!!!")]
    assert at_s > sum(strip.dots for strip in sim.tickets[-1].strips[1:]) / 8 / 100


def test_input_arrives_at_the_speed_of_the_line() -> None:
    sim = SimPrinter(baud=9600)
    sim.receive(b"\n" * 959 + escpos.ask_status(1)[:1], 0.0)
    sim.receive(escpos.ask_status(1)[1:], 0.0)

    assert sim.poll(962 * 10 / 9600 - 0.001) == b""
    assert sim.poll(962 * 10 / 9600 + 0.001) == b"\x12"


def test_paper_out_in_the_middle_stops_it_and_new_paper_lets_it_go_on() -> None:
    sim = SimPrinter()
    sim.do("paper", {"state": "out", "after_mm": 60}, 0.0)
    sim.receive(TICKET + escpos.process_id("T!!!"), 0.0)

    assert hear(sim) == []
    assert sim.state()["half_ticket"]
    assert not sim.tickets
    sim.do("paper", {"state": "full"}, 50.0)
    assert [answer for _, answer in hear(sim)] == [b"\x37\x22T!!!\x00"]
    assert not sim.tickets[-1].whole
    assert sim.tickets[-1].text == printed(TICKET).tickets[-1].text


def test_a_printer_that_forgets_its_buffer_prints_nothing_more() -> None:
    sim = SimPrinter(keeps_buffer=False)
    sim.do("paper", {"state": "out", "after_mm": 60}, 0.0)
    sim.receive(TICKET + escpos.process_id("T!!!"), 0.0)
    hear(sim)

    sim.do("paper", {"state": "full"}, 50.0)

    assert hear(sim) == []
    assert not sim.tickets


def test_without_power_it_is_silent_and_the_half_ticket_is_gone() -> None:
    sim = SimPrinter()
    sim.do("cut-power", {"after_mm": 60}, 0.0)
    sim.receive(TICKET, 0.0)
    hear(sim)
    sim.receive(escpos.ask_status(1), 20.0)
    assert sim.poll(21.0) == b""

    sim.do("restore-power", {}, 30.0)
    sim.receive(escpos.ask_status(1), 30.0)

    assert sim.poll(31.0) == b"\x12"
    assert not sim.tickets


def test_automatic_status_tells_what_changed_unasked() -> None:
    sim = SimPrinter()
    sim.receive(escpos.ASB_ON, 0.0)
    assert sim.poll(1.0) == bytes.fromhex("10000000")

    sim.do("cover", {"open": True}, 2.0)
    assert sim.poll(2.0) == bytes.fromhex("38000000")
    sim.do("cover", {"open": False}, 3.0)
    sim.do("paper", {"state": "out"}, 4.0)

    assert sim.poll(4.0) == bytes.fromhex("10000000 18000f00")


def test_a_ticket_is_taken_once() -> None:
    sim = printed(TICKET)
    sim.do("take", {}, 60.0)

    assert sim.state()["tickets"][0]["taken"]
    with pytest.raises(NotPossible, match="no ticket"):
        sim.do("take", {}, 60.0)


@pytest.mark.parametrize(
    "action, params",
    [("paper", {"state": "wet"}), ("cover", {"open": "yes"}), ("jam", {"part": "x"}), ("fly", {})],
)
def test_a_knob_turned_wrongly_is_refused_with_a_reason(action: str, params: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"one of|true or false|no knob"):
        SimPrinter().do(action, params, 0.0)


def test_an_unknown_command_is_skipped_and_counted() -> None:
    sim = printed(b"\x1b@\x1bz\x1d(Z\x03\x00abc" + b"hello\n" + escpos.cut())

    assert sim.tickets[-1].text == "hello"
    assert sim.unknown_commands == 1  # GS ( Z is of a family that is skipped by its length


def test_chinese_without_fs_and_is_rubbish_as_on_a_real_printer() -> None:
    sim = printed(escpos.INIT + escpos.KANJI_OFF + "您好".encode("gbk") + b"\n" + escpos.cut())

    assert "您好" not in sim.tickets[-1].text


def test_a_raster_picture_comes_out_dot_by_dot() -> None:
    sim = printed(bytes.fromhex("1d76300001000200ff81") + b"x\n" + escpos.cut())
    raster = sim.tickets[-1].strips[1]

    assert (getattr(raster, "rows", b""), raster.dots) == (b"\xff\x81", 2)


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_printer(raw: bytes) -> None:
    sim = SimPrinter()
    sim.receive(raw, 0.0)
    hear(sim)

    sim.receive(escpos.ask_status(1) * 8, 100.0)
    assert sim.poll(101.0)
    assert isinstance(sim.explain("rx", raw), str)
    assert isinstance(sim.explain("tx", raw), str)


def test_the_frame_list_shows_a_tickets_text_and_a_questions_name() -> None:
    sim = SimPrinter()

    assert "“A001”" in sim.explain("rx", TICKET)
    assert sim.explain("rx", escpos.ask_status(4)) == "[DLE EOT 4: paper?]"
    assert sim.explain("tx", b"\x37\x22T!!!\x00") == "printing finished: process id T!!!"
