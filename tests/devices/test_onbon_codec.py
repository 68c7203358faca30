import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs import onbon, onbon_text
from devices.codecs.onbon import OnbonCodec, OnbonFrame
from devices.codecs.onbon_text import DynamicText
from tests.golden import golden, vectors
from tests.strategies import chunked, one_byte_changed

payloads = st.binary(max_size=40) | st.lists(st.sampled_from(b"\xa5\xa6\x5a\x5b\x01\x02"), max_size=20).map(
    bytes
)
frames_any = st.builds(
    OnbonFrame, payloads, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255)
)
noise = st.binary(max_size=12).filter(lambda data: b"\xa5" not in data)
PLAIN = DynamicText(b"012345QRSTTV'B", 24, 32, mode=onbon_text.SCROLL_LEFT, single_line=False, timeout_s=2)


@pytest.mark.parametrize("name", list(vectors("onbon.json")))
def test_every_published_frame_is_read_and_written_byte_for_byte(name):
    data = golden("onbon.json", name)
    codec = OnbonCodec()

    frames = codec.feed(data)

    assert [onbon.encode(frame) for frame in frames] == [data]
    assert codec.discarded == 0


@pytest.mark.parametrize(
    "name, frame",
    [
        ("bxk_ping", OnbonFrame(onbon.PING + b"\x01\0\0")),
        ("bxk_clear", OnbonFrame(onbon.CLEAR + b"\x01\0\0")),
        ("bxk_reply_0", onbon.ack()),
        ("bxk_reply_3", onbon.ack(onbon.BUSY)),
        ("bxk_text_src", OnbonFrame(PLAIN.encode("length"))),
        ("bxk_text_ascii", OnbonFrame(PLAIN.encode("none"))),
    ],
)
def test_what_we_say_is_the_published_frame(name, frame):
    assert onbon.encode(frame) == golden("onbon.json", name)


def test_the_published_escapes_are_undone():
    [frame] = OnbonCodec().feed(golden("onbon.json", "bxk_escape"))

    [area] = onbon_text.decode_areas(frame.data)

    assert area.text == b"\xa5\xa6\x5a\x5b"


@settings(max_examples=100)
@given(st.lists(st.tuples(noise, frames_any), max_size=5), st.data())
def test_every_frame_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(before + onbon.encode(frame) for before, frame in parts)
    codec = OnbonCodec()

    frames = [f for chunk in data.draw(chunked(wire)) for f in codec.feed(chunk)]

    assert frames == [frame for _, frame in parts]
    assert codec.held == 0


@settings(max_examples=150)
@given(frames_any, st.data())
def test_one_wrong_byte_never_makes_another_frame(frame, data):
    """CRC-16 finds every single wrong byte; a wrong preamble byte alone does not matter."""
    damaged = data.draw(one_byte_changed(onbon.encode(frame)))

    assert [one for one in OnbonCodec().feed(damaged) if one != frame] == []


@settings(max_examples=60)
@given(st.binary(max_size=300), frames_any)
def test_after_any_noise_the_next_frame_is_read(before, frame):
    codec = OnbonCodec()
    codec.feed(before)

    assert codec.feed(onbon.encode(frame))[-1:] == [frame]


def test_it_never_holds_more_than_one_frame():
    codec = OnbonCodec()
    codec.feed(b"\xa5")

    for _ in range(20):
        codec.feed(bytes(1000))

        assert codec.held <= 2 * (onbon.MAX_DATA + 16)


def test_a_wrong_crc_is_taken_only_where_it_is_tolerated():
    data = bytearray(golden("onbon.json", "bxk_reply_0"))
    data[-3] ^= 0x11

    strict, tolerant = OnbonCodec(), OnbonCodec(check_crc=False)

    assert strict.feed(bytes(data)) == []
    assert tolerant.feed(bytes(data)) == [onbon.ack()]
    assert strict.bad_checksums == tolerant.bad_checksums == 1


def test_the_second_end_byte_of_the_makers_own_program_is_no_noise():
    codec = OnbonCodec()
    data = golden("onbon.json", "bxk_ping")

    assert len(codec.feed(data + b"\x5a" + data + b"\x5a")) == 2
    assert codec.discarded == 0


def test_data_too_long_for_a_card_are_not_sent():
    with pytest.raises(ValueError):
        onbon.encode(OnbonFrame(bytes(onbon.MAX_DATA + 1)))


areas = st.builds(
    DynamicText,
    text=st.binary(max_size=30),
    width=st.integers(0, 0xFFFF),
    height=st.integers(0, 0xFFFF),
    mode=st.integers(1, 6),
    align=st.integers(0, 15),
    single_line=st.booleans(),
    speed=st.integers(0, 24),
)


@settings(max_examples=60)
@given(areas, st.sampled_from(["clear", "none", "length"]))
def test_a_text_area_survives_the_way_to_the_card(area, flag):
    assert onbon_text.decode_areas(area.encode(flag)) == [area]


@settings(max_examples=100)
@given(areas, st.data())
def test_a_shortened_area_is_refused(area, data):
    whole = area.encode("clear")
    cut = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(ValueError):
        onbon_text.decode_areas(whole[:cut])


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_any_text_becomes_something_a_card_can_show(text):
    shown = onbon_text.gb2312(text)

    assert len(shown) <= onbon_text.TEXT_LIMIT
    shown.decode("gb2312")


@pytest.mark.parametrize(
    "text, shown",
    [
        ("请A001到3号窗口", "请A001到3号窗口"),
        ("张·李—王", "张·李—王"),
        ("䶮先生", "?先生"),
        ("a–b\nc", "a-b c"),
        ("㎡", "m2"),
        ("😀", "?"),
    ],
)
def test_what_gb2312_lacks_is_replaced_by_rule(text, shown):
    assert onbon_text.from_gb2312(onbon_text.gb2312(text)) == shown


def test_a_text_too_long_is_never_cut_inside_a_character():
    shown = onbon_text.gb2312("a" + "很" * 2000)

    assert onbon_text.from_gb2312(shown) == "a" + "很" * 511


def test_colour_escapes_take_no_room():
    assert onbon_text.half_columns(rb"\C1A001\C2" + "到".encode("gbk")) == 6
