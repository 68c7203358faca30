"""The speaker with a program for its voice: the program is heard; without it the other voice, and trouble."""

from devices.codecs.wav import Sound, make_wav
from devices.drivers.speaker_command import CommandSpeaker
from devices.errors import DeviceFault, TransportError, WireTimeout
from tests.contract.bench import AudioBench
from tests.contract.benches.speaker_espeak import RATE, SENTENCE, Loudspeaker, NotWav, Voiceless

OWN = Sound(RATE, SENTENCE.samples[: RATE // 2])


class Site(Loudspeaker):
    """A loudspeaker whose site supplied a voice."""

    def __init__(self, error: Exception | None = None, voice: bytes | None = None) -> None:
        super().__init__(error=error)
        self.voice = make_wav(OWN) if voice is None else voice

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        if not self.voice:
            raise DeviceFault("no-voice", "cannot be run")
        return self.voice


class Nothing(Voiceless):
    """Neither the site's voice nor espeak-ng."""

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        raise DeviceFault("no-voice", "cannot be run")


class Noise(NotWav):
    """Both voices answer with something that is no sound."""

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        return b"usage: voice [-h]"


async def exercise(driver: CommandSpeaker, device: Site) -> None:
    await driver.say("请A001号到3号窗口办理", repeat=1)
    sound, caption = device.heard[-1]
    assert caption == "请A001号到3号窗口办理"
    assert sound.samples[-len(OWN.samples) :] == OWN.samples
    assert await driver.look() == ""

    for broken in (b"", b"RIFF", make_wav(Sound(RATE, type(OWN.samples)("h", [0] * 80)))):
        device.voice = broken
        await driver.say("请A002号到3号窗口办理", repeat=1)
        assert device.heard[-1][0].samples[-RATE:] == SENTENCE.samples
        assert await driver.look() != ""


BENCH = AudioBench(
    device=Site,
    broken={
        "unplugged": lambda: Site(error=TransportError("no amplifier")),
        "hung": lambda: Site(error=WireTimeout("never done")),
        "voiceless": Nothing,
        "not a sound": Noise,
    },
    exercise=exercise,
)
