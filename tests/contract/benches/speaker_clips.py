"""The speaker with clips, in a hall that has none: the other voice says all, and the trouble is told."""

from devices.drivers.speaker_clips import ClipsSpeaker
from devices.errors import TransportError, WireTimeout
from tests.contract.bench import AudioBench
from tests.contract.benches.speaker_espeak import RATE, SENTENCE, Loudspeaker, NotWav, Voiceless


async def exercise(driver: ClipsSpeaker, device: Loudspeaker) -> None:
    for text in ("请A001号到3号窗口办理", "下班了"):
        await driver.say(text, repeat=1)

        sound, caption = device.heard[-1]
        assert caption == text
        assert sound.samples[-RATE:] == SENTENCE.samples
    assert await driver.look() == "no-voice"


BENCH = AudioBench(
    device=Loudspeaker,
    broken={
        "unplugged": lambda: Loudspeaker(error=TransportError("no amplifier")),
        "hung": lambda: Loudspeaker(error=WireTimeout("never done")),
        "voiceless": Voiceless,
        "not a sound": NotWav,
    },
    exercise=exercise,
)
