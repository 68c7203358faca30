"""What is said is heard: real synthesis, real TCP, one utterance after the other."""

from __future__ import annotations

import asyncio
import wave
from array import array
from collections.abc import AsyncIterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.codecs.chime import chime
from devices.codecs.mandarin import to_pinyin
from devices.codecs.utterance import DONE, Utterance, UtteranceDecoder, encode_utterance
from devices.codecs.wav import Sound, join, make_wav, parse_wav, silence
from devices.drivers.speaker_espeak import SPEC, EspeakSettings, EspeakSpeaker
from devices.errors import DeviceFault, ProtocolError, TransportError, WireTimeout
from devices.sim.runner import Host
from devices.sim.speaker import SimSpeaker
from devices.transports import audio
from devices.transports.audio import AlsaAudio, NetworkAudio

CALL = "请A001号到3号窗口办理"
SOUND = Sound(8000, array("h", [0, 1000, -1000, 500] * 20))
sounds = st.lists(st.integers(-32768, 32767), max_size=200).map(lambda list_: Sound(8000, array("h", list_)))


class Voice:
    """An AudioDevice that remembers; its voice gives `SOUND`."""

    def __init__(self, sound: Sound = SOUND) -> None:
        self._sound = sound
        self.spoken: list[tuple[str, str]] = []
        self.played: list[tuple[Sound, str]] = []

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        self.spoken.append((text, voice))
        return make_wav(self._sound)

    async def play(self, wav: bytes, caption: str) -> None:
        self.played.append((parse_wav(wav), caption))

    async def check(self) -> None:
        pass


@given(sounds)
@settings(max_examples=100)
def test_a_sound_survives_a_wav_file(sound: Sound) -> None:
    assert parse_wav(make_wav(sound)) == sound


