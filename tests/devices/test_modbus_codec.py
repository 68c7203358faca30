"""Modbus RTU frames against the published ones, pymodbus, and every bad line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU

from devices.codecs import modbus
from devices.codecs.framing import crc16_modbus
from devices.codecs.modbus import Adu, RtuCodec
from tests.golden import golden
from tests.strategies import chunked, one_byte_changed

VECTORS = "led_misc.json"
u16 = st.integers(0, 0xFFFF)
units = st.integers(1, 247)
registers = st.integers(1, 8).flatmap(lambda n: st.binary(min_size=2 * n, max_size=2 * n))
questions = st.one_of(
    st.builds(modbus.read_registers, units, u16, st.integers(1, 8)),
    st.builds(modbus.write_register, units, u16, u16),
    st.builds(modbus.write_registers, units, u16, registers),
)
answers = st.one_of(
    st.builds(lambda unit, data: Adu(unit, modbus.READ, bytes((len(data),)) + data), units, registers),
    st.builds(
        lambda unit, data: Adu(unit, modbus.WRITE_MANY, data), units, st.binary(min_size=4, max_size=4)
    ),
    st.builds(lambda unit, error: Adu(unit, 0x90, bytes((error,))), units, st.integers(1, 6)),
)


@pytest.mark.parametrize(
    "name, frame",
    [
        ("led485_int_neg", modbus.write_register(1, 0, -1)),
        ("led485_ascii_A001", modbus.write_registers(1, 0x70, b"A001")),
        ("led485_dot", modbus.write_register(1, 4, 1)),
    ],
)
def test_what_we_say_is_the_published_frame(name, frame):
    assert modbus.encode(frame) == golden(VECTORS, name)
    assert RtuCodec(requests=True).feed(golden(VECTORS, name)) == [frame]


@settings(max_examples=100)
@given(st.binary(min_size=1, max_size=40))
def test_the_checksum_is_that_of_pymodbus(data):
    assert crc16_modbus(data).to_bytes(2, "little") == FramerRTU.compute_CRC(data).to_bytes(2, "big")


@settings(max_examples=100)
@given(st.booleans(), st.data())
def test_every_frame_survives_any_chunking(requests, data):
    frames = data.draw(st.lists(questions if requests else answers, max_size=4))
    codec = RtuCodec(requests=requests)

    chunks = data.draw(chunked(b"".join(map(modbus.encode, frames))))

    # A CRC of 16 bits can by chance be right inside a frame; whole good frames in order never meet it.
    assert [frame for chunk in chunks for frame in codec.feed(chunk)] == frames
    assert (codec.discarded, codec.held) == (0, 0)


@settings(max_examples=150)
@given(answers, st.data())
def test_a_damaged_answer_is_never_taken_for_another_of_its_length(frame, data):
    sent = modbus.encode(frame)
    wrong = data.draw(one_byte_changed(sent))

    assert all(len(modbus.encode(heard)) < len(sent) for heard in RtuCodec().feed(wrong))


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=80), max_size=6), st.booleans())
def test_no_bytes_break_the_codec_and_all_are_accounted_for(chunks, requests):
    codec = RtuCodec(requests=requests)

    frames = [frame for chunk in chunks for frame in codec.feed(chunk)]

    taken = sum(len(modbus.encode(frame)) for frame in frames)
    assert taken + codec.discarded + codec.held == sum(map(len, chunks))
    assert codec.held < modbus.MOST


def test_a_frame_after_noise_is_found_and_the_noise_counted():
    codec = RtuCodec()
    good = Adu(1, modbus.WRITE_MANY, bytes.fromhex("00700002"))

    assert codec.feed(b"\x00\xff\xff" + modbus.encode(good)) == [good]
    assert codec.discarded == 3


@pytest.mark.parametrize("data", [b"123", b"1"])
def test_half_a_register_is_refused(data):
    with pytest.raises(ValueError, match="two bytes"):
        modbus.write_registers(1, 0x70, data)
