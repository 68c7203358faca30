"""The image card's driver and simulator: what is acknowledged, drawn and refused."""

import base64
import io
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from devices.codecs import dot_text, onbon_image
from devices.codecs.dot_text import Face
from devices.codecs.onbon_image import Answer, ImageFrame, OnbonImageCodec
from devices.codecs.onbon_picture import decode_area
from devices.drivers.ledboard_onbon_image import OnbonImageBoard, OnbonImageSettings
from devices.errors import DeviceFault, WireTimeout
from devices.sim.base import NotPossible
from devices.sim.led_board_picture import PITCH
from devices.sim.led_image import SimLedImage
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden

VECTORS = "onbon_image.json"


def board(machine, **settings):
    wire = MemoryWire(machine)
    return OnbonImageBoard("led-1", wire, OnbonImageSettings(**settings)), wire


def said(error=0, *, dynamic=True, command=None):
    code = command or (onbon_image.REFUSED if error else onbon_image.ACK)
    return onbon_image.encode(ImageFrame(onbon_image.answer(Answer(code, error)), dynamic=dynamic))


def answering(*answers):
    left = list(answers)
    return Scripted(lambda request: [(0.01, left.pop(0))] if left else [])


async def test_going_dark_is_the_published_frame():
    driver, wire = board(answering(said()), device_type=0x0654)

    await driver.clear()

    assert wire.sent + b"\x5a" == golden(VECTORS, "bx6g_dyn_delete_all")


async def test_the_ping_has_the_recorded_body_and_any_ping_answer_is_a_sign_of_life():
    [recorded] = OnbonImageCodec().feed(golden(VECTORS, "bx6g_ping"))
    driver, wire = board(answering(said(dynamic=False, command=onbon_image.PING_ANSWER)))

    await driver.probe()

    [sent] = OnbonImageCodec().feed(wire.sent)
    assert sent.body == recorded.body
    assert (sent.dst, sent.src, sent.device) == (recorded.dst, recorded.src, recorded.device)


async def test_the_board_shows_the_dots_of_the_text_whatever_its_characters():
    sim = SimLedImage(64, 16)
    driver, _ = board(sim, width_px=64, height_px=16)

    await driver.show("龘𠮷A1")

    assert sim.pages == dot_text.pages("龘𠮷A1", Face(64, 16))
    assert len(sim.pages) == 1


@pytest.mark.parametrize("packing", ["one", "two-by-byte", "two-by-row"])
async def test_each_packing_brings_the_same_dots(packing):
    sim = SimLedImage(64, 16, packing=packing)
    driver, _ = board(sim, width_px=64, height_px=16, packing=packing)

    await driver.show("请A001")

    assert sim.pages == dot_text.pages("请A001", Face(64, 16))


async def test_a_long_text_becomes_pages_that_stand_as_long_as_set():
    driver, wire = board(answering(said()), width_px=64, height_px=16, page_stay_s=2.5)

    await driver.show("请A001到3号窗口办理业务")

    [frame] = OnbonImageCodec().feed(wire.sent)
    area = decode_area(onbon_image.read_command(frame.body)[1])
    assert len(area.pages) > 1
    assert {page.stay_10ms for page in area.pages} == {250}


async def test_a_busy_card_is_asked_again_and_a_refusal_has_the_cards_own_word():
    machine = answering(said(3), said(12))
    driver, wire = board(machine, busy_wait_s=0.5)

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请")
    assert caught.value.code == "board-font-missing"
    assert len(machine.heard) == 2
    assert wire.now_s() == pytest.approx(0.52)


async def test_a_card_that_stays_busy_is_given_up_after_the_tries_set():
    driver, wire = board(Scripted(lambda request: [(0.01, said(3))]), busy_tries=3)

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请")
    assert caught.value.code == "board-busy"
    assert wire.now_s() <= 3.0


@pytest.mark.parametrize(
    "answer",
    [b"", said(dynamic=False), said(command=onbon_image.PING_ANSWER)],
    ids=["none", "common", "ping"],
)
async def test_what_does_not_acknowledge_the_picture_confirms_nothing(answer):
    driver, wire = board(answering(answer) if answer else Scripted(lambda request: []), reply_timeout_s=2)

    with pytest.raises(WireTimeout):
        await driver.show("请")
    assert wire.now_s() == pytest.approx(2)


@pytest.mark.parametrize("tolerate", [True, False])
async def test_an_answer_with_a_wrong_checksum_counts_only_where_it_is_tolerated(tolerate):
    good = said()
    driver, _ = board(
        answering(good[:-3] + bytes((good[-3] ^ 1,)) + good[-2:]), tolerate_reply_checks=tolerate
    )

    if tolerate:
        await driver.show("请")
    else:
        with pytest.raises(WireTimeout):
            await driver.show("请")