@given(sounds)
@settings(max_examples=50)
def test_our_wav_file_is_that_of_the_standard_library(sound: Sound) -> None:
    with wave.open(BytesIO(make_wav(sound))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(file.getnframes()) == sound.samples.tobytes()


def test_a_wav_file_that_lies_about_its_length_is_read_to_its_end() -> None:
    wav = bytearray(make_wav(SOUND))
    wav[40:44] = (0x7FFFF000).to_bytes(4, "little")  # what espeak-ng writes to a pipe

    assert parse_wav(bytes(wav)) == SOUND


def test_a_note_of_odd_length_before_the_samples_is_stepped_over() -> None:
    wav = make_wav(SOUND)

    assert parse_wav(wav[:36] + b"LIST\x03\x00\x00\x00abc\x00" + wav[36:]) == SOUND


@given(st.binary(max_size=80))
@settings(max_examples=100)
def test_what_is_no_wav_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_wav(raw)


def test_the_chime_rings_two_notes_and_ends_in_silence() -> None:
    sound = chime(22050)

    assert 1.0 < sound.seconds < 2.0
    assert 8000 < sound.peak < 30000
    assert abs(sound.samples[-1]) < 50
    assert sum(map(abs, sound.samples[9500:11500])) > sum(
        map(abs, sound.samples[7000:9000])
    )  # the second strike


@given(
    st.lists(st.tuples(st.text(max_size=30), st.binary(min_size=1, max_size=200)), max_size=4),
    st.lists(st.integers(0, 2000), max_size=8),
)
@settings(max_examples=150)
def test_utterances_arrive_whole_in_any_chunking(said: list[tuple[str, bytes]], cuts: list[int]) -> None:
    sent = [Utterance(text, 1.5, wav) for text, wav in said]
    raw = b"".join(map(encode_utterance, sent))
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    decoder = UtteranceDecoder()

    assert [one for a, b in pairwise(places) for one in decoder.feed(raw[a:b])] == sent
    assert decoder.discarded == 0


def test_after_a_break_the_next_utterance_is_heard() -> None:
    decoder = UtteranceDecoder()
    whole = encode_utterance(Utterance(CALL, 1.0, b"w" * 100))

    assert decoder.feed(whole[:80]) == []
    assert decoder.feed(whole) == [Utterance(CALL, 1.0, b"w" * 100)]


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_noise_before_an_utterance_costs_at_most_that_line(noise: bytes) -> None:
    decoder = UtteranceDecoder()
    decoder.feed(noise.replace(b"{", b"") + b"\n")

    assert len(decoder.feed(encode_utterance(Utterance(CALL, 1.0, b"abc")))) == 1


async def test_one_utterance_is_the_chime_and_the_sentence_as_often_as_asked() -> None:
    voice = Voice()
    driver = EspeakSpeaker("speaker-1", voice, EspeakSettings())

    await driver.say(CALL, repeat=2)

    [(heard, caption)] = voice.played
    assert caption == CALL
    assert voice.spoken == [(to_pinyin(CALL), "cmn-latn-pinyin")]
    gap = silence(1.2, 8000)
    assert heard == join(chime(8000), silence(0.15, 8000), SOUND, gap, SOUND)


async def test_english_goes_to_an_english_voice_in_english() -> None:
    voice = Voice()

    await EspeakSpeaker("speaker-1", voice, EspeakSettings(chime=False)).say(CALL, language="en", repeat=1)

    assert voice.spoken == [("Ticket A 0 0 1, please go to window 3", "en-us")]
    assert voice.played == [(SOUND, CALL)]


async def test_a_voice_that_gives_silence_is_a_fault_not_a_call() -> None:
    voice = Voice(silence(1.0, 8000))
    driver = EspeakSpeaker("speaker-1", voice, EspeakSettings())

    with pytest.raises(DeviceFault, match="no sound"):
        await driver.say(CALL)
    with pytest.raises(DeviceFault):
        await driver.probe()
    assert voice.played == []


@pytest.mark.parametrize("text, voice", [(to_pinyin(CALL), "cmn-latn-pinyin"), ("Ticket A 0 0 1", "en-us")])
async def test_espeak_really_makes_sound(text: str, voice: str) -> None:
    sound = parse_wav(await AlsaAudio().speak(text, voice))

    assert sound.seconds > 1.0
    assert sound.peak > 5000


async def test_more_words_make_more_sound() -> None:
    device = AlsaAudio()
    short = parse_wav(await device.speak("qing3", "cmn-latn-pinyin"))
    long = parse_wav(await device.speak(to_pinyin(CALL), "cmn-latn-pinyin"))

    assert long.seconds > 3 * short.seconds


async def test_an_unknown_voice_is_a_fault_that_names_it() -> None:
    with pytest.raises(DeviceFault, match="qqq"):
        await AlsaAudio().speak("x", "qqq")


async def test_a_missing_player_is_named_with_its_package() -> None:
    device = AlsaAudio(player="no-such-player")

    with pytest.raises(TransportError, match="alsa-utils"):
        await device.check()
    with pytest.raises(TransportError, match="alsa-utils"):
        await device.play(make_wav(SOUND), "x")


async def test_alsa_plays_the_very_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, conf = tmp_path / "out.wav", tmp_path / "asound.conf"
    conf.write_text(
        f'pcm.!default {{type file; slave.pcm "null"; file "{out}"; format "wav"}}\npcm.null {{type null}}\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(conf))

    await AlsaAudio().play(make_wav(SOUND), "x")

    assert parse_wav(out.read_bytes()).samples[: len(SOUND.samples)] == SOUND.samples


async def test_alsa_says_what_is_wrong_with_its_device() -> None:
    with pytest.raises(TransportError, match="no-such-card"):
        await AlsaAudio("no-such-card").play(make_wav(SOUND), "x")


@pytest.fixture
async def amplifier() -> AsyncIterator[tuple[Host, SimSpeaker, NetworkAudio]]:
    sim = SimSpeaker(speed=200.0)
    host = Host("speaker-1", sim, "tcp:0")
    await host.start()
    port = int(host.wire.rpartition(":")[2])
    device = NetworkAudio("127.0.0.1", port)
    yield host, sim, device
    await device.close()
    await host.stop()


async def test_a_call_is_heard_over_the_network(amplifier: tuple[Host, SimSpeaker, NetworkAudio]) -> None:
    _, sim, device = amplifier
    driver = SPEC.build("speaker-1", device, EspeakSettings())
    await driver.probe()

    await driver.say(CALL, repeat=1)  # type: ignore[attr-defined]

    state = sim.state()
    assert state["said"] == [CALL]
    assert state["speaking"] is None
    heard = parse_wav(sim.wav(-1))
    assert heard.seconds > chime().seconds + 2.0
    assert max(map(abs, heard.samples[round(chime().seconds * heard.rate) + 5000 :])) > 5000


async def test_utterances_never_overlap_however_many_are_asked_for_at_once(
    amplifier: tuple[Host, SimSpeaker, NetworkAudio],
) -> None:
    _, sim, device = amplifier
    wav = make_wav(Sound(8000, array("h", [100] * 8000)))

    await asyncio.gather(*(device.play(wav, f"{place}") for place in range(12)))

    assert sorted(sim.state()["said"], key=int) == [f"{place}" for place in range(12)]
    assert sim.state()["overlaps"] == 0


async def test_an_amplifier_that_hangs_is_a_timeout_and_the_next_call_gets_through(
    amplifier: tuple[Host, SimSpeaker, NetworkAudio], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sim, device = amplifier
    monkeypatch.setattr(audio, "PLAY_MARGIN_S", 0.05)
    sim.do("mute", {"on": True}, 0.0)
    with pytest.raises(WireTimeout):
        await device.play(make_wav(SOUND), "lost")

    sim.do("mute", {"on": False}, 0.0)
    monkeypatch.setattr(audio, "PLAY_MARGIN_S", 10.0)
    await device.play(make_wav(SOUND), "heard")

    assert sim.state()["said"][-1] == "heard"


async def test_no_amplifier_is_a_lost_wire() -> None:
    device = NetworkAudio("127.0.0.1", 1)

    with pytest.raises(TransportError, match="no amplifier"):
        await device.check()


def test_the_simulator_counts_sounds_that_overlap() -> None:
    sim = SimSpeaker()
    for place in range(2):
        sim.receive(encode_utterance(Utterance(f"{place}", 2.0, b"abc")), float(place))

    assert sim.state()["overlaps"] == 1
    assert sim.state()["speaking"] == "0"
    assert sim.poll(1.9) == b""
    assert sim.poll(3.1) == DONE * 2


def test_the_simulator_keeps_fifty_sentences_and_eight_sounds() -> None:
    sim = SimSpeaker()
    for place in range(60):
        sim.receive(encode_utterance(Utterance(f"{place}", 0.5, bytes((place,)))), float(place))

    assert sim.state()["said"] == [f"{place}" for place in range(10, 60)]
    assert [sim.wav(place) for place in (0, -1)] == [bytes((52,)), bytes((59,))]
