"""The simulated smart-card reader under the hand of a person at the lab."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import apdu, ssc
from devices.sim.base import NotPossible
from devices.sim.card_reader import ATR, SimCardReader, frame
from devices.sim.hall import SimHall
from devices.sim.settings import SimHallSettings
from devices.sim.smart_card import KINDS, make_smart_card
from devices.sim.vpcd import VpcdHost

PERSON = {"name": "张三丰", "id_number": "11010519491231002X"}


def test_a_card_is_put_in_once_and_taken_out_once():
    sim = SimCardReader()
    with pytest.raises(NotPossible):
        sim.do("remove", {}, 0)
    sim.do("insert", {"card": PERSON}, 0)
    with pytest.raises(NotPossible):
        sim.do("insert", {}, 0)
    sim.do("remove", {}, 0)

    assert sim.state()["state"] == "empty"
    assert not sim.present


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_card_can_be_made_up(kind):
    sim = SimCardReader()
    sim.do("insert", {"card": {"kind": kind}}, 0)

    assert sim.state()["card"]["kind"] == kind


@pytest.mark.parametrize(
    "wanted",
    [
        {"kind": "bank"},
        {"pan": "1"},
        {"id_number": "110105194912310021"},
        {"expires": "soon"},
        {"kind": "t-union", "number": "123"},
        {"kind": "staff-card", "uid": "xyz"},
        {"name": "很" * 16},
    ],
)
def test_a_card_that_cannot_be_is_refused(wanted):
    with pytest.raises(ValueError):
        make_smart_card(wanted, 1)


def test_the_lab_shows_no_person_neither_in_its_state_nor_in_its_frames():
    sim = SimCardReader()
    sim.do("insert", {"card": PERSON}, 0)
    shown = [str(sim.state())]
    for command in (
        ssc.SELECT_APPLICATION,
        apdu.select(0x02, b"\xef\x06"),
        ssc.ID_NUMBER.command(ssc.BY_TAG),
        ssc.PERSON_NAME.command(ssc.BY_TAG),
    ):
        sim.receive(frame(command), 0)
        said = sim.poll(0)
        shown += [sim.explain("tx", said), sim.mask_hex("tx", said), sim.explain("rx", frame(command))]

    seen = " ".join(shown)
    assert "SELECT" in seen
    assert "READ RECORD" in seen
    for secret in (PERSON["name"], PERSON["id_number"], PERSON["id_number"].encode().hex(" ")):
        assert secret not in seen
    assert PERSON["name"].encode("gbk").hex(" ") not in seen


def test_an_empty_slot_says_nothing():
    sim = SimCardReader()
    sim.receive(frame(b"\x04") + frame(apdu.GET_UID), 0)

    assert sim.poll(0) == b""


def test_a_card_that_is_reset_has_nothing_selected():
    sim = SimCardReader()
    sim.do("insert", {"card": {**PERSON, "birth": str(date(1949, 12, 31))}}, 0)
    sim.receive(frame(apdu.select(0x02, b"\xef\x06")) + frame(b"\x02"), 0)
    sim.poll(0)
    sim.receive(frame(ssc.ID_NUMBER.command(ssc.BY_TAG)), 0)

    assert sim.poll(0) == frame(bytes.fromhex("6A83"))


@settings(max_examples=100)
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=8))
def test_whatever_a_host_sends_each_command_gets_one_answer(commands):
    sim = SimCardReader()
    sim.do("insert", {"card": PERSON}, 0)
    for command in commands:
        sim.receive(frame(command), 0)
        said = sim.poll(0)

        if command == b"\x04":
            assert said == frame(ATR)
        elif command in (b"\x00", b"\x01", b"\x02"):
            assert said == b""
        else:
            assert len(said) >= 4
            assert int.from_bytes(said[:2], "big") == len(said) - 2


def test_a_hall_of_simulated_machines_may_have_a_smart_card_reader():
    one = {"id": "card-1", "kind": "card-reader", "place": "vpcd:36963"}
    hall = SimHall(SimHallSettings.model_validate({"sim": [one]}))

    listed = hall.device("card-1").listed()

    assert isinstance(hall.device("card-1").host, VpcdHost)
    assert (listed["kind"], listed["driver"]) == ("card-reader", "cardreader-pcsc")
    assert {"insert", "remove", "fault", "heal"} <= {action["name"] for action in listed["actions"]}
