"""Voices of the site's own, clips, loudness by the hour, and what survives the agent's end."""

from __future__ import annotations

import asyncio
import stat
from array import array
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.speaker import SpeakerRole
from devices.agent.settings import DeviceSettings
from devices.agent.speech_journal import journal_for
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.codecs import clips
from devices.codecs.loudness import amplify, gain_at, parse_hours
from devices.codecs.wav import Sound, join, make_wav, parse_wav, silence
from devices.contracts import topics
from devices.contracts.speaker import Announce
from devices.drivers.speaker_clips import ClipsSettings, ClipsSpeaker
from devices.drivers.speaker_command import CommandSettings, CommandSpeaker
from devices.errors import DeviceFault
from devices.session import Parts, Session
from devices.transports.voice_program import run_voice

PATIENCE_S = 10
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CALL = "请A001号到12号窗口办理"
TONE = Sound(8000, array("h", [0, 1000, 0, -1000] * 50))


class Audio:
    """An AudioDevice that remembers what it played; its own voice gives `TONE`; programs really run."""

    def __init__(self) -> None:
        self.played: list[tuple[Sound, str]] = []

    async def speak(self, text: str, voice: str, rate_wpm: int = 150) -> bytes:
        return make_wav(TONE)

    async def run_voice(self, command: tuple[str, ...], text: str, language: str, limit_s: float) -> bytes:
        return await run_voice(command, text, language, limit_s)

    async def play(self, wav: bytes, caption: str) -> None:
        self.played.append((parse_wav(wav), caption))

    async def check(self) -> None:
        pass


def program(folder: Path, body: str) -> str:
    path = folder / "voice"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_a_program_gets_text_and_language_and_its_sound_is_said(tmp_path: Path) -> None:
    own = Sound(16000, array("h", [0, 5000] * 100))
    (tmp_path / "own.wav").write_bytes(make_wav(own))
    command = program(tmp_path, f'(cat; echo "$TINGTONG_LANGUAGE") > {tmp_path}/got; cat "$1"')
    audio = Audio()
    driver = CommandSpeaker(
        "s", audio, CommandSettings(command=(command, f"{tmp_path}/own.wav"), chime=False)
    )

    await driver.say(CALL, repeat=1)

    assert (tmp_path / "got").read_text() == CALL + "zh\n"
    assert audio.played == [(own, CALL)]


async def test_a_program_may_be_given_pinyin(tmp_path: Path) -> None:
    command = program(tmp_path, f"cat > {tmp_path}/got; exit 1")
    driver = CommandSpeaker("s", Audio(), CommandSettings(command=(command,), reads="pinyin"))

    await driver.say("请A001号", repeat=1)

    assert (tmp_path / "got").read_text() == "qing3 ei1 ling2 ling2 yi1 hao4"


async def test_no_password_of_the_agent_is_in_a_programs_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINGTONG_MQTT__PASSWORD", "hidden")

    seen = await run_voice((program(tmp_path, "env"),), "x", "zh", PATIENCE_S)

    assert b"TINGTONG_LANGUAGE=zh" in seen
    assert b"hidden" not in seen


async def test_a_program_that_is_late_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(DeviceFault, match=r"longer than 0\.01 s"):
        await run_voice((program(tmp_path, "sleep 600"),), "x", "zh", 0.01)


async def test_a_program_that_is_given_up_is_killed_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    command = program(tmp_path, f"sleep 600 & echo $! > {child}.new; mv {child}.new {child}; wait")
    speaking = asyncio.create_task(run_voice((command,), "x", "zh", 600))
    async with asyncio.timeout(PATIENCE_S):
        while not child.exists():
            await asyncio.sleep(0.01)

    await stop(speaking)

    async with asyncio.timeout(PATIENCE_S):
        while _runs(int(child.read_text())):
            await asyncio.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return "(sleep) Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.parametrize("body", ["exit 3", "exit 0", "yes | head -c 40000000"])
async def test_a_program_that_fails_is_silent_or_endless_is_a_fault(tmp_path: Path, body: str) -> None:
    with pytest.raises(DeviceFault) as caught:
        await run_voice((program(tmp_path, body),), "x", "zh", PATIENCE_S)

    assert caught.value.code == "no-voice"


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceFault, match="/no/such/voice cannot be run"):
        await run_voice(("/no/such/voice",), "x", "zh", PATIENCE_S)


