from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import id_text
from tests.golden import golden, vectors
from tests.strategies import cards


def test_the_published_citizen_block_is_read_and_written_byte_for_byte():
    frame = golden("idcard_sam.json", "rsp_base_info")
    said = vectors("idcard_sam.json")["rsp_base_info"]["decoded"]["text"]
    block = frame[14 : 14 + id_text.TEXT_BYTES]

    card = id_text.decode(block)

    assert (card.kind, card.name, card.id_number) == ("citizen", said["name"], said["idno"])
    assert (card.sex, card.nation, card.address) == (said["sex"], said["nation"], said["address"])
    assert (card.issuer, card.birth) == (said["issuer"], date(1949, 12, 31))
    assert (card.valid_from, card.valid_to) == (date(2020, 1, 1), None)
    assert id_text.encode(card) == block


def test_the_published_block_of_a_foreigner_of_2017_is_read_and_written_byte_for_byte():
    block = golden("idcard_text.json", "foreigner_2017_I")

    card = id_text.decode(block)

    assert (card.kind, card.english_name, card.name) == ("foreigner-2017", "SMITH, JOHN PAUL", "史密斯")
    assert (card.id_number, card.nation, card.birth) == ("USA118080010119", "USA", date(1980, 1, 1))
    assert (card.version, card.issuer, card.valid_to) == ("01", "1500", date(2028, 6, 1))
    assert id_text.encode(card) == block


def test_the_published_block_of_a_foreigner_of_2023_is_read_and_written_byte_for_byte():
    block = golden("idcard_text.json", "foreigner_2023_Y")

    card = id_text.decode(block)

    assert (card.kind, card.english_name, card.name) == ("foreigner-2023", "SMITH, JOHN PAUL", "史密斯")
    assert (card.id_number, card.nation, card.old_link) == ("911840198001011235", "USA", "801")
    assert (card.valid_from, card.valid_to) == (date(2023, 12, 1), date(2033, 12, 1))
    assert id_text.encode(card) == block


@settings(max_examples=80)
@given(cards())
def test_every_card_of_every_kind_survives_the_block(card):
    block = id_text.encode(card)

    assert len(block) == id_text.TEXT_BYTES
    assert id_text.decode(block) == card


def test_an_english_name_longer_than_one_field_goes_on_in_the_second():
    name = "A" * 34 + " " + "B" * 11  # the first field ends with a space that belongs to the name
    card = id_text.CardText(
        "foreigner-2023", "", "1", date(1990, 1, 1), "99984019900101001X", name, "USA", old_link="990"
    )

    assert id_text.decode(id_text.encode(card)).english_name == name


@settings(max_examples=150)
@given(st.binary(min_size=256, max_size=256))
def test_a_block_of_rubbish_is_refused_without_telling_its_content(block):
    with pytest.raises(ValueError) as caught:
        id_text.decode(block)

    assert str(caught.value).startswith("the field ")


CARD = id_text.decode(golden("idcard_sam.json", "rsp_base_info")[14:270])


@pytest.mark.parametrize(
    "changes", [{"name": "很" * 16}, {"travel_permit": "H1"}, {"kind": "student"}, {"english_name": "A"}]
)
def test_what_does_not_fit_on_the_card_is_refused_not_cut_off(changes):
    with pytest.raises(ValueError):
        id_text.encode(replace(CARD, **changes))


@pytest.mark.parametrize(
    "at, text", [(36, "19491331"), (204, "        "), (204, "２０２００１０１"), (30, "3")]
)
def test_a_field_that_makes_no_sense_is_refused(at, text):
    block = bytearray(id_text.encode(CARD))
    block[at : at + 2 * len(text)] = text.encode("utf-16-le")

    with pytest.raises(ValueError):
        id_text.decode(bytes(block))


def test_a_card_in_a_traceback_names_nobody():
    shown = repr(CARD) + str(CARD)

    assert CARD.name not in shown
    assert CARD.id_number not in shown
