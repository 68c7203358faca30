"""Frames of the image card and the pictures in them."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import onbon_image, onbon_picture
from devices.codecs.onbon_image import Answer, ImageFrame, OnbonImageCodec
from devices.codecs.onbon_picture import Area, Page
from tests.golden import golden, vectors
from tests.strategies import chunked, one_byte_changed

VECTORS = "onbon_image.json"
SIZES = st.tuples(st.integers(1, 6).map(lambda n: n * 8), st.integers(1, 24))
PACKINGS = ("one", "two-by-byte", "two-by-row")
u16 = st.integers(0, 0xFFFF)
bodies = st.binary(max_size=60) | st.lists(st.sampled_from(b"\xa5\xa6\x5a\x5b\x01\x02"), max_size=30).map(
    bytes
)
commons = st.builds(
    ImageFrame, bodies, device=u16, dst=u16, src=u16, seq=u16, link=st.integers(0, 2), frame_max=u16
)
dynamics = st.builds(ImageFrame, bodies, dynamic=st.just(True), device=u16, dst=u16, src=u16)
frames_any = commons | dynamics
noise = st.binary(max_size=12).filter(lambda data: b"\xa5" not in data)


@pytest.mark.parametrize("name", list(vectors(VECTORS)))
def test_every_recorded_frame_is_read_and_written_byte_for_byte(name):
    data = golden(VECTORS, name)
    codec = OnbonImageCodec()

    [frame] = codec.feed(data)

    encoded = onbon_image.encode(frame)
    assert data in (encoded, encoded + b"\x5a")  # the maker's SDK ends its frames with two
    assert codec.discarded == 0


def test_the_recorded_picture_is_read_and_written_byte_for_byte():
    [frame] = OnbonImageCodec().feed(golden(VECTORS, "bx6g_dyn_image"))
    code, data = onbon_image.read_command(frame.body)
    area = onbon_picture.decode_area(data)

    assert (code, frame.dynamic) == (onbon_image.SHOW, True)
    assert (area.x, area.y, area.width, area.height, area.timeout_s) == (8, 16, 16, 8, 60)
    assert [(page.mode, page.speed, page.stay_10ms, len(page.bitmap)) for page in area.pages] == [
        (2, 5, 300, 32)
    ]
    assert area.encode() == data


@pytest.mark.parametrize("name, error", [("bx6g_ack", 0), ("bx6g_nack_busy", 3)])
def test_the_recorded_answers_are_understood(name, error):
    [frame] = OnbonImageCodec().feed(golden(VECTORS, name))

    said = onbon_image.read_answer(frame.body)

    assert said == Answer(onbon_image.REFUSED if error else onbon_image.ACK, error)
    assert onbon_image.answer(said) == frame.body


@settings(max_examples=80)
@given(st.lists(st.tuples(noise, frames_any), max_size=4), st.data())
def test_every_frame_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(before + onbon_image.encode(frame) for before, frame in parts)
    codec = OnbonImageCodec()

    heard = [frame for chunk in data.draw(chunked(wire)) for frame in codec.feed(chunk)]

    assert heard == [frame for _, frame in parts]


@settings(max_examples=150)
@given(frames_any, st.data())
def test_a_frame_with_one_byte_wrong_is_never_taken_for_another_body(frame, data):
    wrong = data.draw(one_byte_changed(onbon_image.encode(frame)))

    assert all(heard.body == frame.body for heard in OnbonImageCodec().feed(wrong))


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_codec_or_the_readers_behind_it(data):
    codec = OnbonImageCodec()

    for frame in codec.feed(b"\xa5\xa5" + data + b"\x5a"):
        onbon_image.read_answer(frame.body)
    onbon_image.read_answer(data)
    onbon_image.read_command(data)

    assert codec.held <= len(data)
    with contextlib.suppress(ValueError):
        onbon_picture.decode_area(data)


@settings(max_examples=60)
@given(SIZES, st.sampled_from(PACKINGS), st.data())
def test_every_picture_comes_back_dot_by_dot(size, packing, data):
    width, height = size
    places = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    pages = [data.draw(st.frozensets(places, max_size=30)) for _ in range(data.draw(st.integers(1, 3)))]
    bitmaps = [Page(onbon_picture.pack(dots, width, height, packing), width) for dots in pages]

    area = onbon_picture.decode_area(Area(0, 0, width, height, tuple(bitmaps)).encode())

    assert [onbon_picture.unpack(page.bitmap, width, height, packing) for page in area.pages] == pages


def test_a_lit_dot_is_a_zero_bit_from_the_left():
    assert onbon_picture.pack(frozenset({(0, 0), (9, 1)}), 16, 2, "one") == bytes.fromhex("7fff ffbf")


def test_a_bitmap_of_another_size_is_refused():
    with pytest.raises(ValueError, match="no bitmap"):
        onbon_picture.unpack(b"\xff" * 3, 16, 2, "one")