async def test_without_fallback_a_failing_program_is_the_drivers_fault() -> None:
    driver = CommandSpeaker("s", Audio(), CommandSettings(command=("/no/such/voice",), fallback=False))

    with pytest.raises(DeviceFault):
        await driver.say(CALL)


def test_a_command_needs_its_whole_path() -> None:
    with pytest.raises(ValueError, match="whole path"):
        CommandSettings(command=("voice",))


@pytest.mark.parametrize(
    "text, planned",
    [
        (CALL, "qing A 0 0 1 hao | dao shi 2 hao-chuangkou banli"),
        ("请B023到第3窗口办理业务", "qing B 0 2 3 hao | dao 3 hao-chuangkou banli"),
        ("请a7号到20号窗口", "qing A 7 hao | dao 2 shi hao-chuangkou banli"),
        ("请001号到105号窗口办理", "qing 0 0 1 hao | dao 1 bai 0 5 hao-chuangkou banli"),
        ("请001号到110号窗口办理", "qing 0 0 1 hao | dao 1 bai 1 shi hao-chuangkou banli"),
        ("请001号到0号窗口办理", "qing 0 0 1 hao | dao 0 hao-chuangkou banli"),
    ],
)
def test_a_call_is_made_of_clips(text: str, planned: str) -> None:
    assert clips.plan(text) == tuple(clips.PAUSE if word == "|" else word for word in planned.split())


@pytest.mark.parametrize("text", ["下班了", "请张三到3号窗口办理", "请A001号到三号窗口办理", ""])
def test_a_sentence_that_is_no_call_has_no_clips(text: str) -> None:
    assert clips.plan(text) is None


def record(folder: Path, text: str) -> dict[str, Sound]:
    """Make the clips of one call, each with a sound of its own."""
    names = sorted({name for name in clips.plan(text) or () if name})
    made = {name: Sound(8000, array("h", [300 + place] * 20)) for place, name in enumerate(names)}
    for name, sound in made.items():
        (folder / f"{name}.wav").write_bytes(make_wav(sound))
    return made


async def test_clips_are_joined_with_a_pause_and_a_missing_one_gives_the_other_voice(tmp_path: Path) -> None:
    made, audio = record(tmp_path, CALL), Audio()
    driver = ClipsSpeaker("s", audio, ClipsSettings(folder=tmp_path, chime=False))
    await driver.probe()

    await driver.say(CALL, repeat=1)
    assert await driver.look() == ""
    await driver.say("请C001号到12号窗口办理", repeat=1)

    planned = clips.plan(CALL) or ()
    wanted = join(*(made[name] if name else silence(0.2, 8000) for name in planned))
    assert [sound for sound, _ in audio.played] == [wanted, TONE]
    assert await driver.look() == "clip-missing"


async def test_clips_that_come_later_are_found(tmp_path: Path) -> None:
    driver = ClipsSpeaker("s", Audio(), ClipsSettings(folder=tmp_path))
    await driver.probe()
    assert await driver.look() == "no-voice"

    record(tmp_path, CALL)

    assert await driver.look() == ""


@pytest.mark.parametrize("content", [b"no sound", make_wav(Sound(44100, array("h", [9])))])
async def test_a_bad_clip_is_named(tmp_path: Path, content: bytes) -> None:
    record(tmp_path, CALL)
    (tmp_path / "bad.wav").write_bytes(content)
    driver = ClipsSpeaker("s", Audio(), ClipsSettings(folder=tmp_path, fallback=False))

    with pytest.raises(DeviceFault, match=r"bad\.wav|44100"):
        await driver.probe()


HOURS = parse_hours({"18:00": 0, "08:00": 1.0, "12:00": 0.5})


@pytest.mark.parametrize(
    "local, gain", [("07:59", 0), ("08:00", 1), ("11:59", 1), ("12:00", 0.5), ("18:00", 0), ("23:59", 0)]
)
def test_the_last_time_that_has_come_counts(local: str, gain: float) -> None:
    assert gain_at(HOURS, time.fromisoformat(local)) == gain


def test_without_a_table_it_is_always_full() -> None:
    assert gain_at(parse_hours({}), time(3)) == 1


