"""A network amplifier with a loudspeaker: it plays in real time and says when it is done."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from devices.codecs.utterance import DONE, Utterance, UtteranceDecoder
from devices.sim.base import Action

SAID_KEPT = 50
WAVS_KEPT = 8


@dataclass(frozen=True, slots=True)
class Said:
    """What was heard, from `at_s` on for `seconds`."""

    text: str
    at_s: float
    seconds: float
    wav_bytes: int


@dataclass
class SimSpeaker:
    """Sans-I/O: call the methods, send what `poll` returns.

    `speed` is how much faster than real time it plays; two sounds at once are counted in `overlaps`.
    """

    speed: float = 1.0

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("speed is greater than 0")
        self.kind = "speaker"
        self.driver = "speaker-espeak"
        self.overlaps = 0
        self.said: deque[Said] = deque(maxlen=SAID_KEPT)
        self._wavs: deque[bytes] = deque(maxlen=WAVS_KEPT)
        self._playing: list[tuple[float, str]] = []
        self._decoder = UtteranceDecoder()
        self._muted = False

    def receive(self, data: bytes, now_s: float) -> None:
        """Take bytes; an utterance that is complete starts to sound at once, as amplifiers do."""
        for utterance in self._decoder.feed(data):
            self._start(utterance, now_s)

    def _start(self, utterance: Utterance, now_s: float) -> None:
        self.overlaps += any(end_s > now_s for end_s, _ in self._playing)
        self._playing.append((now_s + utterance.seconds / self.speed, utterance.caption))
        self.said.append(Said(utterance.caption, now_s, utterance.seconds, len(utterance.wav)))
        self._wavs.append(utterance.wav)

    def poll(self, now_s: float) -> bytes:
        """Return `done` for each sound that has ended by now."""
        ended = [one for one in self._playing if one[0] <= now_s]
        self._playing = [one for one in self._playing if one[0] > now_s]
        return b"" if self._muted else DONE * len(ended)

    def next_due_s(self) -> float | None:
        """Return when the next sound ends."""
        return min((end_s for end_s, _ in self._playing), default=None)

    def actions(self) -> list[Action]:
        """Return the knobs."""
        return [Action("mute", "Never say that a sound has ended (a hung amplifier)", {"on": "true | false"})]

    def do(self, action: str, params: dict[str, Any], now_s: float) -> None:
        """Turn a knob.  Raises ValueError."""
        if action != "mute" or not isinstance(params.get("on"), bool):
            raise ValueError("a speaker has the knob `mute` with `on` true or false")
        self._muted = params["on"]

    def wav(self, index: int) -> bytes:
        """Return one of the last eight WAV files, 0 the oldest kept, -1 the newest.  Raises IndexError."""
        return self._wavs[index]

    def state(self) -> dict[str, Any]:
        """Return what was heard, oldest first, and what sounds now."""
        return {
            "said": [one.text for one in self.said],
            "utterances": [
                {"text": one.text, "at_s": round(one.at_s, 3), "seconds": round(one.seconds, 3)}
                for one in self.said
            ],
            "speaking": self._playing[0][1] if self._playing else None,
            "overlaps": self.overlaps,
            "muted": self._muted,
        }

    def explain(self, direction: str, data: bytes) -> str:
        """Say what a chunk is."""
        if direction == "tx":
            return data.decode("ascii", "replace").strip()
        line = data.split(b"\n", 1)[0]
        if line.startswith(b"{"):
            return line.decode("utf-8", "replace")
        return f"{len(data)} bytes of sound"

    def damage(self, data: bytes) -> bytes:
        """Spoil the word `done`."""
        return bytes((data[0] ^ 0x20,)) + data[1:] if data else data
