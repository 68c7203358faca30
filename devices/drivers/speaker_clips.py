"""A loudspeaker that joins recorded clips to calls; every other sentence is in espeak-ng's voice.

Which clips there must be: devices/codecs/clips.py and docs/devices/speaker-clips.md.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import Field, field_validator

from devices.codecs import clips
from devices.codecs.wav import Sound, make_wav
from devices.errors import DeviceFault
from devices.spec import DriverSpec
from devices.transports.base import AudioDevice
from devices.transports.voice import VoiceSettings, announcement, espeak


class ClipsSettings(VoiceSettings):
    """The `[device.settings]` table of a speaker with recorded clips."""

    folder: Path = Field(
        default=Path("/etc/tingtong/clips"), description="where the clips are (a whole path)"
    )
    pause_s: float = Field(default=0.2, ge=0, le=2, description="silence between number and window")
    fallback: bool = Field(default=True, description="say in espeak-ng's voice what there are no clips for")

    @field_validator("folder")
    @classmethod
    def _is_a_whole_path(cls, folder: Path) -> Path:
        if not folder.is_absolute():
            raise ValueError("the folder needs its whole path")
        return folder


class ClipsSpeaker:
    """Says one sentence at a time; `say` returns when it has been heard."""

    def __init__(self, device_id: str, audio: AudioDevice, settings: ClipsSettings) -> None:
        self._audio = audio
        self._settings = settings
        self._clips: dict[str, Sound] = {}
        self._trouble = ""
        self.discarded_bytes = 0

    async def probe(self) -> None:
        """Read the clips; see that there is a loudspeaker.  Raises DeviceFault, TransportError."""
        await self._audio.check()
        try:
            self._clips = clips.load(self._settings.folder)
            self._trouble = ""
        except DeviceFault as fault:
            if not self._settings.fallback:
                raise
            self._clips, self._trouble = {}, fault.code
            await espeak(self._audio, "您好", "zh", self._settings)

    async def look(self) -> str:
        """See that there is a loudspeaker; return why the last call was in another voice, or nothing."""
        await self._audio.check()
        if not self._clips:
            with contextlib.suppress(DeviceFault):
                self._clips = clips.load(self._settings.folder)
                self._trouble = ""
        return self._trouble

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        """Chime, then say `text` `repeat` times (1-5).

        Raises DeviceFault when there are neither clips nor a voice for it, TransportError, WireTimeout.
        """
        planned = clips.plan(text) if language == "zh" else None
        sentence = self._joined(planned) if planned is not None else None
        if sentence is None:
            sentence = await self._synthetic(text, language)
        await self._audio.play(make_wav(announcement(sentence, self._settings, repeat, gain)), text)

    def _joined(self, planned: tuple[str, ...]) -> Sound | None:
        """Return the call from clips; None when one is missing: half a voice is worse than another."""
        if not self._clips or clips.missing(self._clips, planned):
            self._trouble = "clip-missing" if self._clips else "no-voice"
            return None
        self._trouble = ""
        return clips.sentence(self._clips, planned, self._settings.pause_s)

    async def _synthetic(self, text: str, language: str) -> Sound:
        if not self._settings.fallback:
            raise DeviceFault("clip-missing", "there are no clips for this sentence, and `fallback` is off")
        return await espeak(self._audio, text, language, self._settings)


SPEC = DriverSpec(
    name="speaker-clips",
    kind="speaker",
    wire="audio",
    settings=ClipsSettings,
    build=ClipsSpeaker,
    doc="docs/devices/speaker-clips.md",
    source="made sounds; no recording of a person played yet",
)
