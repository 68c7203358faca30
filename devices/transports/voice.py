"""How a sentence becomes an announcement: what all drivers of loudspeakers share.

One utterance is one WAV file, so that nothing can come between a sentence and its repetition::

    chime | 0.15 s | sentence | 1.2 s | sentence …
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.chime import chime
from devices.codecs.loudness import amplify
from devices.codecs.mandarin import to_english, to_pinyin
from devices.codecs.wav import Sound, join, parse_wav, silence
from devices.errors import DeviceFault
from devices.transports.base import AudioDevice

AFTER_CHIME_S = 0.15
MAX_REPEAT = 5
_SILENT_BELOW = 200  # of 32767: a synthesiser that gives this has said nothing


class VoiceSettings(BaseModel):
    """What every speaker has in its `[device.settings]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voice_zh: str = Field(default="cmn-latn-pinyin", description="espeak-ng voice that reads pinyin")
    voice_en: str = Field(default="en-us", description="espeak-ng voice for English")
    rate_wpm: int = Field(default=140, ge=80, le=300, description="speed of speech of espeak-ng")
    chime: bool = Field(default=True, description="a two-tone chime before the sentence")
    gap_s: float = Field(default=1.2, ge=0, le=5, description="silence before the repetition")


async def espeak(audio: AudioDevice, text: str, language: str, settings: VoiceSettings) -> Sound:
    """Return a sentence in espeak-ng's voice.  Raises DeviceFault (`no-voice`), ProtocolError."""
    if language == "en":
        words, voice = to_english(text), settings.voice_en
    else:
        words, voice = to_pinyin(text), settings.voice_zh
    return heard(await audio.speak(words, voice, settings.rate_wpm), f"the voice {voice}")


def heard(wav: bytes, who: str) -> Sound:
    """Return what a voice gave.  Raises ProtocolError: no WAV; DeviceFault (`no-voice`): only silence."""
    sound = parse_wav(wav)
    if sound.peak < _SILENT_BELOW:
        raise DeviceFault("no-voice", f"{who} gives no sound")
    return sound


def announcement(sentence: Sound, settings: VoiceSettings, repeat: int, gain: float) -> Sound:
    """Return chime and sentence, `repeat` times (1-5), `gain` times as loud."""
    parts: list[Sound] = []
    if settings.chime:
        parts += [chime(sentence.rate), silence(AFTER_CHIME_S, sentence.rate)]
    for place in range(max(1, min(MAX_REPEAT, repeat))):
        parts += [silence(settings.gap_s, sentence.rate), sentence] if place else [sentence]
    return amplify(join(*parts), gain)