@pytest.mark.parametrize("table", [{"8 o'clock": 1.0}, {"08:00": -0.1}, {"08:00": 9.0}, {"08:00+01:00": 1.0}])
def test_a_table_that_is_none_is_refused(table: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        DeviceSettings(id="s", driver="speaker-espeak", wire="alsa:default", volume=table)


@given(st.lists(st.integers(-32768, 32767), max_size=50), st.floats(0, 4))
@settings(max_examples=30, deadline=None)
def test_louder_never_wraps_round(samples: list[int], gain: float) -> None:
    louder = amplify(Sound(8000, array("h", samples)), gain)

    for before, after in zip(samples, louder.samples, strict=True):
        assert after == (before if gain == 1 else max(-32767, min(32767, round(before * gain))))


class FakeSpeaker:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def look(self) -> str:
        return ""

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        self.begun.set()
        await self.go_on.wait()
        self.said.append((text, gain))


class FakeWire:
    async def close(self) -> None:
        return None


def role_of(speaker: FakeSpeaker, site: MemoryBus, state_dir: Path, local: str = "09:00") -> SpeakerRole:
    async def open_wire() -> FakeWire:
        return FakeWire()

    async def tell(_health: object) -> None:
        return None

    def make_session(**hooks: object) -> Session:
        return Session(
            Parts("s-1", "speaker", "fake", open_wire, lambda _wire: speaker, tell, **hooks)  # type: ignore[arg-type]
        )

    device = DeviceSettings(
        id="s-1",
        driver="speaker-espeak",
        wire="alsa:default",
        audio_zone="AZ1",
        volume={"08:00": 1.0, "12:00": 0.5, "18:00": 0},
    )
    clock = datetime.combine(NOW.date(), time.fromisoformat(local))
    post = Post(device, Buses("demo", site), make_session, state_dir=str(state_dir))
    return SpeakerRole(post, now=lambda: NOW, local=lambda _at: clock)


async def say(site: MemoryBus, key: str, life_s: float = 60, seq: int = 1) -> None:
    body = Announce(key=key, text=key, seq=seq)
    await site.publish(topics.audio_say("demo", "AZ1"), envelope_of(body, expires_in_s=life_s, now=NOW))


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0)


async def start(role: SpeakerRole) -> asyncio.Task[None]:
    task = asyncio.create_task(role.run())
    for _ in range(20):
        await asyncio.sleep(0)
    return task


async def stop(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_at_noon_it_is_softer_and_in_quiet_hours_nothing_is_said(tmp_path: Path) -> None:
    for local, heard in (("12:30", [("a", 0.5)]), ("19:00", [])):
        site, speaker = MemoryBus(), FakeSpeaker()
        speaker.go_on.set()
        task = await start(role_of(speaker, site, tmp_path, local))
        await say(site, "a")
        for _ in range(200):
            await asyncio.sleep(0)
        await stop(task)

        assert speaker.said == heard


async def test_what_an_agent_owed_when_it_ended_is_said_by_the_next_in_order(tmp_path: Path) -> None:
    site, dying = MemoryBus(), FakeSpeaker()
    task = await start(role_of(dying, site, tmp_path))
    for key in ("a", "b", "c"):
        await say(site, key)
    await asyncio.wait_for(dying.begun.wait(), PATIENCE_S)
    await until(lambda: len(journal_for(str(tmp_path), "s-1").load()) == 3)
    await stop(task)  # while `a` is being said

    speaker = FakeSpeaker()
    speaker.go_on.set()
    task = await start(role_of(speaker, site, tmp_path))
    await until(lambda: len(speaker.said) == 3)
    await until(lambda: journal_for(str(tmp_path), "s-1").load() == [])
    await stop(task)

    assert [text for text, _ in speaker.said] == ["a", "b", "c"]


async def test_what_became_stale_meanwhile_is_not_said(tmp_path: Path) -> None:
    stale = (Announce(key="old", text="old"), NOW - timedelta(seconds=1))
    journal_for(str(tmp_path), "s-1").save([stale, (Announce(key="new", text="new"), NOW)])
    speaker = FakeSpeaker()
    speaker.go_on.set()

    task = await start(role_of(speaker, MemoryBus(), tmp_path))
    await until(lambda: speaker.said)
    await stop(task)

    assert [text for text, _ in speaker.said] == ["new"]


def test_a_damaged_journal_owes_nothing_and_a_folder_that_refuses_fails_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "s-1.speech").write_text('{"half')
    assert journal_for(str(tmp_path), "s-1").load() == []

    (tmp_path / "file").write_text("")
    refusing = journal_for(str(tmp_path / "file"), "s-1")
    for _ in range(3):
        refusing.save([(Announce(key="a", text="a"), NOW)])

    assert sum("cannot be written" in record.message for record in caplog.records) == 1
