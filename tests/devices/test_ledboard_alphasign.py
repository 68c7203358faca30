"""Alpha signs: published packets, alphasignpy as oracle; only what is read back was shown."""

import pytest
from alphasign.commands.text import ReadText, WriteText, parse_read_text_response
from alphasign.protocol import DisplayMode, DisplayPosition
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.codecs import alphasign
from devices.codecs.alphasign import AlphaCodec, AlphaPacket, TextFile
from devices.drivers.ledboard_alphasign import AlphaSignBoard, AlphaSignSettings
from devices.errors import DeviceFault, WireTimeout
from devices.sim.led_alphasign import SimAlphaSign
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.golden import golden
from tests.strategies import chunked, one_byte_changed

VECTORS = "led_misc.json"
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
files = st.builds(TextFile, texts, st.sampled_from("0AZ"), st.sampled_from("abc"))
packets = st.builds(lambda file, kind: AlphaPacket(file.write(), kind), files, st.sampled_from("Z0"))
noise = st.binary(max_size=8).filter(lambda data: not set(data) & {1, 4})


def board(machine, **values):
    wire = MemoryWire(machine)
    return AlphaSignBoard("led-1", wire, AlphaSignSettings(**values)), wire


def holding(*said):
    """A sign that answers each read with the next of these texts."""
    left = list(said)

    def answer(request):
        if b"\x02B" not in request or not left:
            return []
        return [(0.01, alphasign.encode(AlphaPacket(TextFile(left.pop(0)).write(), alphasign.ANSWER), 20))]

    return Scripted(answer)


@pytest.mark.parametrize("name, mode", [("alpha_hold", "b"), ("alpha_flash", "c")])
def test_what_we_write_is_the_published_packet(name, mode):
    packet = AlphaPacket(TextFile("A001 -> 3", mode=mode).write())

    assert alphasign.encode(packet) == golden(VECTORS, name)
    assert AlphaCodec().feed(golden(VECTORS, name)) == [packet]


@settings(max_examples=60)
@given(texts, st.sampled_from("0AZ"))
def test_the_body_is_that_of_alphasignpy(text, label):
    theirs = WriteText(text, label=label, position=DisplayPosition.FILL, mode=DisplayMode.HOLD)

    assert TextFile(text, label).write() == theirs.code + theirs.to_bytes()
    assert alphasign.read(label) == ReadText.code + ReadText(label).to_bytes()


@settings(max_examples=60)
@given(texts)
def test_alphasignpy_reads_back_what_our_sign_answers(text):
    sim = SimAlphaSign()
    sim.receive(alphasign.encode(AlphaPacket(TextFile(text).write())), 0)
    sim.receive(alphasign.encode(AlphaPacket(alphasign.read("A"))), 1)

    said = parse_read_text_response(sim.poll(2))

    assert said == ("A", DisplayPosition.FILL, DisplayMode.HOLD, text.encode())


@settings(max_examples=80)
@given(st.lists(st.tuples(noise, packets), max_size=4), st.data())
def test_every_packet_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(before + alphasign.encode(packet) for before, packet in parts)
    codec = AlphaCodec()

    heard = [one for chunk in data.draw(chunked(wire)) for one in codec.feed(chunk)]

    assert heard == [packet for _, packet in parts]


@settings(max_examples=150)
@given(packets, st.data())
def test_a_packet_with_one_byte_wrong_never_has_another_text(packet, data):
    wrong = data.draw(one_byte_changed(alphasign.encode(packet)))

    assert all(heard.body == packet.body for heard in AlphaCodec().feed(wrong))


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=5))
def test_no_bytes_break_the_codec(chunks):
    codec = AlphaCodec()

    heard = [one for chunk in chunks for one in codec.feed(chunk)]

    assert len(heard) <= sum(chunk.count(4) for chunk in chunks)
    assert codec.held + codec.discarded <= sum(map(len, chunks))


def test_a_packet_without_end_is_forgotten():
    codec = AlphaCodec()

    codec.feed(b"\x01Z00\x02A" + b"x" * 5000)

    assert codec.held == 0


@pytest.mark.parametrize(
    "text, shown, mode",
    [
        ("请A001到3号窗口", "A001 -> 3", "b"),
        ("暂停服务", "PAUSED", "b"),
        ("Ａ００１", "A001", "b"),
        ("12345678901234567", "12345678901234567", "a"),
    ],
)
async def test_a_sentence_of_the_hall_is_said_in_ascii(text, shown, mode):
    sim = SimAlphaSign()
    driver, _ = board(sim)

    await driver.show(text)

    assert (sim.shown.text, sim.shown.mode) == (shown, mode)


@pytest.mark.parametrize("text", ["请A001到综合窗口", "A\x04B", "办"])
async def test_what_cannot_be_said_in_ascii_is_refused_and_not_half_said(text):
    sim = SimAlphaSign()
    driver, wire = board(sim)

    with pytest.raises(DeviceFault) as caught:
        await driver.show(text)
    assert caught.value.code == "board-text-impossible"
    assert wire.sent == b""


async def test_a_text_that_the_sign_does_not_give_back_was_not_shown():
    driver, _ = board(holding("B001", "B001", "B001"))

    with pytest.raises(DeviceFault) as caught:
        await driver.show("A001")
    assert caught.value.code == "board-not-confirmed"


async def test_a_text_that_got_lost_is_written_again():
    machine = holding("B001", "A001")
    driver, _ = board(machine)

    await driver.show("A001")

    assert sum(b"\x02A" in heard for heard in machine.heard) == 2


async def test_a_sign_that_cannot_answer_is_a_time_out_unless_that_is_set():
    silent, believed = SimAlphaSign(answers=False), SimAlphaSign(answers=False)

    with pytest.raises(WireTimeout):
        await board(silent)[0].show("A001")
    await board(believed, confirm="none")[0].show("A001")

    assert believed.shown.text == "A001"


async def test_a_sign_with_another_address_shows_nothing():
    sim = SimAlphaSign(address="05")

    with pytest.raises(WireTimeout):
        await board(sim, address="06")[0].show("A001")
    await board(sim, address="05")[0].show("A002")

    assert sim.shown.text == "A002"


def test_the_signs_state_is_what_is_seen():
    sim = SimAlphaSign()
    sim.receive(golden(VECTORS, "alpha_hold"), 0)
    lit = sim.state()
    sim.do("power", {"on": False}, 0)

    assert (lit["text"], lit["lit"]) == ("A001 -> 3", True)
    assert (sim.state()["text"], sim.state()["lit"]) == ("", False)
    assert sim.state()["png"] != lit["png"]


@pytest.mark.parametrize("bad", [{"label": "?"}, {"address": "0"}, {"confirm": "maybe"}])
def test_a_setting_that_makes_no_sense_is_refused(bad):
    with pytest.raises(ValidationError):
        AlphaSignSettings(**bad)
