"""What a SAM_V reader does besides giving a card: its number, its speed, newest address, photo, checks."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from datetime import date
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.codecs import id_number, id_text, photo, samv, samv_content
from devices.contracts.card_advice import SENTENCES
from devices.contracts.id_reader import CardKind, CardRead, IdCard, Validity
from devices.drivers.idreader_samv import SamvIdReader, SamvSettings
from devices.errors import DeviceFault
from devices.sim.id_reader import SimIdReader
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden, vectors

VECTORS = "idcard_sam.json"
CARD = id_text.decode(golden(VECTORS, "rsp_base_info")[14:270])
WLT = bytes(range(256)) * 4
ADDRESS = "上海市浦东新区世纪大道100号"


def reader(machine, **settings):
    wire = MemoryWire(machine)
    return SamvIdReader("reader-1", wire, SamvSettings(**settings)), wire


def placed(**card):
    sim = SimIdReader(finds_again=card.pop("finds_again", False))
    sim.do("place-card", {"card": card}, 0)
    return sim


def answering(**answers):
    """A reader that gives the published answers, but for those said here (command name -> bytes)."""
    known = {
        golden(VECTORS, "req_find"): golden(VECTORS, "rsp_find_ok"),
        golden(VECTORS, "req_select"): golden(VECTORS, "rsp_select_ok"),
        golden(VECTORS, "req_read_base"): golden(VECTORS, "rsp_base_info"),
        golden(VECTORS, "req_read_new_address"): golden(VECTORS, "rsp_new_address"),
    }
    known.update({golden(VECTORS, name): answer for name, answer in answers.items()})
    return Scripted(lambda request: [(0.01, known[request])])


def card_answer(card):
    return samv.reply(samv.OK, b"\x01\x00\x04\x00" + id_text.encode(card) + WLT)


# --- commands and contents ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, command",
    [
        ("req_sam_id", samv.SAM_NUMBER),
        ("req_read_base_fp", samv.READ_WITH_FINGERS),
        ("req_read_new_address", samv.NEWEST_ADDRESS),
        ("req_read_card_mgmt_no", samv.CARD_MANAGEMENT_NUMBER),
        ("req_set_max_rf", samv.MAX_RF + b"\x50"),
        *[(f"req_baud_{baud}", command) for baud, command in samv.SET_BAUD.items()],
    ],
)
def test_each_further_command_is_the_published_one(name, command):
    assert samv.encode(command) == golden(VECTORS, name)


@pytest.mark.parametrize(
    "name, command",
    [
        ("rsp_base_info", samv.READ_TEXT_PHOTO),
        ("rsp_base_info_fp", samv.READ_WITH_FINGERS),
        ("rsp_base_info_fp_none", samv.READ_WITH_FINGERS),
    ],
)
def test_the_published_answers_come_apart_into_text_photo_and_fingers(name, command):
    said = vectors(VECTORS)[name]["decoded"]
    (frame,) = samv.SamvCodec().feed(golden(VECTORS, name))

    parts = samv_content.blobs(command, frame.body[3:])

    assert id_text.decode(parts.text).name == "张三丰"
    assert len(parts.photo) == 1024
    assert len(parts.fingers) == said.get("fp_len", 0)


@settings(max_examples=60)
@given(st.binary(max_size=40), st.sampled_from([samv.READ_TEXT_PHOTO, samv.READ_WITH_FINGERS]))
def test_an_answer_of_other_sizes_is_refused(data, command):
    with pytest.raises(ValueError):
        samv_content.blobs(command, data)


@pytest.mark.parametrize(
    "name, sw3",
    [
        ("rsp_read_fail", 0x41),
        ("rsp_sam_auth_card_fail", 0x32),
        ("rsp_card_auth_sam_fail", 0x31),
        ("rsp_length_err", 0x11),
        ("rsp_bad_cmd", 0x21),
        ("rsp_unauthorised", 0x23),
        ("rsp_no_such_item", 0x91),
        ("rsp_unrecognised_card", 0x40),
        ("rsp_status_ok", 0x90),
    ],
)
def test_each_published_refusal_has_the_published_status_word(name, sw3):
    assert [frame.sw3 for frame in samv.SamvCodec().feed(golden(VECTORS, name))] == [sw3]


@pytest.mark.parametrize("sw3", samv.STATUS_WORDS)
def test_every_status_word_has_an_advice_and_two_sentences(sw3):
    meaning = samv.meaning_of(sw3)

    assert meaning.advice in SENTENCES or meaning.code == "item-missing"
    assert meaning.text.isascii()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in meaning.zh)


# --- the module --------------------------------------------------------------------------------------


async def test_the_modules_number_is_told_as_it_is_printed():
    driver, _ = reader(SimIdReader())

    assert await driver.sam_number() == "05.03-20990101-0000123456-1234567890"


async def test_the_module_can_be_restarted():
    driver, wire = reader(SimIdReader())
    await driver.reset()

    assert wire.sent == golden(VECTORS, "req_reset")


@pytest.mark.parametrize("baud", [57600, 9600])
async def test_after_a_change_of_speed_the_reader_is_as_slow_as_it_was_told(baud):
    sim = placed(name="示范")
    driver, wire = reader(sim)
    await driver.set_baud(baud)
    began_s = wire.now_s()
    card = await driver.poll_card()

    assert sim.state()["baud"] == baud
    assert card is not None
    assert wire.now_s() - began_s > 1295 * 10 / baud


async def test_a_speed_that_the_module_does_not_have_is_not_asked_for():
    driver, wire = reader(SimIdReader())

    with pytest.raises(ValueError, match="115200"):
        await driver.set_baud(1200)
    assert wire.sent == b""


async def test_the_longest_radio_frame_is_told_once_for_each_connection():
    driver, wire = reader(SimIdReader(), max_rf_bytes=0x50)
    await driver.probe()
    await driver.probe()

    assert wire.sent.count(golden(VECTORS, "req_set_max_rf")) == 1


# --- the newest address ------------------------------------------------------------------------------


async def test_the_published_newest_address_is_read():
    driver, _ = reader(answering(), newest_address="before")

    card = await driver.poll_card()

    assert card is not None
    assert card.newest_address == ADDRESS == vectors(VECTORS)["rsp_new_address"]["decoded"]["address"]


@pytest.mark.parametrize(
    "when, finds_again, expected", [("no", True, ""), ("before", False, ADDRESS), ("after", True, ADDRESS)]
)
async def test_the_newest_address_is_read_when_the_hall_wants_it(when, finds_again, expected):
    driver, _ = reader(placed(newest_address=ADDRESS, finds_again=finds_again), newest_address=when)

    card = await driver.poll_card()

    assert card is not None
    assert card.newest_address == expected


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_card_without_a_newest_address_is_read_all_the_same(when):
    driver, _ = reader(placed(finds_again=True), newest_address=when)

    card = await driver.poll_card()

    assert card is not None
    assert card.newest_address == ""


async def test_a_reader_that_does_not_find_the_card_again_costs_only_the_address():
    driver, _ = reader(placed(newest_address=ADDRESS), newest_address="after")

    card = await driver.poll_card()

    assert card is not None
    assert card.newest_address == ""


async def test_a_card_lifted_between_address_and_text_must_be_placed_again():
    finds = [golden(VECTORS, "rsp_find_ok"), samv.reply(samv.NO_NEW_CARD)]
    good = answering()
    machine = Scripted(
        lambda request: (
            [(0.01, finds.pop(0))] if request == golden(VECTORS, "req_find") else good.answer(request)
        )
    )
    driver, _ = reader(machine, newest_address="before")

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert (caught.value.code, caught.value.advice) == ("read-failed", "place-again")


# --- the photo ---------------------------------------------------------------------------------------


async def test_the_photo_is_dropped_unless_the_hall_keeps_it():
    dropped, _ = reader(placed())
    kept, _ = reader(placed(), photo="raw")

    without, with_photo = await dropped.poll_card(), await kept.poll_card()

    assert without is not None
    assert with_photo is not None
    assert (without.photo, without.photo_format) == ("", "")
    assert (b64decode(with_photo.photo), with_photo.photo_format) == (WLT, "wlt")
    assert with_photo.photo not in repr(with_photo) + repr(CardRead(card=with_photo)) + str(with_photo)


def decode_well(wlt: bytes) -> tuple[str, bytes]:
    return "image/png", wlt[:4]


def decode_never(wlt: bytes) -> tuple[str, bytes]:
    raise ValueError("not a photo")


@pytest.fixture
def _installed(monkeypatch):
    points = [EntryPoint(name, f"{__name__}:{name}", photo.GROUP) for name in ("decode_well", "decode_never")]
    loaded = {"decode_well": decode_well, "decode_never": decode_never}
    monkeypatch.setattr(EntryPoint, "load", lambda self: loaded[self.name])
    monkeypatch.setattr(photo, "entry_points", lambda group: points)


@pytest.mark.usefixtures("_installed")
async def test_an_installed_decoder_makes_a_picture_of_the_photo():
    driver, _ = reader(placed(), photo="decode_well")

    card = await driver.poll_card()

    assert card is not None
    assert (b64decode(card.photo), card.photo_format) == (WLT[:4], "image/png")


@pytest.mark.usefixtures("_installed")
async def test_a_decoder_that_fails_costs_the_picture_not_the_card():
    driver, _ = reader(placed(), photo="decode_never")

    card = await driver.poll_card()

    assert card is not None
    assert (card.photo, card.photo_format) == ("", "")


def test_a_decoder_that_is_not_installed_is_told_with_those_that_are():
    with pytest.raises(ValidationError, match="drop, raw"):
        SamvSettings(photo="wltrs")


# --- checks ------------------------------------------------------------------------------------------


async def test_a_birth_date_other_than_the_numbers_is_refused_without_telling_it():
    wrong = replace(CARD, birth=date(1950, 1, 1))
    driver, _ = reader(answering(req_read_base=card_answer(wrong)))

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert caught.value.code == "card-data"
    assert "1950" not in str(caught.value)


@pytest.mark.parametrize(
    "number, good", [("USA118080010119", True), ("USA118080010118", False), ("USA1", False)]
)
async def test_a_permit_of_2017_is_held_to_its_own_check_digit(number, good):
    block = id_text.decode(golden("idcard_text.json", "foreigner_2017_I"))
    driver, _ = reader(answering(req_read_base=card_answer(replace(block, id_number=number))))

    if good:
        card = await driver.poll_card()
        assert card is not None
        assert card.kind is CardKind.FOREIGNER_2017
    else:
        with pytest.raises(DeviceFault, match="unusable"):
            await driver.poll_card()


@pytest.mark.parametrize(
    "number, wrong",
    [
        ("USA118080010119", None),
        ("USA118080010110", "check-character"),
        ("USA", "length"),
        ("USA1180800101一9", "characters"),
    ],
)
def test_a_permit_number_is_judged(number, wrong):
    assert id_number.permit_problem(number) == wrong


@pytest.mark.parametrize(
    "today, validity",
    [
        (date(2019, 12, 31), Validity.NOT_YET_VALID),
        (date(2020, 1, 1), Validity.VALID),
        (date(2030, 1, 1), Validity.VALID),
        (date(2030, 1, 2), Validity.EXPIRED),
    ],
)
def test_a_card_counts_on_its_first_and_on_its_last_day(today, validity):
    card = IdCard(
        kind=CardKind.CITIZEN,
        name="张三",
        birth=date(1990, 1, 1),
        id_number="990000199001011234",
        valid_from=date(2020, 1, 1),
        valid_to=date(2030, 1, 1),
    )

    assert card.validity(today) is validity
    assert card.model_copy(update={"valid_to": None}).validity(date(2099, 1, 1)) is Validity.VALID
