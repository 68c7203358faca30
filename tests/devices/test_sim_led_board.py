import base64
import io

import pytest
from PIL import Image

from devices.codecs import onbon
from devices.codecs.onbon import OnbonFrame
from devices.codecs.onbon_text import SCROLL_LEFT, DynamicText, gb2312
from devices.sim.base import NotPossible
from devices.sim.led_board import SimLedBoard
from devices.sim.led_board_picture import PITCH
from tests.golden import golden

VECTORS = "onbon.json"


def tell(sim, data, now_s=0.0):
    """Send a command; return the answer's bytes."""
    sim.receive(onbon.encode(OnbonFrame(data)), now_s)
    return sim.poll(now_s + 1)


def show(sim, text, **area):
    shown = text if isinstance(text, bytes) else gb2312(text)
    return tell(sim, DynamicText(shown, 16, 2, **area).encode("clear"))


def picture(sim):
    head, _, body = sim.state()["png"].partition(",")
    assert head == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB")


def lit(image, channel):
    """How many pixels are bright in one channel (0 red, 1 green)."""
    return sum(image.getchannel(channel).histogram()[180:])


def test_a_text_is_shown_and_acknowledged_in_the_published_bytes():
    sim = SimLedBoard()

    assert show(sim, "请A001到3号窗口") == golden(VECTORS, "bxk_reply_0")
    assert (sim.text, sim.lit) == ("请A001到3号窗口", True)


def test_the_published_frames_are_understood():
    sim = SimLedBoard()
    sim.receive(golden(VECTORS, "bxk_text_src"), 0)
    shown = sim.text
    sim.receive(golden(VECTORS, "bxk_clear"), 1)

    assert shown == "012345QRSTTV'B"
    assert (sim.text, sim.lit) == ("", False)


@pytest.mark.parametrize("on_bad_crc, answer", [("silent", b""), ("refuse", onbon.encode(onbon.ack(5)))])
def test_a_wrong_crc_changes_nothing(on_bad_crc, answer):
    sim = SimLedBoard(on_bad_crc=on_bad_crc)
    frame = onbon.encode(OnbonFrame(DynamicText(b"no", 16, 2).encode("clear")))
    sim.receive(sim.damage(frame), 0)

    assert sim.poll(1) == answer
    assert sim.text == ""


@pytest.mark.parametrize(
    "data, error",
    [(b"\xa3\x77\x01", 2), (b"\x77\x00\x01", 1), (onbon.SHOW_TEXT + b"\x01\0\0\0\x01\xff\0", 25)],
)
def test_what_it_does_not_understand_is_refused_with_its_own_error(data, error):
    assert tell(SimLedBoard(), data) == onbon.encode(onbon.ack(error))


def test_a_busy_board_says_so_and_works_again_later():
    sim = SimLedBoard()
    sim.do("busy", {"for_s": 5}, 0)

    assert tell(sim, onbon.PING + b"\x01\0\0", 1.0) == golden(VECTORS, "bxk_reply_3")
    assert tell(sim, onbon.PING + b"\x01\0\0", 6.0) == golden(VECTORS, "bxk_reply_0")


def test_the_next_command_can_be_made_to_fail():
    sim = SimLedBoard()
    sim.do("refuse-next", {"error": 12}, 0)

    assert show(sim, "请") == onbon.encode(onbon.ack(12))
    assert show(sim, "请") == onbon.encode(onbon.ack())


def test_a_command_that_wants_no_answer_gets_none():
    sim = SimLedBoard()

    assert tell(sim, onbon.CLEAR + b"\x02\0\0") == b""


def test_a_board_without_power_is_dark_and_remembers_its_text():
    sim = SimLedBoard()
    show(sim, "请")
    sim.do("power", {"on": False}, 0)
    dark = sim.state()
    with pytest.raises(NotPossible):
        sim.do("power", {"on": False}, 0)
    sim.do("power", {"on": True}, 0)

    assert (dark["text"], dark["lit"]) == ("", False)
    assert (sim.state()["text"], sim.lit) == ("请", True)


def test_the_picture_has_a_lamp_for_each_dot_and_is_dark_without_text():
    sim = SimLedBoard(width_px=64, height_px=16)
    dark = picture(sim)
    show(sim, "请到")
    bright = picture(sim)

    assert dark.size == bright.size == (PITCH * 66, PITCH * 18)
    assert lit(dark, 0) == 0
    assert lit(bright, 0) > 500
    assert lit(bright, 1) == 0


def test_each_text_has_its_own_picture_and_it_is_drawn_once():
    sim = SimLedBoard()
    show(sim, "请A001到3号窗口")
    first = sim.state()["png"]
    again = sim.state()["png"]
    show(sim, "请A002到3号窗口")

    assert again is first
    assert sim.state()["png"] != first


def test_the_colours_of_the_escapes_are_on_the_picture_and_not_in_the_text():
    sim = SimLedBoard()
    show(sim, rb"\C2" + gb2312("请到"))
    green = picture(sim)
    show(sim, rb"\C3" + gb2312("请到"))
    yellow = picture(sim)

    assert sim.text == "请到"
    assert lit(green, 0) == 0 < lit(green, 1)
    assert lit(yellow, 0) > 0 < lit(yellow, 1)


def test_a_text_that_runs_is_shown_from_its_start():
    sim = SimLedBoard(width_px=32)
    show(sim, "请A001到3号窗口", mode=SCROLL_LEFT)

    assert sim.state()["scrolls"] is True
    assert lit(picture(sim), 0) > 300


@pytest.mark.parametrize(
    "action, params", [("busy", {"for_s": "x"}), ("refuse-next", {"error": 0}), ("dance", {})]
)
def test_a_knob_turned_wrongly_is_refused(action, params):
    with pytest.raises(ValueError):
        SimLedBoard().do(action, params, 0)


def test_the_lab_can_read_both_ways():
    sim = SimLedBoard()

    assert sim.explain("rx", golden(VECTORS, "bxk_text_src")) == "show 012345QRSTTV'B"
    assert sim.explain("tx", golden(VECTORS, "bxk_reply_3")) == "refused: busy"
    assert sim.explain("tx", golden(VECTORS, "bxk_reply_0")) == "done"
    assert sim.explain("rx", golden(VECTORS, "bxk_ping")) == "ping"
