"""Whatever comes over a wire, no decoder breaks: 20,000 inputs here, a million in `make test-long`."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.bus.base import BusClosed, envelope_of
from devices.bus.guard import CommandGuard
from devices.bus.memory import Mailbox
from devices.codecs import ssc, tunion
from devices.contracts.base import Message
from devices.contracts.call_pad import Beep, KeyPressed, PadKey
from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.errors import DeviceError, DeviceFault, ProtocolError
from tests.devices.decoders import DECODERS, NOT_DECODERS, Decoder, takers_of_bytes

BATCH = 25  # inputs made of one Hypothesis example
EXAMPLES = -(-20_000 // (BATCH * len(DECODERS)))
EXAMPLES_LONG = -(-1_000_000 // (BATCH * len(DECODERS)))
LONGEST = 600


def test_every_decoder_is_in_the_list() -> None:
    """A new one goes into tests/devices/decoders.py, with bytes that it understands."""
    listed = {one.name.partition("(")[0] for one in DECODERS} | set(NOT_DECODERS)

    assert set(takers_of_bytes()) == listed


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda one: str(one.name))
def test_the_list_has_bytes_that_each_decoder_understands(decoder: Decoder) -> None:
    for sample in decoder.samples:
        assert decoder.decode(sample) not in (None, [])


def mutated(chance: random.Random, samples: tuple[bytes, ...]) -> bytes:
    """Return a sample after some damage: bits, bytes, lengths that lie, pieces lost, doubled or strange."""
    raw = bytearray(chance.choice(samples))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(7):
            case 0 if at < len(raw):
                raw[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(raw):
                raw[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
            case 2:
                del raw[at:]
            case 3:
                del raw[at : at + chance.randint(1, 4)]
            case 4:
                raw[at:at] = chance.randbytes(chance.randint(1, 12))
            case 5:
                raw += chance.choice(samples)
            case _:
                raw[at:at] = raw[at : at + chance.randint(1, 40)]
    return bytes(raw[:LONGEST])


def inputs(seed: int, raw: bytes, decoder: Decoder) -> list[bytes]:
    """Return a batch: what Hypothesis drew, random bytes, and damaged samples."""
    chance = random.Random(seed)
    strange = [chance.randbytes(chance.randint(0, 80)) for _ in range(6)]
    return [raw, *strange, *(mutated(chance, decoder.samples) for _ in range(BATCH - 7))]


def survives(decoder: Decoder, data: bytes) -> None:
    """Decode, and fail with the input in full for any error that is no refusal."""
    try:
        decoder.decode(data)
    except decoder.refusals:
        return
    except Exception as error:
        raise AssertionError(f"{decoder.name} broke over {data.hex()}: {error!r}") from error


seeds = st.integers(0, 2**63)


@pytest.mark.parametrize("decoder", DECODERS, ids=lambda one: str(one.name))
@given(seeds, st.binary(max_size=120))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_breaks_a_decoder(decoder: Decoder, seed: int, raw: bytes) -> None:
    for data in inputs(seed, raw, decoder):
        survives(decoder, data)


@pytest.mark.long
@pytest.mark.parametrize("decoder", DECODERS, ids=lambda one: str(one.name))
@given(seeds, st.binary(max_size=LONGEST))
@settings(max_examples=EXAMPLES_LONG, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_input_of_a_million_breaks_a_decoder(decoder: Decoder, seed: int, raw: bytes) -> None:
    for data in inputs(seed, raw, decoder):
        survives(decoder, data)


STREAMS = [one for one in DECODERS if one.stream is not None]


@pytest.mark.parametrize("decoder", STREAMS, ids=lambda one: str(one.name))
@given(seeds)
@settings(max_examples=5, deadline=None)
def test_a_stream_that_heard_noise_hears_again(decoder: Decoder, seed: int) -> None:
    """Some length may lie up to the longest frame there is; after that, what is whole is understood."""
    assert decoder.stream is not None
    chance, codec, sample = random.Random(seed), decoder.stream(), decoder.samples[0]
    codec.feed(chance.randbytes(chance.randint(1, 60)))
    whole = decoder.decode(sample)[-1]

    heard = [one for _ in range(70_000 // len(sample)) for one in codec.feed(sample)]
    assert heard[-1] == whole


@pytest.mark.parametrize(
    "script", [ssc.read_holder, ssc.find, tunion.find], ids=lambda one: str(one.__name__)
)
@given(seeds)
@settings(max_examples=100, deadline=None)
def test_a_card_that_answers_anything_at_all_ends_in_a_value_or_a_refusal(script: object, seed: int) -> None:
    chance, dialogue = random.Random(seed), script()  # type: ignore[operator]
    good = (b"\x90\x00", b"\x61\x10", b"\x6c\x10", b"\x6a\x82", b"")
    next(dialogue)
    for _ in range(500):
        body = chance.randbytes(chance.choice((0, 0, 4, 20, 60)))
        try:
            dialogue.send(body + chance.choice(good))
        except StopIteration:
            return
        except (DeviceError, DeviceFault, ProtocolError, ValueError):
            return
    raise AssertionError("the reading never ends")


BODIES: tuple[Message, ...] = (
    Announce(key="A001@3", text="请A001号到3号窗口办理", seq=7),
    Beep(window="3"),
    WindowDisplay(window="3", state=WindowState.CALLING, text="A001", number="A001", seq=1),
    KeyPressed(device_id="pads-1f", window="3", key=PadKey.CALL_NEXT, boot="b", seq=1),
)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TIMES = ("0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "2026-11-23T09:00:00Z", "1e999", "NaN", "")


@pytest.mark.parametrize("body", BODIES, ids=lambda one: type(one).__name__)
@given(seeds, st.sampled_from(TIMES), st.binary(max_size=200))
@settings(max_examples=30, deadline=None)
def test_no_payload_breaks_a_listener_on_the_bus(body: Message, seed: int, at: str, raw: bytes) -> None:
    chance, guard = random.Random(seed), CommandGuard()
    whole = envelope_of(body, expires_in_s=60, now=NOW).model_dump_json().encode()
    timed = whole.replace(b"2026-11-23T09:00:00Z", at.encode())
    assert at == "2026-11-23T09:00:00Z" or timed != whole
    mailbox = Mailbox("x", type(body), lambda _closed: None)

    for payload in (raw, timed, *(mutated(chance, (whole, timed)) for _ in range(20)), whole):
        mailbox.deliver("x", payload)
    mailbox.hang_up()

    heard = []
    with contextlib.suppress(BusClosed):
        while True:
            heard.append(asyncio.run(mailbox.get()))
    for message in heard:
        guard.judge(message.envelope, NOW)
    assert heard[-1].body == body
