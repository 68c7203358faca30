import json

import pytest

from devices.codecs import id_number, id_text, samv
from devices.contracts import persons
from devices.sim.base import NotPossible
from devices.sim.id_reader import SimIdReader
from tests.golden import golden

FIND, SELECT, READ = samv.encode(samv.FIND), samv.encode(samv.SELECT), samv.encode(samv.READ_TEXT_PHOTO)


def ask(sim, request, now_s=0.0):
    """Send a request; return (the answer's frame, when its last byte had left)."""
    sim.receive(request, now_s)
    codec, frames = samv.SamvCodec(), []
    while (due_s := sim.next_due_s()) is not None:
        now_s = due_s
        frames += codec.feed(sim.poll(now_s))
    [frame] = frames
    return frame, now_s


def with_card(**card):
    sim = SimIdReader()
    sim.do("place-card", {"card": card}, 0)
    return sim


def card_read_from(sim):
    for request in (FIND, SELECT):
        ask(sim, request)
    frame, _ = ask(sim, READ)
    return id_text.decode(frame.body[7:263])


def test_the_answers_are_the_published_bytes():
    sim = with_card()
    sim.receive(FIND, 0)
    found = sim.poll(10)
    sim.receive(SELECT, 10)
    selected = sim.poll(20)

    assert found == golden("idcard_sam.json", "rsp_find_ok")
    assert selected == golden("idcard_sam.json", "rsp_select_ok")


def test_it_goes_through_its_states_in_order():
    sim = SimIdReader()
    seen = [sim.state()["state"]]
    sim.do("place-card", {}, 0)
    seen.append(sim.state()["state"])
    for request in (FIND, SELECT, READ):
        ask(sim, request)
        seen.append(sim.state()["state"])
    sim.do("lift-card", {}, 0)
    seen.append(sim.state()["state"])

    assert seen == ["empty", "placed", "found", "selected", "read", "empty"]


@pytest.mark.parametrize("before, request_, sw", [([], READ, 0x41), ([FIND], READ, 0x41), ([], SELECT, 0x81)])
def test_a_step_left_out_is_refused(before, request_, sw):
    sim = with_card()
    for request in before:
        ask(sim, request)

    assert ask(sim, request_)[0].sw3 == sw


def test_a_card_that_was_read_is_not_found_until_it_is_lifted():
    sim = with_card()
    card_read_from(sim)

    assert ask(sim, FIND)[0].sw3 == samv.NO_NEW_CARD


def test_the_answer_takes_the_readers_time_and_the_wires_time():
    sim = SimIdReader(read_s=0.65, baud=115200)
    sim.do("place-card", {}, 0)
    ask(sim, FIND)
    ask(sim, SELECT, 1.0)

    _, end_s = ask(sim, READ, 2.0)

    assert end_s == pytest.approx(2.0 + 0.65 + 1295 * 10 / 115200)


def test_a_long_answer_comes_bit_by_bit():
    sim = with_card()
    for request in (FIND, SELECT):
        ask(sim, request)
    sim.receive(READ, 0)
    first_s = sim.next_due_s()

    assert 0 < len(sim.poll(first_s)) < 1295
    assert sim.next_due_s() > first_s


def test_a_damaged_request_is_told_to_the_host_and_half_a_request_is_forgotten():
    sim = SimIdReader()

    assert ask(sim, FIND[:-1] + b"\xff")[0].sw3 == samv.HOST_CHECKSUM
    sim.receive(samv.PREAMBLE + b"\x03\x20", 5.0)
    assert ask(sim, FIND, 6.0)[0].sw3 == samv.NO_NEW_CARD


def test_an_unknown_command_is_refused():
    assert ask(SimIdReader(), samv.encode(b"\x77\x01"))[0].sw3 == 0x21


@pytest.mark.parametrize("kind", ["citizen", "hmt", "foreigner-2017", "foreigner-2023"])
def test_a_made_up_card_of_each_kind_has_a_right_number(kind):
    card = card_read_from(with_card(kind=kind))

    if kind == "foreigner-2017":
        assert id_number.permit_check_digit(card.id_number[:14]) == card.id_number[14]
    else:
        assert persons.problem(card.id_number) is None
        assert persons.birth_of(card.id_number) == card.birth


def test_a_made_up_citizen_lives_nowhere_and_each_is_another_one():
    sim = with_card()
    first = card_read_from(sim)
    sim.do("lift-card", {}, 0)
    sim.do("place-card", {}, 0)
    second = card_read_from(sim)

    assert first.id_number.startswith("990000")
    assert second.id_number.startswith("990000")
    assert first.id_number != second.id_number


def test_what_is_said_of_a_card_is_on_it():
    said = {"name": "欧阳示范", "id_number": "11010519491231002x", "valid_to": "长期", "address": "示范路3号"}

    card = card_read_from(with_card(**said))

    assert (card.name, card.address, card.valid_to) == ("欧阳示范", "示范路3号", None)
    assert card.id_number == "11010519491231002X"
    assert f"{card.birth}" == "1949-12-31"


@pytest.mark.parametrize(
    "card",
    [
        {"id_number": "110105194912310021"},
        {"id_number": "11010519491231002X", "birth": "1950-01-01"},
        {"kind": "foreigner-2017", "id_number": "USA118080010118"},
        {"kind": "student"},
        {"nickname": "x"},
        {"name": "很" * 16},
        {"birth": "yesterday"},
        "a card",
    ],
)
def test_a_card_that_cannot_be_is_refused_and_the_reader_stays_empty(card):
    sim = SimIdReader()

    with pytest.raises(ValueError):
        sim.do("place-card", {"card": card}, 0)
    assert sim.state()["state"] == "empty"


def test_two_cards_do_not_lie_on_one_reader_and_no_card_cannot_be_lifted():
    sim = with_card()

    with pytest.raises(NotPossible):
        sim.do("place-card", {}, 0)
    sim.do("lift-card", {}, 0)
    with pytest.raises(NotPossible):
        sim.do("lift-card", {}, 0)


@pytest.mark.parametrize("action, params", [("fail-next", {"sw": "90"}), ("sam", {"sw": "x"}), ("dance", {})])
def test_a_knob_turned_wrongly_is_refused(action, params):
    with pytest.raises(ValueError):
        SimIdReader().do(action, params, 0)


def test_nothing_that_is_seen_in_the_lab_names_the_person():
    sim = with_card(name="欧阳示范", id_number="11010519491231002X", address="示范路3号")
    for request in (FIND, SELECT):
        ask(sim, request)
    sim.receive(READ, 0)
    answer = sim.poll(10)
    seen = (
        json.dumps(sim.state(), ensure_ascii=False) + sim.explain("tx", answer) + sim.mask_hex("tx", answer)
    )
    pieces = "".join(sim.mask_hex("tx", answer[at : at + 512]) for at in range(0, len(answer), 512))

    assert "110105********002X" in seen
    assert "欧阳*" in seen
    for secret in ("欧阳示范", "19491231", "示范路"):
        assert secret not in seen
        assert secret.encode("utf-16-le").hex(" ") not in seen + pieces


def test_the_lab_can_read_both_ways():
    sim = with_card()

    assert sim.explain("rx", FIND + SELECT) == "find; select"
    assert sim.explain("tx", samv.reply(0x60)).startswith("60 ")
    assert sim.explain("tx", b"\x01\x02") == "part of a frame, 2 bytes"


def test_a_damaged_answer_is_not_taken_for_a_good_one():
    sim = SimIdReader()

    assert samv.SamvCodec().feed(sim.damage(samv.reply(samv.OK))) == []
