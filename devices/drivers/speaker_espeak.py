"""A loudspeaker that speaks Mandarin and English by espeak-ng, after a two-tone chime.

One utterance is one WAV file::

    chime | 0.15 s | sentence | 1.2 s | sentence …

so nothing can come between a sentence and its repetition.  Mandarin goes to the voice as pinyin: fed with
hanzi, espeak-ng reads polyphones wrong and `-v cmn` of Debian 12 reads pinyin as English
(kivy_and_speech, section 3).  The voice and the loudspeaker are the wire: an AudioDevice.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from devices.codecs.chime import chime
from devices.codecs.mandarin import to_english, to_pinyin
from devices.codecs.wav import Sound, join, make_wav, parse_wav, silence
from devices.errors import DeviceFault
from devices.spec import DriverSpec
from devices.transports.base import AudioDevice

AFTER_CHIME_S = 0.15
MAX_REPEAT = 5
_SILENT_BELOW = 200  # of 32767: a synthesiser that gives this has said nothing


class EspeakSettings(BaseModel):
    """The `[device.settings]` table of a speaker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    voice_zh: str = Field(default="cmn-latn-pinyin", description="espeak-ng voice that reads pinyin")
    voice_en: str = Field(default="en-us", description="espeak-ng voice for English")
    rate_wpm: int = Field(default=140, ge=80, le=300, description="speed of speech")
    chime: bool = Field(default=True, description="a two-tone chime before the sentence")
    gap_s: float = Field(default=1.2, ge=0, le=5, description="silence before the repetition")


class EspeakSpeaker:
    """Says one sentence at a time; `say` returns when it has been heard."""

    def __init__(self, device_id: str, audio: AudioDevice, settings: EspeakSettings) -> None:
        self._device_id = device_id
        self._audio = audio
        self._settings = settings
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """See that there is a voice and a loudspeaker.  Raises DeviceFault, TransportError."""
        await self._audio.check()
        await self._sentence("您好", "zh")

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2) -> None:
        """Chime, then say `text` `repeat` times (1-5).

        Raises DeviceFault when the voice gives no sound, TransportError, WireTimeout.
        """
        sentence = await self._sentence(text, language)
        parts: list[Sound] = []
        if self._settings.chime:
            parts += [chime(sentence.rate), silence(AFTER_CHIME_S, sentence.rate)]
        for place in range(max(1, min(MAX_REPEAT, repeat))):
            parts += [silence(self._settings.gap_s, sentence.rate), sentence] if place else [sentence]
        await self._audio.play(make_wav(join(*parts)), text)

    async def _sentence(self, text: str, language: str) -> Sound:
        settings = self._settings
        if language == "en":
            words, voice = to_english(text), settings.voice_en
        else:
            words, voice = to_pinyin(text), settings.voice_zh
        sound = parse_wav(await self._audio.speak(words, voice, settings.rate_wpm))
        if sound.peak < _SILENT_BELOW:
            raise DeviceFault("no-voice", f"the voice {voice} of {self._device_id} gives no sound")
        return sound


SPEC = DriverSpec(
    name="speaker-espeak",
    kind="speaker",
    wire="audio",
    settings=EspeakSettings,
    build=EspeakSpeaker,
    doc="docs/devices/speaker-espeak.md",
)
