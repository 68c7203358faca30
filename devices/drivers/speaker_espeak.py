"""A loudspeaker that speaks Mandarin and English by espeak-ng, after a two-tone chime.

Mandarin goes to the voice as pinyin: fed with hanzi, espeak-ng reads polyphones wrong and `-v cmn` of
Debian 12 reads pinyin as English (tried).  The voice and the loudspeaker are the wire: an AudioDevice.
"""

from __future__ import annotations

from devices.codecs.wav import make_wav
from devices.errors import DeviceError
from devices.spec import DriverSpec
from devices.transports.base import AudioDevice
from devices.transports.voice import VoiceSettings, announcement, espeak


class EspeakSettings(VoiceSettings):
    """The `[device.settings]` table of a speaker."""


class EspeakSpeaker:
    """Says one sentence at a time; `say` returns when it has been heard."""

    def __init__(self, device_id: str, audio: AudioDevice, settings: EspeakSettings) -> None:
        self._audio = audio
        self._settings = settings
        self._trouble = ""
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """See that there is a voice and a loudspeaker.  Raises DeviceFault, TransportError."""
        await self._audio.check()
        await espeak(self._audio, "您好", "zh", self._settings)

    async def look(self) -> str:
        """See that there is a loudspeaker; return why the last sentence was not said, or nothing."""
        await self._audio.check()
        return self._trouble

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        """Chime, then say `text` `repeat` times (1-5).

        Raises DeviceFault when the voice gives no sound, TransportError, WireTimeout.
        """
        try:
            sentence = await espeak(self._audio, text, language, self._settings)
        except DeviceError as error:
            self._trouble = error.code
            raise
        self._trouble = ""
        await self._audio.play(make_wav(announcement(sentence, self._settings, repeat, gain)), text)


SPEC = DriverSpec(
    name="speaker-espeak",
    kind="speaker",
    wire="audio",
    settings=EspeakSettings,
    build=EspeakSpeaker,
    doc="docs/devices/speaker-espeak.md",
    level="silver",
    source="real espeak-ng and TCP in the tests; nobody has listened in a hall yet",
)