async def test_without_its_font_the_driver_refuses_and_sends_nothing():
    driver, wire = board(SimLedImage(), font="missing.ttf")

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请")
    assert caught.value.code == "board-no-font"
    assert wire.sent == b""


async def test_a_text_with_too_many_pages_is_refused():
    driver, wire = board(SimLedImage(64, 16), width_px=64, height_px=16, frame_max=1024)

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请" * 100)
    assert caught.value.code == "board-text-too-long"
    assert wire.sent == b""


def test_a_text_is_as_large_as_it_fits():
    def height(dots):
        return max(y for _, y in dots) - min(y for _, y in dots) + 1

    [large], [small] = dot_text.pages("请", Face(128, 32)), dot_text.pages("请A001到3号窗口", Face(128, 32))

    assert height(large) > 24
    assert {x for x, _ in small} <= set(range(128))


def test_a_ticket_number_is_never_broken_over_two_lines_or_pages():
    face = Face(48, 16)
    alone = dot_text.pages("A001", face)

    pages = dot_text.pages("请到A001", face)

    assert pages == dot_text.pages("请到", face) + alone


def test_every_page_of_a_text_holds_dots_inside_the_board():
    pages = dot_text.pages("欢迎光临 A001 abcdefghijklmnopqrstuvwxyz 请保管好随身物品", Face(48, 16))

    assert len(pages) > 3
    assert all(0 <= x < 48 and 0 <= y < 16 for dots in pages for x, y in dots)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=30), st.sampled_from([(32, 16), (64, 32), (8, 8)]))
def test_every_text_becomes_pages_inside_the_board_and_the_same_ones_each_time(text, size):
    face = Face(*size, least_glyph=8)

    pages = dot_text.pages(text, face)

    assert pages == dot_text.pages(text, face)
    assert all(0 <= x < size[0] and 0 <= y < size[1] for dots in pages for x, y in dots)


def test_what_no_font_has_is_a_question_mark_and_not_a_box():
    assert dot_text.pages("ༀ", Face(64, 16)) == dot_text.pages("?", Face(64, 16))
    assert dot_text.pages("a\tb", Face(64, 16)) == dot_text.pages("a b", Face(64, 16))


def test_the_hall_has_its_font():
    assert dot_text.FONT.is_file() or not Path(dot_text.FONT.parent).exists()


async def test_the_lab_shows_what_is_lit():
    sim = SimLedImage(64, 16)
    driver, wire = board(sim, width_px=64, height_px=16)
    dark = sim.state()
    await driver.show("请到")
    bright = sim.state()
    sim.do("power", {"on": False}, 0)
    off = sim.state()
    with pytest.raises(NotPossible):
        sim.do("power", {"on": False}, 0)

    picture = Image.open(io.BytesIO(base64.b64decode(bright["png"].partition(",")[2]))).convert("RGB")
    assert picture.size == (PITCH * 66, PITCH * 18)
    assert sum(picture.getchannel("R").histogram()[180:]) > 500
    assert (dark["lit"], bright["lit"], off["lit"]) == (False, True, False)
    assert sim.explain("rx", wire.sent) == "show 1 page(s)"
    assert sim.explain("tx", wire.got) == "done"


def test_the_simulator_refuses_what_a_card_would():
    sim = SimLedImage()
    sim.do("refuse-next", {"error": 12}, 0)
    told = []
    for code, dynamic in ((onbon_image.PING, False), (b"\xa7\x77", True), (onbon_image.SHOW, True)):
        sim.receive(onbon_image.encode(ImageFrame(onbon_image.command(code), dynamic=dynamic)), 0)
        [frame] = OnbonImageCodec().feed(sim.poll(1))
        told.append(onbon_image.read_answer(frame.body).error)

    assert told == [12, 2, 25]
    with pytest.raises(ValueError):
        sim.do("refuse-next", {"error": 0}, 0)


@pytest.mark.parametrize(
    "bad", [{"width_px": 100}, {"packing": "three"}, {"page_stay_s": 0}, {"widht_px": 64}]
)
def test_a_setting_that_makes_no_sense_is_refused(bad):
    with pytest.raises(ValidationError):
        OnbonImageSettings(**bad)


def test_a_reader_of_pictures_reads_the_dots_as_the_text(tmp_path):
    """Tesseract knows neither our codec nor our font's cells: the bitmap that the card got is legible."""
    text = "请A001到3号窗口"
    [dots] = dot_text.pages(text, Face(128, 16))
    picture = Image.new("L", (128, 16), 255)
    for place in dots:
        picture.putpixel(place, 0)
    page = Image.new("L", (128 * 4 + 80, 16 * 4 + 80), 255)
    page.paste(picture.resize((128 * 4, 16 * 4), Image.Resampling.BICUBIC), (40, 40))
    page.save(tmp_path / "board.png")

    command = ["tesseract", str(tmp_path / "board.png"), "-", "-l", "chi_sim", "--psm", "7"]
    read = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout

    assert read.replace(" ", "").strip() == text
