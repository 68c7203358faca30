import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import samv
from tests.golden import golden, vectors
from tests.strategies import chunked, one_byte_changed

WHOLE = [
    name
    for name, one in vectors("idcard_sam.json").items()
    if name.startswith(("req_", "rsp_")) and one.get("hex")
]
bodies = st.binary(min_size=1, max_size=40)
# Noise in which no preamble can begin to be followed by a length.
quiet = st.lists(st.integers(0, 255).filter(lambda byte: byte != 0x69), max_size=12).map(bytes)


@pytest.mark.parametrize("name", WHOLE)
def test_every_published_frame_is_read_and_written_byte_for_byte(name):
    data = golden("idcard_sam.json", name)
    codec = samv.SamvCodec()

    frames = codec.feed(data)

    assert [samv.encode(frame.body) for frame in frames] == [data]
    assert codec.discarded == 0


@pytest.mark.parametrize(
    "name, command",
    [
        ("req_reset", samv.RESET),
        ("req_status", samv.STATUS),
        ("req_find", samv.FIND),
        ("req_select", samv.SELECT),
        ("req_read_base", samv.READ_TEXT_PHOTO),
    ],
)
def test_each_command_is_the_published_one(name, command):
    assert samv.encode(command) == golden("idcard_sam.json", name)


def test_a_frame_is_found_behind_noise_and_too_many_aa():
    codec = samv.SamvCodec()

    frames = codec.feed(golden("idcard_sam.json", "noise_then_frame"))

    assert [frame.sw3 for frame in frames] == [samv.FOUND]
    assert codec.discarded == 3


def test_a_wrong_checksum_is_counted_and_gives_no_frame():
    codec = samv.SamvCodec()

    assert codec.feed(golden("idcard_sam.json", "bad_xor")) == []
    assert codec.bad_checksums == 1


@settings(max_examples=100)
@given(st.lists(st.tuples(quiet, bodies), max_size=5), st.data())
def test_every_frame_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(noise + samv.encode(body) for noise, body in parts)
    codec = samv.SamvCodec()

    frames = [f.body for chunk in data.draw(chunked(wire)) for f in codec.feed(chunk)]

    assert frames == [body for _, body in parts]
    assert codec.discarded == sum(len(noise) for noise, _ in parts)
    assert codec.held == 0


@settings(max_examples=150)
@given(bodies, bodies, st.data())
def test_a_frame_with_one_wrong_byte_is_never_taken_for_a_whole_one(body, other, data):
    damaged = data.draw(one_byte_changed(samv.encode(body)))
    codec = samv.SamvCodec()

    taken = codec.feed(damaged)
    codec.reset()
    later = codec.feed(samv.encode(other))

    assert body not in [frame.body for frame in taken]
    assert [frame.body for frame in later] == [other]


@settings(max_examples=40)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_it_never_holds_more_than_one_frame(noise, times):
    codec = samv.SamvCodec()
    announced = samv.PREAMBLE + samv.MAX_LEN.to_bytes(2, "big")

    for _ in range(times):
        codec.feed(announced + noise * 5)

        assert codec.held < len(announced) + samv.MAX_LEN


@pytest.mark.parametrize("length", [0, 1, samv.MAX_LEN + 1, 0xFFFF])
def test_an_impossible_length_does_not_keep_the_next_frame_waiting(length):
    codec = samv.SamvCodec()

    frames = codec.feed(samv.PREAMBLE + length.to_bytes(2, "big") + samv.reply(samv.OK))

    assert [frame.sw3 for frame in frames] == [samv.OK]


def test_a_good_frame_inside_a_broken_one_is_found():
    inner = samv.reply(samv.OK)
    broken = samv.PREAMBLE + (len(inner) + 4).to_bytes(2, "big") + b"\0\0" + inner + b"\x77\x77"
    codec = samv.SamvCodec()

    assert [frame.sw3 for frame in codec.feed(broken)] == [samv.OK]


def test_the_short_filler_of_one_maker_does_not_eat_the_answer_after_it():
    codec = samv.SamvCodec()

    frames = codec.feed(bytes.fromhex("AAAAAA96690005050505 05".replace(" ", "")) + samv.reply(samv.FOUND))

    assert [frame.sw3 for frame in frames] == [samv.FOUND]


@pytest.mark.parametrize("body", [b"", bytes(samv.MAX_LEN)])
def test_a_body_of_impossible_size_is_not_sent(body):
    with pytest.raises(ValueError):
        samv.encode(body)


def test_an_unlisted_status_word_is_told_with_its_number():
    meaning = samv.meaning_of(0x77)

    assert (meaning.code, meaning.advice) == ("sw-77", samv.CALL_STAFF)


def test_a_frame_in_a_log_does_not_show_its_bytes():
    body = "张三丰".encode("utf-16-le")

    assert body.hex() not in repr(samv.SamvFrame(body))
    assert "张" not in repr(samv.SamvFrame(body))
