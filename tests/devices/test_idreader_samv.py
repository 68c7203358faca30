from dataclasses import replace

import pytest

from devices.codecs import id_text, samv
from devices.contracts.id_reader import CardKind
from devices.drivers.idreader_samv import SamvIdReader, SamvSettings
from devices.errors import DeviceFault, ProtocolError, WireTimeout
from devices.sim.id_reader import SimIdReader
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden

VECTORS = "idcard_sam.json"
FIND, SELECT, READ = (golden(VECTORS, f"req_{name}") for name in ("find", "select", "read_base"))
CARD = id_text.decode(golden(VECTORS, "rsp_base_info")[14:270])


def reader(machine, **settings):
    wire = MemoryWire(machine)
    return SamvIdReader("reader-1", wire, SamvSettings(**settings)), wire


def read_answer(card):
    return samv.reply(samv.OK, b"\x01\x00\x04\x00" + id_text.encode(card) + bytes(1024))


def good_reader(read=None, delay_s=0.01):
    """A reader that answers in the published bytes."""
    answers = {
        FIND: golden(VECTORS, "rsp_find_ok"),
        SELECT: golden(VECTORS, "rsp_select_ok"),
        READ: read or read_answer(CARD),
    }
    return Scripted(lambda request: [(delay_s, answers[request])])


async def test_the_published_conversation_gives_the_published_card():
    machine = good_reader(golden(VECTORS, "rsp_base_info"))
    driver, _ = reader(machine)

    card = await driver.poll_card()

    assert machine.heard == [FIND, SELECT, READ]
    assert card is not None
    assert (card.kind, card.name, card.id_number) == (CardKind.CITIZEN, "张三丰", "11010519491231002X")
    assert card.valid_to is None


async def test_no_card_is_no_error_and_takes_one_question():
    machine = Scripted(lambda request: [(0.01, samv.reply(samv.NO_NEW_CARD))])
    driver, _ = reader(machine)

    assert await driver.poll_card() is None
    assert machine.heard == [FIND]


@pytest.mark.parametrize("kind", list(CardKind))
async def test_each_kind_of_card_is_read(kind):
    sim = SimIdReader()
    sim.do("place-card", {"card": {"kind": kind.value, "name": "示范"}}, 0)
    driver, _ = reader(sim)

    card = await driver.poll_card()

    assert card is not None
    assert (card.kind, card.name) == (kind, "示范")


async def test_a_card_that_stays_is_read_once_and_again_only_after_it_was_lifted():
    sim = SimIdReader()
    driver, wire = reader(sim)
    sim.do("place-card", {"card": {}}, wire.now_s())
    first = await driver.poll_card()
    again = await driver.poll_card()
    sim.do("lift-card", {}, wire.now_s())
    gone = await driver.poll_card()
    sim.do("place-card", {"card": {}}, wire.now_s())
    second = await driver.poll_card()

    assert first is not None
    assert again is None
    assert gone is None
    assert second is not None
    assert second.id_number != first.id_number


@pytest.mark.parametrize("sw", ["31", "32", "33", "41", "47"])
async def test_a_card_that_cannot_be_read_must_be_placed_again(sw):
    sim = SimIdReader()
    sim.do("place-card", {}, 0)
    sim.do("fail-next", {"sw": sw}, 0)
    driver, _ = reader(sim)

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert caught.value.advice == "place-again"
    assert caught.value.code == samv.meaning_of(int(sw, 16)).code
    assert await driver.poll_card() is not None


@pytest.mark.parametrize("sw", ["60", "66"])
async def test_a_security_module_that_is_not_well_calls_staff(sw):
    sim = SimIdReader()
    sim.do("sam", {"sw": sw}, 0)
    driver, _ = reader(sim)

    with pytest.raises(DeviceFault) as probed:
        await driver.probe()
    with pytest.raises(DeviceFault) as polled:
        await driver.poll_card()
    assert probed.value.advice == polled.value.advice == "call-staff"


@pytest.mark.parametrize(
    "silent_at, limit_s",
    [(FIND, 0.5), (SELECT, 0.5 + 0.01)],
    ids=["find", "select"],
)
async def test_each_step_has_its_own_time_limit(silent_at, limit_s):
    good = good_reader()
    machine = Scripted(lambda request: [] if request == silent_at else good.answer(request))
    driver, wire = reader(machine)

    with pytest.raises(WireTimeout):
        await driver.poll_card()
    assert wire.now_s() == pytest.approx(limit_s)


