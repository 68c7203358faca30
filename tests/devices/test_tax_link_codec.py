"""The tax machine's frames and their CBOR: check value, chunking, noise, damage, nothing half understood."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from itertools import cycle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.codecs import cbor
from devices.codecs.tax_link import MOST_PAYLOAD, START, Cmd, Frame, Kind, LinkCodec, encode, payload_size

words = st.text(max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | words | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
payloads = st.dictionaries(words, values, max_size=4).filter(lambda one: payload_size(one) <= MOST_PAYLOAD)
bytes_ = st.integers(0, 255)
frames = st.builds(Frame, bytes_, bytes_, st.sampled_from(Kind), st.integers(0, 0xFFFF), payloads)

sizes = st.lists(st.integers(1, 60), min_size=1, max_size=8)


def cut(stream: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut a stream into chunks of these sizes, over and over."""
    for size in cycle(sizes):
        if not stream:
            return
        yield stream[:size]
        stream = stream[size:]


# RFC 8949, appendix A
RFC = {
    "00": 0,
    "17": 23,
    "1818": 24,
    "1903e8": 1000,
    "1a000f4240": 1000000,
    "1bffffffffffffffff": 18446744073709551615,
    "20": -1,
    "3903e7": -1000,
    "f4": False,
    "f5": True,
    "f6": None,
    "4401020304": bytes((1, 2, 3, 4)),
    "6449455446": "IETF",
    "63e6b0b4": "水",
    "83010203": [1, 2, 3],
    "a26161016162820203": {"a": 1, "b": [2, 3]},
}
REFUSED = {
    "float": "f93c00",
    "tag": "c074323031332d30332d32315432303a30343a30305a",
    "indefinite list": "9f0102ff",
    "undefined": "f7",
    "number as key": "a10102",
    "key twice": "a2616101616102",
    "bad text": "61ff",
    "too short": "6449",
    "more after the end": "0000",
    "nothing": "",
    "list longer than all memory": "9bffffffffffffffff",
    "too deep": "81" * 12 + "00",
}


@pytest.mark.parametrize("hexed", RFC)
def test_values_are_written_as_the_examples_of_the_rfc(hexed):
    assert cbor.encode(RFC[hexed]) == bytes.fromhex(hexed)
    assert cbor.decode(bytes.fromhex(hexed)) == RFC[hexed]


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_link_does_not_use_is_refused_whole(what):
    with pytest.raises(ValueError):
        cbor.decode(bytes.fromhex(REFUSED[what]))


@settings(max_examples=60, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_was(value):
    assert cbor.decode(cbor.encode(value)) == value


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_value_error(data):
    try:
        value = cbor.decode(data)
    except ValueError:
        return

    assert cbor.decode(cbor.encode(value)) == value


def test_the_checksum_is_the_one_of_the_catalogue():
    assert crc_hqx(b"123456789", 0xFFFF) == 0x29B1


def test_a_frame_is_the_bytes_of_the_page():
    # The checksums were reckoned bit by bit, not with the function that the codec uses.
    frame = Frame(1, 7, Kind.CMD, Cmd.GET_STORAGE, {"start": 0})

    assert encode(frame).hex(" ") == "aa 55 01 01 07 00 07 01 00 08 a1 65 73 74 61 72 74 00 ac c1"
    assert encode(Frame(1, 7, Kind.ACK, Cmd.GET_STORAGE)).hex(" ") == "aa 55 01 01 07 03 07 01 00 00 8e 02"


@settings(max_examples=50, deadline=None)
@given(st.lists(frames, max_size=4), st.binary(max_size=6), sizes)
def test_every_frame_survives_noise_before_it_and_any_chunking(sent, noise, sizes):
    noise = noise.replace(START[:1], b"")
    codec = LinkCodec()
    stream = b"".join(noise + encode(frame) for frame in sent)
    found = [frame for chunk in cut(stream, sizes) for frame in codec.feed(chunk)]

    assert found == sent
    assert codec.discarded == len(noise) * len(sent)


@settings(max_examples=100, deadline=None)
@given(frames, st.integers(0, 10_000), st.integers(1, 255))
def test_a_frame_with_one_byte_damaged_is_never_taken(frame, place, flip):
    raw = bytearray(encode(frame))
    raw[place % len(raw)] ^= flip

    assert LinkCodec().feed(bytes(raw)) == []


@settings(max_examples=100, deadline=None)
@given(frames, frames, st.integers(1, 40))
@example(Frame(1, 1, Kind.CMD, 1), Frame(1, 2, Kind.CMD, 1), 4)
def test_after_a_reset_half_a_frame_hides_nothing(broken, whole, kept):
    codec = LinkCodec()
    raw = encode(broken)
    codec.feed(raw[: min(kept, len(raw) - 1)])
    codec.reset()

    assert codec.feed(encode(whole)) == [whole]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=400), st.just(START), st.just(START + b"\x01")), max_size=30))
def test_noise_is_held_for_less_than_one_frame(noise):
    codec = LinkCodec()
    for chunk in noise:
        codec.feed(chunk)
    before = codec.discarded
    codec.reset()

    assert codec.discarded - before <= MOST_PAYLOAD + 12


def test_a_payload_that_is_too_long_is_refused_where_it_is_made():
    with pytest.raises(ValueError):
        encode(Frame(1, 1, Kind.RSP, 1, {"x": b"\x00" * MOST_PAYLOAD}))


def test_a_length_that_lies_does_not_hide_the_next_frame():
    liar = START + bytes((1, 1, 1, 0, 1, 1, 0xFF, 0xFF))
    whole = Frame(1, 2, Kind.CMD, Cmd.STATUS)

    assert LinkCodec().feed(liar + encode(whole)) == [whole]
