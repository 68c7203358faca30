"""At its installation a printer is asked what it can do; the settings follow from that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import ValidationError

from devices.agent.printer_probe import examine_printer
from devices.codecs.escpos_capabilities import Capabilities
from devices.codecs.ticket_lines import Picture
from devices.contracts.health import Paper
from devices.contracts.printer import PrintOutcome
from devices.drivers.printer_escpos import EscPosPrinter, EscPosSettings
from devices.sim.printer import SimPrinter
from devices.sim.printer_page import BarStrip, QrStrip, RasterStrip
from devices.transports.memory import MemoryWire
from tests.devices.slips import SLIP

FULL: dict[str, Any] = {}
CLONE = {"answers_process_id": False}
MUTE_CLONE = {"answers_process_id": False, "answers_paper_query": False}


def printer(knobs: dict[str, Any], **settings: Any) -> tuple[EscPosPrinter, SimPrinter, MemoryWire]:
    sim = SimPrinter(**knobs)
    wire = MemoryWire(sim)
    return EscPosPrinter("printer-1", wire, EscPosSettings(**settings)), sim, wire


@pytest.mark.parametrize(
    ("knobs", "proof", "lines"),
    [
        (FULL, "process-id", ['proof = "process-id"']),
        (CLONE, "buffer-drained", ['proof = "buffer-drained"']),
        (MUTE_CLONE, "none", []),
    ],
)
async def test_the_proof_that_a_printer_gives_is_found_out_without_paper(
    knobs: dict[str, Any], proof: str, lines: list[str]
) -> None:
    driver, sim, wire = printer(knobs)

    found = await driver.capabilities()

    assert (found.answers_status, found.proof, found.name) == (True, proof, "TINGTONG SIM-80")
    assert found.settings_lines() == lines
    wire.pass_time(10)
    assert sim.poll(wire.now_s()) == b""
    assert not sim.tickets


async def test_what_was_found_is_what_a_ticket_is_then_proved_by() -> None:
    for knobs in (FULL, CLONE):
        driver, _, _ = printer(knobs)
        [line] = (await driver.capabilities()).settings_lines()
        proof = line.split('"')[1]

        result = await printer(knobs, proof=proof)[0].print_ticket("job-1", SLIP)

        assert (result.outcome, result.proof.value) == (PrintOutcome.PRINTED, proof)


async def test_a_silent_printer_is_told_in_one_sentence_with_its_remedy() -> None:
    driver, sim, wire = printer(FULL)
    sim.do("cut-power", {}, wire.now_s())

    found = await driver.capabilities()

    assert found == Capabilities(answers_status=False)
    assert len(found.sentences("zh")) == len(found.sentences("en")) == 1
    assert "baud rate" in found.sentences("en")[0]
    assert found.settings_lines() == []


@pytest.mark.parametrize(("state", "near_end"), [("full", None), ("low", True), ("out", None)])
async def test_a_near_end_sensor_shows_itself_only_when_paper_is_low(
    state: str, near_end: bool | None
) -> None:
    driver, sim, wire = printer(FULL)
    sim.do("paper", {"state": state}, wire.now_s())

    assert (await driver.capabilities()).near_end is near_end


@pytest.mark.parametrize("reason", ["", "paper-out"])
@pytest.mark.parametrize("proof", ["process-id", "buffer-drained", "none"])
def test_both_languages_say_as_much_and_name_the_reason(reason: str, proof: Any) -> None:
    found = Capabilities(True, proof, Paper.FULL, reason, "EPSON TM")

    chinese, english = found.sentences("zh"), found.sentences("en")
    assert len(chinese) == len(english)
    assert any(reason in sentence for sentence in english)
    assert all(sentence.isascii() for sentence in english)
    assert not any(sentence.isascii() for sentence in chinese)


@pytest.mark.parametrize("paper", ["80mm", "58mm"])
async def test_the_test_page_shows_each_font_as_text_and_as_a_picture_and_both_codes(paper: str) -> None:
    knobs = {"width_dots": 576 if paper == "80mm" else 384, "codepage": "gb18030"}
    driver, sim, _ = printer(knobs, paper=paper)

    result = await driver.print_test_page()

    assert result.outcome is PrintOutcome.PRINTED
    [page] = sim.tickets
    for wanted in ("gb2312: 政务服务中心", "gbk: 喆镕堃", "gb18030: 㛃㐂", "厅通", "1234567890"):
        assert wanted in page.text
    sorts = [type(strip) for strip in page.strips]
    assert (sorts.count(RasterStrip), sorts.count(QrStrip), sorts.count(BarStrip)) == (3, 1, 1)
    assert sim.unknown_commands == 0


async def test_on_a_gbk_printer_the_last_line_of_the_test_page_cannot_be_read() -> None:
    driver, sim, _ = printer(FULL)

    await driver.print_test_page()

    assert "gbk: 喆镕堃" in sim.tickets[0].text
    assert "㛃㐂" not in sim.tickets[0].text


async def test_the_doctor_hears_all_of_it_and_nothing_of_another_driver() -> None:
    driver, _, _ = printer(FULL)

    said = await examine_printer(driver, "zh", test_page=True)

    assert "测试页：已打印" in said
    assert said[-1] == '写入 [device.settings]：proof = "process-id"'
    assert await examine_printer(object()) == []


async def test_a_logo_is_at_the_head_of_each_ticket(tmp_path: Path) -> None:
    Image.new("L", (100, 50)).save(tmp_path / "logo.png")
    driver, sim, _ = printer(FULL, logo=str(tmp_path / "logo.png"), logo_mm=6)

    await driver.print_ticket("job-1", SLIP)

    first = next(strip for strip in sim.tickets[0].strips if isinstance(strip, RasterStrip))
    assert (first.wide, first.dots) == (12, 48)
    assert sim.tickets[0].strips.index(first) == 1  # after the blank paper of the ticket before
    assert Picture(first.rows, first.wide).high == 48


def test_a_logo_that_is_not_there_is_an_error_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="give the path of a PNG file"):
        EscPosSettings(logo=str(tmp_path / "missing.png"))


async def test_a_site_may_have_the_number_as_a_barcode_too() -> None:
    driver, sim, _ = printer(FULL, barcode=True)

    await driver.print_ticket("job-1", SLIP)

    assert [strip.data for strip in sim.tickets[0].strips if isinstance(strip, BarStrip)] == ["A001"]


async def test_a_long_ticket_on_a_slow_line_is_waited_for() -> None:
    """Pictures make a ticket longer than a slow line carries in the usual time for a proof."""
    driver, sim, _ = printer({"baud": 9600, "codepage": "gbk"}, codepage="gb2312", proof_timeout_s=3.0)
    slip = SLIP.model_copy(update={"service": "镕" * 12, "hall": "镕" * 12, "zone": "镕" * 8})

    result = await driver.print_ticket("job-1", slip, "喆*")

    assert result.outcome is PrintOutcome.PRINTED
    assert sim.tickets
