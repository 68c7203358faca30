"""A loudspeaker with a voice of the site's own: any program that reads text and writes a WAV file.

The program gets one sentence on its standard input (UTF-8), the language (`zh`, `en`) in the environment as
TINGTONG_LANGUAGE, and writes WAV (16-bit, one channel) to its standard output.  It is killed, with all that
it started, when it takes longer than `limit_s`.  Piper works in this way: docs/devices/speaker-command.md.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from devices.codecs.mandarin import to_english, to_pinyin
from devices.codecs.wav import Sound, make_wav
from devices.errors import DeviceFault, ProtocolError
from devices.spec import DriverSpec
from devices.transports.base import AudioDevice
from devices.transports.voice import VoiceSettings, announcement, espeak, heard


class CommandSettings(VoiceSettings):
    """The `[device.settings]` table of a speaker with a program for its voice."""

    command: tuple[str, ...] = Field(
        default=("/etc/tingtong/voice",),
        min_length=1,
        description="the program (a whole path) and its arguments",
    )
    limit_s: float = Field(default=10.0, gt=0, le=60, description="the program must be done in so long")
    reads: Literal["text", "pinyin"] = Field(
        default="text", description="what the program gets for Mandarin: the sentence, or pinyin with tones"
    )
    fallback: bool = Field(default=True, description="say it in espeak-ng's voice when the program fails")

    @field_validator("command")
    @classmethod
    def _is_a_whole_path(cls, command: tuple[str, ...]) -> tuple[str, ...]:
        if not command[0].startswith("/"):
            raise ValueError("the program needs its whole path")
        return command


class CommandSpeaker:
    """Says one sentence at a time; `say` returns when it has been heard."""

    def __init__(self, device_id: str, audio: AudioDevice, settings: CommandSettings) -> None:
        self._audio = audio
        self._settings = settings
        self._trouble = ""
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """See that there is a voice and a loudspeaker.  Raises DeviceFault, TransportError."""
        await self._audio.check()
        await self._sentence("您好", "zh")

    async def look(self) -> str:
        """See that there is a loudspeaker; return why the last sentence was in another voice, or nothing."""
        await self._audio.check()
        return self._trouble

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        """Chime, then say `text` `repeat` times (1-5).

        Raises DeviceFault when there is no voice at all, TransportError, WireTimeout.
        """
        sentence = await self._sentence(text, language)
        await self._audio.play(make_wav(announcement(sentence, self._settings, repeat, gain)), text)

    async def _sentence(self, text: str, language: str) -> Sound:
        settings = self._settings
        words = to_english(text) if language == "en" else text
        if settings.reads == "pinyin" and language != "en":
            words = to_pinyin(text)
        try:
            wav = await self._audio.run_voice(settings.command, words, language, settings.limit_s)
            sound = heard(wav, settings.command[0])
        except (DeviceFault, ProtocolError) as error:
            self._trouble = error.code
            if not settings.fallback:
                raise
            return await espeak(self._audio, text, language, settings)
        self._trouble = ""
        return sound


SPEC = DriverSpec(
    name="speaker-command",
    kind="speaker",
    wire="audio",
    settings=CommandSettings,
    build=CommandSpeaker,
    doc="docs/devices/speaker-command.md",
    level="silver",
    source="real programs in the tests, late, failing and silent; no product's voice tried yet",
)
