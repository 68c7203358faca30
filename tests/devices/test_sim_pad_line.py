import pytest

from devices.codecs import ff68
from devices.codecs.ff68 import PadFrame
from devices.sim.base import NotPossible
from devices.sim.pad_line import SimPadLine
from tests.golden import golden

VECTORS = "callpad.json"
ASK = golden(VECTORS, "start_eval")


def frames_sent(sim, until_s=60.0):
    codec, frames = ff68.PadCodec(), []
    while (due_s := sim.next_due_s()) is not None and due_s <= until_s:
        frames += [(round(due_s, 2), frame) for frame in codec.feed(sim.poll(due_s))]
    return frames


def test_a_key_is_the_published_frame():
    sim = SimPadLine(addresses=[1])
    sim.do("press", {"addr": 1, "key": "call-next"}, 0)

    assert sim.poll(0.1) == golden(VECTORS, "call")


def test_a_key_is_repeated_three_times_until_it_is_echoed():
    sim = SimPadLine(baud=None)
    sim.do("press", {"addr": 1, "key": "recall"}, 0)

    assert [at_s for at_s, _ in frames_sent(sim)] == [0.0, 0.2, 0.4, 0.6]


def test_an_echo_ends_the_repeats():
    sim = SimPadLine(baud=None)
    sim.do("press", {"addr": 1, "key": "recall"}, 0)
    sim.poll(0.2)
    sim.receive(golden(VECTORS, "recall"), 0.3)

    assert frames_sent(sim) == []
    assert sim.pad_state(1)["unanswered"] is False


@pytest.mark.parametrize("name", ["call", "addr_40_call", "rating_ack"])
def test_an_echo_of_something_else_ends_nothing(name):
    sim = SimPadLine(baud=None)
    sim.do("press", {"addr": 1, "key": "recall"}, 0)
    sim.receive(golden(VECTORS, name), 0)

    assert len(frames_sent(sim)) == 4


def test_a_bad_sum_changes_nothing():
    sim = SimPadLine()
    good = golden(VECTORS, "show_ticket_023")
    sim.receive(good[:-2] + b"\x00\x16", 0)

    assert sim.pad_state(1)["ticket"] == ""


def test_ticket_and_waiting_stand_side_by_side_and_all_blank_is_dark():
    sim = SimPadLine()
    sim.receive(golden(VECTORS, "show_ticket_023") + golden(VECTORS, "show_waiting_012"), 0)
    lit = sim.pad_state(1)
    sim.receive(ff68.encode(PadFrame(1, ff68.CMD_SHOW, ff68.ticket_digits(""))), 0)
    dark = sim.pad_state(1)

    assert (lit["ticket"], lit["waiting"]) == ("023", "012")
    assert (dark["ticket"], dark["waiting"]) == ("", "")


def test_a_frame_for_another_address_is_for_another_pad():
    sim = SimPadLine(addresses=[1, 2])
    sim.receive(golden(VECTORS, "beep"), 0)

    assert [sim.pad_state(addr)["beeps"] for addr in (1, 2)] == [1, 0]


def test_the_evaluator_sleeps_until_asked_and_after_it_was_pressed():
    sim = SimPadLine()
    with pytest.raises(NotPossible):
        sim.do("rate", {"addr": 1, "level": 5}, 0)
    sim.receive(ASK, 0)
    awake = sim.rating_state(1)["awake"]
    sim.do("press", {"addr": 1, "level": 5}, 0)
    with pytest.raises(NotPossible):
        sim.do("rate", {"addr": 1, "level": 4}, 0)

    assert awake is True
    assert sim.rating_state(1) == {"awake": False, "given": 5, "stars": 0}


def test_a_rating_is_repeated_until_acknowledged_with_the_same_byte():
    sim = SimPadLine(baud=None)
    sim.receive(ASK, 0)
    sim.do("rate", {"addr": 1, "level": 3}, 0)
    sent = sim.poll(0)
    sim.receive(golden(VECTORS, "rating_ack"), 0.1)

    assert sent == golden(VECTORS, "rating")
    assert frames_sent(sim) == []


def test_an_evaluator_has_only_its_own_keys():
    four, five = SimPadLine(), SimPadLine(ratings={"5": 5, "4": 4, "3": 3, "2": 2, "1": 1})
    for sim in (four, five):
        sim.receive(ASK, 0)

    with pytest.raises(NotPossible):
        four.do("rate", {"addr": 1, "level": 1}, 0)
    five.do("rate", {"addr": 1, "level": 1}, 0)
    assert five.poll(0.1) == ff68.encode(PadFrame(1, ff68.CMD_RATING, b"\x01"))


def test_the_echo_of_the_rating_key_wakes_the_evaluator_as_on_a_real_line():
    sim = SimPadLine()
    sim.do("press", {"addr": 1, "key": "ask-rating"}, 0)
    sim.receive(sim.poll(0.1), 0.1)

    assert sim.rating_state(1)["awake"] is True


def test_each_pad_and_evaluator_is_a_machine_of_its_own():
    sim = SimPadLine(addresses=[1, 2])
    views = sim.views()
    views["pad-2"].do("press", {"key": "call-next"}, 0)
    sim.receive(ASK, 0)
    views["eval-1"].do("press", {"level": 4}, 0)

    assert {name: (view.kind, view.addr) for name, view in views.items()} == {
        "pad-1": ("call-pad", 1),
        "pad-2": ("call-pad", 2),
        "eval-1": ("evaluator", 1),
        "eval-2": ("evaluator", 2),
    }
    assert views["pad-2"].state()["unanswered"] is True
    assert views["eval-1"].state()["given"] == 4
    assert [action.name for view in views.values() for action in view.actions()] == ["press"] * 4


@pytest.mark.parametrize(
    "action, params",
    [
        ("press", {"addr": 9, "key": "recall"}),
        ("press", {"addr": 1, "key": "dance"}),
        ("press", {"addr": "x", "key": "recall"}),
        ("rate", {"addr": 1, "level": 6}),
        ("rate", {"addr": 1}),
        ("dance", {"addr": 1}),
    ],
)
def test_a_knob_turned_wrongly_is_refused(action, params):
    with pytest.raises(ValueError):
        SimPadLine().do(action, params, 0)


def test_the_lab_can_read_both_ways():
    sim = SimPadLine()

    assert sim.explain("tx", golden(VECTORS, "call")) == "pad 1: key call-next"
    assert sim.explain("rx", golden(VECTORS, "call")) == "pad 1: echo of call-next"
    assert sim.explain("rx", golden(VECTORS, "show_ticket_023")) == "pad 1: show waiting '', ticket '023'"
    assert sim.explain("tx", b"\x00\x01") == "noise, 2 bytes"


def test_a_damaged_frame_is_not_taken_for_a_good_one():
    sim = SimPadLine()

    assert ff68.PadCodec().feed(sim.damage(golden(VECTORS, "call"))) == []
