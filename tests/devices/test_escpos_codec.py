"""ESC/POS commands against published vectors and against python-escpos as an independent encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from escpos.printer import Dummy
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import escpos
from devices.codecs.escpos_status import judge
from devices.contracts.health import Paper

VECTORS = {
    vector["id"]: bytes.fromhex(vector["hex"])
    for vector in json.loads((Path(__file__).parents[1] / "vectors" / "escpos.json").read_text())["vectors"]
}
BUILT = {
    "kanji_on": escpos.KANJI_ON,
    "ticket_no_big": escpos.size(2, 2) + b"A001" + escpos.size(),
    "cjk_big": escpos.KANJI_ON + escpos.kanji_size(2, 2) + escpos.encode_text("大口") + escpos.kanji_size(),
    "dle_eot_1": escpos.ask_status(1),
    "dle_eot_2": escpos.ask_status(2),
    "dle_eot_3": escpos.ask_status(3),
    "dle_eot_4": escpos.ask_status(4),
    "gs_r_1": escpos.ASK_PAPER,
    "asb_on": escpos.ASB_ON,
    "asb_off": escpos.ASB_OFF,
    "process_id_req": escpos.process_id("A001"),
    "gs_i_66": escpos.ask_identity(66),
    "cut_partial_feed": escpos.cut("partial"),
    "qr": escpos.qr(b"https://zw.example/q/A001", 6, "M"),
    "recover": escpos.RECOVER_AND_CLEAR,
}


@pytest.mark.parametrize("name", BUILT)
def test_a_command_is_byte_for_byte_that_of_the_manual(name: str) -> None:
    wanted = VECTORS[name]
    if name == "cjk_big":  # the vector prints two other characters
        wanted = wanted.replace(wanted[5:9], escpos.encode_text("大口"))

    assert BUILT[name] == wanted


def test_our_qr_code_is_that_of_python_escpos() -> None:
    other = Dummy()
    other.qr("http://hall.example/t/5f3c9a1be7d24c6a", ec=1, size=6, model=2, native=True)

    assert escpos.qr(b"http://hall.example/t/5f3c9a1be7d24c6a", 6, "M") in other.output


def test_our_cut_is_that_of_python_escpos() -> None:
    other = Dummy()
    other.cut(mode="PART", feed=False)  # 3.1 sends the same for FULL, so that is no oracle

    assert other.output == escpos.cut("partial")


def test_a_yen_sign_becomes_the_one_that_gbk_printers_have() -> None:
    assert escpos.encode_text("¥5") == bytes.fromhex("a3a4") + b"5"
    assert VECTORS["yen_trap"] not in escpos.encode_text("¥")


def test_a_character_of_four_bytes_becomes_a_geta_mark_on_a_gbk_printer() -> None:
    rare = VECTORS["rare_4byte"].decode("gb18030")

    assert escpos.encode_text(rare + "*") == "〓*".encode("gbk")
    assert escpos.encode_text(rare, "gb18030") == VECTORS["rare_4byte"]


@given(st.text())
@settings(max_examples=200)
def test_no_text_can_carry_a_command(text: str) -> None:
    encoded = escpos.encode_text(text)

    assert not any(byte < 0x20 or byte == 0x7F for byte in encoded)


@given(st.text())
@settings(max_examples=200)
def test_printable_text_is_as_wide_as_its_bytes_say(text: str) -> None:
    shown = escpos.printable(text)

    assert escpos.columns(shown) == len(shown.encode("gbk"))


@pytest.mark.parametrize("wide, high", [(0, 1), (9, 1), (1, 0), (1, 9)])
def test_a_size_that_no_printer_has_is_refused(wide: int, high: int) -> None:
    with pytest.raises(ValueError, match="character size"):
        escpos.size(wide, high)


@pytest.mark.parametrize("job", ["", "A01", "A0012", "A\n01", "叫001"])
def test_a_process_id_is_four_printable_characters(job: str) -> None:
    with pytest.raises(ValueError):
        escpos.process_id(job)


@given(st.integers(0, 94**3 - 2))
def test_neighbouring_jobs_have_different_ids_that_every_printer_takes(number: int) -> None:
    assert escpos.process_name(number) != escpos.process_name(number + 1)
    assert escpos.process_id(escpos.process_name(number))


@pytest.mark.parametrize(
    "answers, paper, reason",
    [
        ((0x12, 0x12, 0x12, 0x12), Paper.FULL, ""),
        ((0x16, 0x12, 0x12, 0x12), Paper.FULL, ""),  # a drawer pin is nobody's business
        ((0x12, 0x12, 0x12, 0x1E), Paper.LOW, ""),
        ((0x1A, 0x32, 0x12, 0x7E), Paper.OUT, "paper-out"),
        ((0x12, 0x12, 0x12, 0x72), Paper.OUT, "paper-out"),
        ((0x1A, 0x16, 0x12, 0x12), Paper.FULL, "cover-open"),
        ((0x1A, 0x36, 0x12, 0x7E), Paper.OUT, "cover-open"),
        ((0x1A, 0x52, 0x1A, 0x12), Paper.JAMMED, "cutter"),
        ((0x1A, 0x52, 0x32, 0x12), Paper.FULL, "printer-fault"),
        ((0x1A, 0x52, 0x52, 0x12), Paper.FULL, "printer-fault"),
        ((0x1A, 0x12, 0x12, 0x12), Paper.FULL, "offline"),
    ],
)
def test_status_bytes_say_whether_it_can_print_and_why_not(
    answers: tuple[int, int, int, int], paper: Paper, reason: str
) -> None:
    condition = judge(*answers)

    assert (condition.paper, condition.reason) == (paper, reason)
