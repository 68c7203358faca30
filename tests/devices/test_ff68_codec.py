import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import ff68
from devices.codecs.ff68 import HOST_MAX_L, PAD_MAX_L, PadCodec, PadFrame
from tests.golden import golden, vectors
from tests.strategies import chunked, one_byte_changed

GOOD = [name for name in vectors("callpad.json") if name != "bad_sum"]
keys = st.builds(PadFrame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=3))
anything = st.builds(PadFrame, st.integers(0, 255), st.integers(0, 255), st.binary(max_size=6))
noise = st.binary(max_size=12).filter(lambda data: b"\xff" not in data)


@pytest.mark.parametrize("name", GOOD)
def test_every_published_frame_is_read_and_written_byte_for_byte(name):
    data, said = golden("callpad.json", name), vectors("callpad.json")[name]["decoded"]
    frame = PadFrame(said["addr"], said["cmd"], bytes.fromhex(said["data"]))

    assert PadCodec(PAD_MAX_L).feed(data) == [frame]
    assert ff68.encode(frame) == data


def test_a_wrong_sum_gives_no_frame():
    codec = PadCodec()
    data = golden("callpad.json", "bad_sum")

    assert codec.feed(data) == []
    assert codec.discarded == len(data)


@settings(max_examples=100)
@given(st.lists(st.tuples(noise, keys), max_size=6), st.data())
def test_every_frame_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(before + ff68.encode(frame) for before, frame in parts)
    codec = PadCodec()

    frames = [f for chunk in data.draw(chunked(wire)) for f in codec.feed(chunk)]

    assert frames == [frame for _, frame in parts]
    assert codec.discarded == sum(len(before) for before, _ in parts)


@settings(max_examples=150)
@given(keys, st.data())
def test_a_frame_with_one_wrong_byte_is_never_taken_for_a_whole_one(frame, data):
    damaged = data.draw(one_byte_changed(ff68.encode(frame)))

    assert PadCodec().feed(damaged) == []


@settings(max_examples=100)
@given(st.binary(max_size=200), keys)
def test_after_any_noise_a_repeated_key_is_read(before, frame):
    codec = PadCodec()
    codec.feed(before)

    frames = codec.feed(ff68.encode(frame) + ff68.encode(frame))

    assert frames[-1:] == [frame]


@settings(max_examples=60)
@given(st.binary(max_size=400), anything)
def test_it_never_holds_more_than_one_frame(before, frame):
    codec = PadCodec(PAD_MAX_L)

    for chunk in (before, ff68.encode(frame)[:-1], before):
        codec.feed(chunk)

        assert codec.held < 5 + PAD_MAX_L + 2


def test_the_host_refuses_a_frame_longer_than_a_pad_sends():
    long = ff68.encode(PadFrame(1, ff68.CMD_SHOW, bytes(6)))

    assert PadCodec(HOST_MAX_L).feed(long) == []
    assert len(PadCodec(PAD_MAX_L).feed(long)) == 1


def test_two_lengths_that_differ_are_refused():
    data = bytearray(golden("callpad.json", "call"))
    data[3] = 4

    assert PadCodec().feed(bytes(data)) == []


def test_a_frame_too_long_for_any_pad_is_not_sent():
    with pytest.raises(ValueError):
        ff68.encode(PadFrame(1, 2, bytes(7)))


@pytest.mark.parametrize(
    "number, digits",
    [
        ("A023", (10, 10, 10, 0, 2, 3)),
        ("B1234", (10, 10, 10, 2, 3, 4)),
        ("7", (10, 10, 10, 10, 10, 7)),
        ("", (10, 10, 10, 10, 10, 10)),
        ("A²１", (10, 10, 10, 10, 10, 10)),
    ],
)
def test_a_pad_shows_the_last_three_digits_of_a_number(number, digits):
    assert tuple(ff68.ticket_digits(number)) == digits


@pytest.mark.parametrize(
    "waiting, digits", [(0, (0, 0, 0)), (12, (0, 1, 2)), (1500, (9, 9, 9)), (-1, (0, 0, 0))]
)
def test_a_pad_shows_at_most_999_waiting(waiting, digits):
    assert tuple(ff68.waiting_digits(waiting)) == (*digits, 10, 10, 10)
