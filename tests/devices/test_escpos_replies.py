"""A printer's replies are told apart in any chunking and between noise."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs.escpos_replies import (
    AutoStatus,
    Block,
    Flow,
    PaperStatus,
    ProcessId,
    RealTimeStatus,
    Reply,
    ReplyDemultiplexer,
)

ascii_text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40)
REPLIES = st.one_of(
    st.sampled_from([0x12, 0x16, 0x1A, 0x32, 0x52, 0x7E]).map(lambda b: (RealTimeStatus(b), bytes((b,)))),
    st.sampled_from([0x00, 0x03, 0x0C, 0x0F]).map(lambda b: (PaperStatus(b), bytes((b,)))),
    st.sampled_from([b"\x10\x00\x00\x00", b"\x38\x00\x00\x00", b"\x18\x00\x0f\x00"]).map(
        lambda raw: (AutoStatus(raw), raw)
    ),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=4, max_size=4).map(
        lambda job: (ProcessId(job), b"\x37\x22" + job.encode() + b"\x00")
    ),
    ascii_text.map(lambda text: (Block(0x5F, text.encode()), b"\x5f" + text.encode() + b"\x00")),
    st.sampled_from([True, False]).map(lambda go: (Flow(go), b"\x11" if go else b"\x13")),
)
NOISE = st.binary(max_size=6).map(lambda raw: bytes(byte | 0x80 for byte in raw))  # no reply has the top bit


@st.composite
def traffic(draw: st.DrawFn) -> tuple[list[Reply], list[bytes], int]:
    """Replies, the same as bytes with noise between them cut anywhere, and how much noise there was."""
    replies, raw, noise = [], b"", 0
    for reply, encoded in draw(st.lists(REPLIES, max_size=12)):
        before = draw(NOISE)
        replies.append(reply)
        raw += before + encoded
        noise += len(before)
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    chunks = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    return replies, chunks, noise


@given(traffic())
@settings(max_examples=300)
def test_every_reply_survives_noise_and_any_chunking(case: tuple[list[Reply], list[bytes], int]) -> None:
    replies, chunks, noise = case
    demultiplexer = ReplyDemultiplexer()

    assert [reply for chunk in chunks for reply in demultiplexer.feed(chunk)] == replies
    assert demultiplexer.discarded == noise


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_noise_never_raises_and_never_stops_the_next_question(raw: bytes) -> None:
    demultiplexer = ReplyDemultiplexer()
    demultiplexer.feed(raw)

    demultiplexer.forget()

    assert demultiplexer.feed(b"\x12") == [RealTimeStatus(0x12)]


def test_a_process_id_that_was_cut_short_does_not_swallow_what_follows() -> None:
    demultiplexer = ReplyDemultiplexer()

    replies = demultiplexer.feed(b"\x37\x22T!" + b"\x1a" + b"\x37\x22T!!#\x00")

    assert RealTimeStatus(0x1A) in replies
    assert replies[-1] == ProcessId("T!!#")


def test_a_process_id_that_never_ends_does_not_hold_back_the_answers_behind_it() -> None:
    replies = ReplyDemultiplexer().feed(b"\x37\x22T!" + b"\x32" * 8)

    assert RealTimeStatus(0x32) in replies


def test_automatic_status_that_was_cut_short_costs_itself_only() -> None:
    assert ReplyDemultiplexer().feed(b"\x10" + b"\x12" * 3) == [RealTimeStatus(0x12)] * 3


def test_a_byte_with_wrong_fixed_bits_is_noise() -> None:
    demultiplexer = ReplyDemultiplexer()

    assert demultiplexer.feed(b"\x17\x1b\x92") == []
    assert demultiplexer.discarded == 3


def test_the_maker_is_read_from_the_manuals_example() -> None:
    assert ReplyDemultiplexer().feed(bytes.fromhex("5f4550534f4e00")) == [Block(0x5F, b"EPSON")]


def test_automatic_status_is_not_mistaken_for_answers() -> None:
    assert ReplyDemultiplexer().feed(bytes.fromhex("10000000 16 38000000")) == [
        AutoStatus(bytes.fromhex("10000000")),
        RealTimeStatus(0x16),
        AutoStatus(bytes.fromhex("38000000")),
    ]
