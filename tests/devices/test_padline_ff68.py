import pytest
from pydantic import ValidationError

from devices.codecs import ff68
from devices.codecs.ff68 import PadFrame
from devices.contracts.call_pad import PadKey
from devices.drivers.padline_ff68 import Ff68PadLine, PadLineSettings
from devices.errors import WireClosed
from devices.kinds import PadPress, PadRating
from devices.sim.pad_line import KEYS, SimPadLine
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden

VECTORS = "callpad.json"


def line(machine, **settings):
    wire = MemoryWire(machine)
    return Ff68PadLine("pads-1", wire, PadLineSettings(**settings)), wire


async def heard(driver):
    """All presses until the line has nothing more to say."""
    told = []
    try:
        async for press in driver.presses():
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ended without an error")


def saying(*parts):
    """A line on which these bytes come, each at its time in seconds."""
    machine = Scripted(lambda request: [])
    machine.due = list(parts)
    return machine


@pytest.mark.parametrize(
    "name, press",
    [
        ("call", PadPress(1, PadKey.CALL_NEXT)),
        ("recall", PadPress(1, PadKey.RECALL)),
        ("cancel", PadPress(1, PadKey.CANCEL)),
        ("suspend", PadPress(1, PadKey.HOLD)),
        ("pause", PadPress(1, PadKey.PAUSE)),
        ("transfer", PadPress(1, PadKey.TRANSFER)),
        ("addr_40_call", PadPress(64, PadKey.CALL_NEXT)),
        ("addr5_abandon", PadPress(5, PadKey.NO_SHOW)),
    ],
)
async def test_each_published_key_is_told_and_echoed(name, press):
    machine = saying((0.0, golden(VECTORS, name)))
    driver, wire = line(machine)

    assert await heard(driver) == [press]
    assert wire.sent == golden(VECTORS, name)


@pytest.mark.parametrize(
    "name, ack, level", [("rating", "rating_ack", 3), ("addr5_rating_4", "addr5_rating_4_ack", 5)]
)
async def test_each_published_rating_is_told_and_acknowledged(name, ack, level):
    driver, wire = line(saying((0.0, golden(VECTORS, name))))

    [rating] = await heard(driver)

    assert rating.level == level
    assert wire.sent == golden(VECTORS, ack)


@pytest.mark.parametrize("byte, level", [(0, 2), (1, 3), (2, 4), (3, 5), (200, 5)])
async def test_a_rating_byte_has_the_level_of_the_source(byte, level):
    driver, _ = line(saying((0.0, ff68.encode(PadFrame(7, ff68.CMD_RATING, bytes((byte,)))))))

    assert await heard(driver) == [PadRating(7, level)]


async def test_a_hall_can_say_what_its_own_evaluator_sends():
    five = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}
    frames = [ff68.encode(PadFrame(7, ff68.CMD_RATING, bytes((byte,)))) for byte in (1, 9)]
    driver, _ = line(saying((0.0, frames[0]), (5.0, frames[1])), ratings=five, other_rating=0)

    assert await heard(driver) == [PadRating(7, 1)]
    assert driver.unknown_frames == 1


async def test_a_press_whose_echoes_are_lost_is_told_once():
    sim = SimPadLine()
    wire = MemoryWire(sim, to_machine=lambda data: [])
    driver = Ff68PadLine("pads-1", wire, PadLineSettings())
    sim.do("press", {"addr": 1, "key": "call-next"}, 0)

    assert await heard(driver) == [PadPress(1, PadKey.CALL_NEXT)]
    assert wire.got == 4 * golden(VECTORS, "call")


async def test_the_same_key_pressed_later_is_another_press():
    call = golden(VECTORS, "call")
    driver, _ = line(saying((0.0, call), (2.0, call)))

    assert await heard(driver) == 2 * [PadPress(1, PadKey.CALL_NEXT)]


async def test_the_same_key_on_two_pads_is_two_presses():
    driver, _ = line(saying((0.0, golden(VECTORS, "call") + golden(VECTORS, "addr_40_call"))))

    assert await heard(driver) == [PadPress(1, PadKey.CALL_NEXT), PadPress(64, PadKey.CALL_NEXT)]


async def test_digits_typed_before_a_key_do_not_change_it():
    driver, _ = line(saying((0.0, ff68.encode(PadFrame(1, ff68.CMD_KEY, b"\x05\x06\x0c")))))

    assert await heard(driver) == [PadPress(1, PadKey.CALL_NEXT)]


@pytest.mark.parametrize("frame", [PadFrame(1, 1, b"\x11"), PadFrame(1, 1, b""), PadFrame(1, 9, b"\x0c")])
async def test_a_frame_without_a_known_key_is_acknowledged_and_counted_and_nothing_else(frame):
    driver, wire = line(saying((0.0, ff68.encode(frame))))

    assert await heard(driver) == []
    assert wire.sent == ff68.encode(frame)
    assert driver.unknown_frames == 1


@pytest.mark.parametrize(
    "name, tell",
    [
        ("show_ticket_023", lambda driver: driver.show_ticket(1, "A023")),
        ("show_waiting_012", lambda driver: driver.show_waiting(1, 12)),
        ("beep", lambda driver: driver.beep(1)),
        ("start_eval", lambda driver: driver.ask_rating(1)),
        ("addr5_ticket_001", lambda driver: driver.show_ticket(5, "B001")),
    ],
)
async def test_what_we_tell_a_pad_is_the_published_frame(name, tell):
    driver, wire = line(SimPadLine())

    await tell(driver)

    assert wire.sent == golden(VECTORS, name)


@pytest.mark.parametrize("key", list(PadKey))
async def test_every_key_that_a_pad_has_comes_through(key):
    sim = SimPadLine()
    driver, wire = line(sim)
    sim.do("press", {"addr": 1, "key": key.value}, wire.now_s())

    assert await heard(driver) == [PadPress(1, key)]
    assert set(KEYS) == {one.value for one in PadKey}


async def test_writing_while_presses_are_awaited_does_not_disturb_them():
    sim = SimPadLine(addresses=(1, 2))
    driver, _ = line(sim)
    sim.do("press", {"addr": 1, "key": "call-next"}, 0)
    sim.do("press", {"addr": 2, "key": "recall"}, 0)
    presses = driver.presses()
    told = []
    for _ in range(2):
        told.append(await anext(presses))
        await driver.show_ticket(told[-1].addr, "A007")

    assert told == [PadPress(1, PadKey.CALL_NEXT), PadPress(2, PadKey.RECALL)]
    assert [sim.pad_state(addr)["ticket"] for addr in (1, 2)] == ["007", "007"]


@pytest.mark.parametrize(
    "settings",
    [
        {"keys": {"zz": "call-next"}},
        {"keys": {"01020304": "call-next"}},
        {"keys": {"0c": "dance"}},
        {"ratings": {1: 6}},
        {"ratings": {300: 1}},
        {"address": 1},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValidationError):
        PadLineSettings(**settings)
