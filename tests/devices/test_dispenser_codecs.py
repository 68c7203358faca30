"""STX and CRT-541 frames: golden bytes, any chunking, damage; FC 31 cannot be said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import crt541, stx
from devices.codecs.crt541 import Work, address_bytes, answer_from
from devices.codecs.stx import ACK, D1000_BITS, ENQ, QUIO_BITS, STX, Bit, Signal, StxCodec, bits_of
from devices.contracts.health import Storage
from tests.golden import golden, vectors

FILE = "card_dispenser.json"
STX_COMMANDS = {
    "stx_DC": stx.Command.DISPENSE,
    "stx_CP": stx.Command.CAPTURE,
    "stx_RF": stx.Command.STATUS,
    "stx_ST": stx.Command.RESET_ST,
    "stx_RS": stx.Command.RESET_RS,
    "stx_AP": stx.Command.STATUS_LONG,
    "stx_IN_30": stx.Command.INSERT_REFUSE,
    "stx_IN_31": stx.Command.INSERT_TO_BIN,
    "stx_IN_32": stx.Command.INSERT_TO_READER,
}
CRT_COMMANDS = {
    "crt541_AP": crt541.Command.STATUS,
    "crt541_IP": crt541.Command.ALLOW_PRE_DISPENSE,
    "crt541_IE": crt541.Command.FORBID_PRE_DISPENSE,
}
ANSWERS = {
    "rf_rsp_800": {Bit.DISPENSING},
    "rf_rsp_200": {Bit.DISPENSE_ERROR},
    "rf_rsp_020": {Bit.JAM},
    "rf_rsp_008": {Bit.EMPTY},
    "rf_rsp_004": {Bit.AT_EXIT},
    "rf_rsp_002": {Bit.SENSOR},
    "rf_rsp_000": set(),
    "rf_rsp_001": {Bit.SENSOR},
    "ap_rsp_0018": {Bit.FEW, Bit.EMPTY},
}
texts = st.binary(min_size=1, max_size=6).map(lambda raw: raw.hex().upper()[:8].encode())
addresses = st.sampled_from([b"", *(address_bytes(number) for number in range(16))])


@pytest.mark.parametrize("name", STX_COMMANDS)
def test_an_stx_command_is_the_bytes_of_the_manual(name):
    assert StxCodec().frame(STX_COMMANDS[name].value) == golden(FILE, name)


@pytest.mark.parametrize("name", CRT_COMMANDS)
def test_a_crt541_command_is_the_bytes_of_the_manual(name):
    assert StxCodec(b"01").frame(CRT_COMMANDS[name].value) == golden(FILE, name)


def test_every_vector_of_both_families_is_asserted_here():
    mine = {name for name in vectors(FILE) if not name.startswith("crt_f2")}

    assert mine == {*STX_COMMANDS, *CRT_COMMANDS, *ANSWERS, "ctl_ack", "crt541_rsp_last_ok"}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_status_means_what_the_sources_say(name):
    (signal,) = StxCodec().feed(golden(FILE, name))

    assert bits_of(signal.text, D1000_BITS) == ANSWERS[name]


def test_ack_is_the_byte_of_the_manual():
    assert StxCodec().feed(golden(FILE, "ctl_ack")) == [Signal(ACK)]


def test_the_bit_that_makers_read_differently_follows_the_settings():
    (signal,) = StxCodec().feed(golden(FILE, "rf_rsp_001"))

    assert bits_of(signal.text, QUIO_BITS) == {Bit.NOT_READY}


def test_a_crt541_says_that_the_last_dispensing_succeeded():
    (signal,) = StxCodec(b"01").feed(golden(FILE, "crt541_rsp_last_ok"))

    answer = answer_from(signal.text, {"0": Storage.OK})
    assert answer is not None
    assert (answer.work, answer.stacker) == (Work.LAST_OK, Storage.OK)


@settings(max_examples=150, deadline=None)
@given(addresses, st.lists(texts, max_size=5), st.binary(max_size=4), st.integers(1, 12))
def test_every_frame_is_found_in_any_chunking_with_signals_between(address, frames, noise, size):
    noise = bytes(byte for byte in noise if byte not in (STX, ACK, 0x15))
    codec = StxCodec(address)
    stream = b"".join(noise + codec.frame(text) + codec.signal(ACK) for text in frames)
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    found = [signal for chunk in chunks for signal in codec.feed(chunk)]

    assert found == [one for text in frames for one in (Signal(STX, text), Signal(ACK))]


@settings(max_examples=100, deadline=None)
@given(texts, st.integers(0, 100), st.integers(1, 255))
def test_a_frame_with_one_byte_damaged_is_never_taken_for_the_frame(text, place, flip):
    codec = StxCodec()
    frame = bytearray(codec.frame(text))
    frame[place % len(frame)] ^= flip

    assert Signal(STX, text) not in codec.feed(bytes(frame))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), addresses)
def test_noise_is_held_for_less_than_one_frame(noise, address):
    codec = StxCodec(address)
    codec.feed(noise)
    before = codec.discarded
    codec.reset()

    assert codec.discarded - before <= 16


@pytest.mark.parametrize("command", [*stx.Command, *crt541.Command])
def test_no_command_is_the_one_that_damages_the_machine(command):
    assert not command.value.startswith(b"FC1")
    assert bytes.fromhex("464331") not in StxCodec(b"01").frame(command.value)


def test_enq_is_understood_by_the_machines_end_only():
    assert StxCodec(from_host=True).feed(bytes((ENQ,))) == [Signal(ENQ)]
    assert StxCodec().feed(bytes((ENQ,))) == []


@pytest.mark.parametrize(
    "direction, vector, words",
    [("tx", "stx_DC", "DC"), ("rx", "rf_rsp_004", "SF004"), ("rx", "ctl_ack", "ACK")],
)
def test_a_transcript_says_in_words_what_passed(direction, vector, words):
    assert stx.explain(direction, golden(FILE, vector)) == words