async def test_a_card_whose_reading_was_spoilt_must_be_placed_again():
    good = good_reader()
    machine = Scripted(lambda request: [] if request == READ else good.answer(request))
    driver, wire = reader(machine)

    with pytest.raises(DeviceFault) as spoilt:
        await driver.poll_card()
    assert spoilt.value.advice == "place-again"
    assert wire.now_s() == pytest.approx(3.0 + 0.02)


async def test_the_three_steps_share_one_time_limit():
    driver, wire = reader(good_reader(delay_s=0.45), overall_timeout_s=1.0)

    with pytest.raises(DeviceFault):
        await driver.poll_card()
    assert wire.now_s() == pytest.approx(1.0)


async def test_a_card_is_read_within_the_wire_time_of_its_bytes():
    sim = SimIdReader(find_s=0, select_s=0, read_s=0)
    sim.do("place-card", {}, 0)
    driver, wire = reader(sim)
    await driver.poll_card()

    wire_time_s = len(wire.got) * 10 / 115200
    assert wire.now_s() <= 1.2 * wire_time_s


async def test_the_late_answer_about_one_citizen_is_never_given_to_the_next():
    """The reading of the first card was given up; its answer comes while the second card is looked for."""
    first, second = replace(CARD, name="甲"), replace(CARD, name="乙")
    late, good = read_answer(first), good_reader(read_answer(second))
    machine = Scripted(lambda request: [*[(0.001, late)] * (request == FIND), *good.answer(request)])
    driver, _ = reader(machine)

    card = await driver.poll_card()

    assert card is not None
    assert card.name == "乙"


async def test_what_came_before_a_question_is_no_answer_to_it():
    machine = good_reader()
    driver, _ = reader(machine)
    machine.due = [(0.0, golden(VECTORS, "rsp_read_fail"))]

    assert await driver.poll_card() is not None
    assert driver.discarded_bytes == len(golden(VECTORS, "rsp_read_fail"))


async def test_half_an_answer_does_not_eat_the_next_one():
    good, half = good_reader(), [golden(VECTORS, "rsp_base_info")[:40]]
    machine = Scripted(lambda request: [(0.01, half.pop())] if half else good.answer(request))
    driver, _ = reader(machine)
    with pytest.raises(WireTimeout):
        await driver.poll_card()

    assert await driver.poll_card() is not None
    assert driver.discarded_bytes == 40


async def test_answers_that_fit_no_question_are_a_protocol_error():
    machine = Scripted(lambda request: [(0.001 * n, golden(VECTORS, "rsp_select_ok")) for n in range(20)])
    driver, _ = reader(machine)

    with pytest.raises(ProtocolError):
        await driver.poll_card()


async def test_a_request_that_was_damaged_on_its_way_is_sent_again():
    good = good_reader()
    refused = [samv.reply(samv.HOST_CHECKSUM)]
    machine = Scripted(lambda request: [(0.01, refused.pop())] if refused else good.answer(request))
    driver, _ = reader(machine)

    assert await driver.poll_card() is not None
    assert machine.heard == [FIND, FIND, SELECT, READ]


@pytest.mark.parametrize("number", ["110105194912310021", "110105194902300020", "1101051949123100"])
async def test_a_card_with_an_impossible_number_is_refused_without_telling_it(number):
    driver, _ = reader(good_reader(read_answer(replace(CARD, id_number=number))))

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert (caught.value.code, caught.value.advice) == ("card-data", "place-again")
    assert number not in str(caught.value)


async def test_a_hall_may_take_numbers_that_do_not_check():
    odd = replace(CARD, id_number="110105194912310021")
    driver, _ = reader(good_reader(read_answer(odd)), check_id_number=False)

    card = await driver.poll_card()

    assert card is not None
    assert card.id_number == odd.id_number


async def test_a_text_that_makes_no_sense_is_refused():
    block = bytearray(id_text.encode(CARD))
    block[36:52] = "19491331".encode("utf-16-le")
    answer = samv.reply(samv.OK, b"\x01\x00\x04\x00" + bytes(block) + bytes(1024))
    driver, _ = reader(good_reader(answer))

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert caught.value.code == "card-data"


async def test_a_text_of_another_size_is_a_protocol_error():
    answer = samv.reply(samv.OK, b"\x00\xff\x04\x01" + id_text.encode(CARD) + bytes(1024))
    driver, _ = reader(good_reader(answer))

    with pytest.raises(ProtocolError):
        await driver.poll_card()
