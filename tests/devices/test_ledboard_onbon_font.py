import pytest
from pydantic import ValidationError

from devices.codecs import onbon, onbon_text
from devices.drivers.ledboard_onbon_font import OnbonFontBoard, OnbonFontSettings
from devices.errors import DeviceFault, WireTimeout
from devices.sim.led_board import SimLedBoard
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden

VECTORS = "onbon.json"
DONE = golden(VECTORS, "bxk_reply_0")


def board(machine, **settings):
    wire = MemoryWire(machine)
    return OnbonFontBoard("led-1", wire, OnbonFontSettings(**settings)), wire


def areas_in(sent):
    return [area for frame in onbon.OnbonCodec().feed(sent) for area in onbon_text.decode_areas(frame.data)]


async def shown(text, **settings):
    driver, wire = board(Scripted(lambda request: [(0.01, DONE)]), **settings)
    await driver.show(text)
    [area] = areas_in(wire.sent)
    return area


@pytest.mark.parametrize(
    "name, tell",
    [("bxk_ping", lambda d: d.probe()), ("bxk_clear", lambda d: d.clear())],
    ids=["ping", "clear"],
)
async def test_what_we_tell_the_card_is_the_published_frame(name, tell):
    driver, wire = board(Scripted(lambda request: [(0.01, DONE)]))

    await tell(driver)

    assert wire.sent == golden(VECTORS, name)


async def test_a_text_that_fits_stands_in_the_middle():
    area = await shown("请A001到3号窗口")

    assert area.text == "请A001到3号窗口".encode("gb2312")
    assert (area.mode, area.align, area.single_line) == (onbon_text.STATIC, 0b1010, True)
    assert (area.width, area.height, area.run_mode, area.timeout_s) == (16, 2, 0, 0)


@pytest.mark.parametrize(
    "text, mode", [("窗" * 8, onbon_text.STATIC), ("窗" * 8 + "1", onbon_text.SCROLL_LEFT)]
)
async def test_a_text_one_column_too_long_runs_to_the_left(text, mode):
    assert (await shown(text, width_px=128)).mode == mode


async def test_the_size_is_in_pixels_where_the_card_wants_pixels():
    area = await shown("请", unit="px", width_px=64, height_px=32)

    assert (area.width, area.height) == (64 | 0x8000, 32 | 0x8000)


async def test_a_colour_stands_before_the_text_and_takes_no_room():
    area = await shown("窗" * 8, colour="green")

    assert area.text == rb"\C2" + ("窗" * 8).encode("gb2312")
    assert area.mode == onbon_text.STATIC


async def test_a_busy_card_is_asked_again():
    busy = [golden(VECTORS, "bxk_reply_3")] * 2
    machine = Scripted(lambda request: [(0.01, busy.pop() if busy else DONE)])
    driver, _ = board(machine)

    await driver.show("请")

    assert len(machine.heard) == 3


async def test_a_card_that_stays_busy_is_given_up_after_the_tries_set():
    machine = Scripted(lambda request: [(0.01, golden(VECTORS, "bxk_reply_3"))])
    driver, wire = board(machine, busy_tries=3)

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请")
    assert caught.value.code == "board-busy"
    assert len(machine.heard) == 3
    assert wire.now_s() <= 3.0


@pytest.mark.parametrize(
    "error, code", [(12, "board-font-missing"), (2, "board-unknown-command"), (99, "board-error-99")]
)
async def test_a_refusal_has_the_cards_own_word(error, code):
    driver, _ = board(Scripted(lambda request: [(0.01, onbon.encode(onbon.ack(error)))]))

    with pytest.raises(DeviceFault) as caught:
        await driver.show("请")
    assert caught.value.code == code


async def test_a_silent_card_is_a_time_out_not_a_success():
    driver, wire = board(Scripted(lambda request: []), reply_timeout_s=2)

    with pytest.raises(WireTimeout):
        await driver.show("请")
    assert wire.now_s() == pytest.approx(2)


async def test_an_answer_that_came_late_is_not_taken_for_the_next_one():
    """The first answer comes after its time limit; the second command is refused and must say so."""
    answers = [[(0.01, onbon.encode(onbon.ack(12)))], [(1.5, DONE)]]
    machine = Scripted(lambda request: answers.pop())
    driver, wire = board(machine, reply_timeout_s=1)
    with pytest.raises(WireTimeout):
        await driver.show("甲")
    wire.pass_time(1)

    with pytest.raises(DeviceFault):
        await driver.show("乙")


@pytest.mark.parametrize("tolerate", [True, False])
async def test_an_answer_with_a_wrong_crc_counts_only_where_it_is_tolerated(tolerate):
    wrong = DONE[:-3] + bytes((DONE[-3] ^ 1,)) + DONE[-2:]
    driver, _ = board(Scripted(lambda request: [(0.01, wrong)]), tolerate_reply_crc=tolerate)

    if tolerate:
        await driver.show("请")
    else:
        with pytest.raises(WireTimeout):
            await driver.show("请")
    assert driver.discarded_bytes == (0 if tolerate else len(wrong))


async def test_a_ping_answered_in_the_cards_own_way_is_a_sign_of_life():
    status = onbon.encode(onbon.OnbonFrame(b"\xa2\x80" + bytes(20), dst=onbon.HOST, src=onbon.CARD))
    driver, _ = board(Scripted(lambda request: [(0.01, status)]))

    await driver.probe()

    with pytest.raises(WireTimeout):
        await driver.show("请")


async def test_each_card_on_a_shared_line_has_its_own_address():
    sim = SimLedBoard(address=5)
    near, _ = board(sim, address=5)
    far, _ = board(sim, address=6)

    await near.show("请")

    assert sim.text == "请"
    with pytest.raises(WireTimeout):
        await far.show("走")


@pytest.mark.parametrize(
    "settings", [{"width_px": 100}, {"flag": "maybe"}, {"colour": "blue"}, {"widht_px": 64}]
)
def test_a_setting_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValidationError):
        OnbonFontSettings(**settings)
