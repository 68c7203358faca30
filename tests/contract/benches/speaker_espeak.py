"""The speaker: what was asked for is heard, once for each repetition; a broken one is noticed."""

from array import array

from devices.codecs.chime import chime
from devices.codecs.wav import Sound, make_wav, parse_wav, silence
from devices.drivers.speaker_espeak import EspeakSpeaker
from devices.errors import DeviceFault, TransportError, WireTimeout
from tests.contract.bench import AudioBench

RATE = 8000
SENTENCE = Sound(RATE, array("h", [0, 4000, 0, -4000] * (RATE // 4)))  # one second


class Loudspeaker:
    """An AudioDevice without a loudspeaker: it keeps what it should have played."""

    def __init__(self, sentence: Sound = SENTENCE, error: Exception | None = None) -> None:
        self._sentence = sentence
        self._error = error
        self.heard: list[tuple[Sound, str]] = []

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        return make_wav(self._sentence)

    async def play(self, wav: bytes, caption: str) -> None:
        if self._error is not None:
            raise self._error
        self.heard.append((parse_wav(wav), caption))

    async def check(self) -> None:
        if isinstance(self._error, TransportError):
            raise self._error


class Voiceless(Loudspeaker):
    """There is no synthesiser."""

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        raise DeviceFault("no-voice", "espeak-ng is not installed")


class NotWav(Loudspeaker):
    """The synthesiser answers with something that is no sound."""

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        return b"Segmentation fault"


async def exercise(driver: EspeakSpeaker, device: Loudspeaker) -> None:
    for repeat, language in ((2, "zh"), (1, "en")):
        await driver.say("请A001号到3号窗口办理", language=language, repeat=repeat)

        sound, caption = device.heard[-1]
        wanted_s = chime(RATE).seconds + 0.15 + repeat * 1.0 + (repeat - 1) * 1.2
        assert caption == "请A001号到3号窗口办理"
        assert abs(sound.seconds - wanted_s) < 0.01
        assert sound.samples[-RATE:] == SENTENCE.samples


BENCH = AudioBench(
    device=Loudspeaker,
    broken={
        "unplugged": lambda: Loudspeaker(error=TransportError("no amplifier")),
        "hung": lambda: Loudspeaker(error=WireTimeout("never done")),
        "voiceless": Voiceless,
        "not a sound": NotWav,
        "silent": lambda: Loudspeaker(silence(1.0, RATE)),
    },
    exercise=exercise,
)
