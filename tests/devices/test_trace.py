"""What passes on a wire is written down without anything personal, and can be played again."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent import tracing
from devices.agent.settings import DeviceSettings
from devices.errors import TransportError, WireClosed, WireTimeout
from devices.sim.id_reader import SimIdReader
from devices.sim.runner import Host
from devices.transports.recording import (
    OPEN,
    SECRECY,
    Entry,
    Passed,
    Recorder,
    Secrecy,
    Step,
    entry_of,
    line_of,
)
from devices.transports.replay import ReplayWire

ROOT = Path(__file__).parents[2]
CITIZEN = {"name": "张三丰", "id_number": "11010519491231002X", "address": "北京市朝阳区某街1号"}
TALK = st.lists(st.tuples(st.sampled_from(["tx", "rx"]), st.binary(min_size=1, max_size=40)), max_size=30)


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Host]:
    host = Host("id-reader-1", SimIdReader(find_s=0, select_s=0, read_s=0), f"pty:{tmp_path}/reader.pty")
    await host.start()
    yield host
    await host.stop()


def device(host: Host) -> DeviceSettings:
    return DeviceSettings(id=host.device_id, driver="idreader-samv", wire=host.wire)


async def traced(host: Host, for_s: float = 1.0) -> str:
    out = io.StringIO()
    await tracing.record(device(host), for_s, out)
    return out.getvalue()


async def test_a_card_that_is_read_while_we_trace_is_not_in_the_transcript(reader: Host) -> None:
    reader.do("place-card", {"card": CITIZEN})
    text = await traced(reader)

    sent = bytes.fromhex("".join(json.loads(line).get("hex", "") for line in text.splitlines()[1:]))
    hidden = [json.loads(line).get("hidden", 0) for line in text.splitlines()]
    assert sum(hidden) > 1000  # the card's text and photo were there
    for secret in (CITIZEN["name"], CITIZEN["id_number"]):
        assert secret not in text
        assert secret.encode("utf-16-le") not in sent
    assert '"call": "poll_card"' in text


async def test_a_transcript_says_in_words_what_the_codec_knows(reader: Host) -> None:
    text = await traced(reader, 0.2)

    assert '"text": "90 done"' in text


async def test_a_transcript_is_played_to_the_same_end(reader: Host, tmp_path: Path) -> None:
    path = tmp_path / "reader.jsonl"
    path.write_text(await traced(reader), "utf-8")

    played = await tracing.replay(path)

    assert played.same, played.lines
    assert [line.split(":")[0] for line in played.lines][:2] == ["same   probe", "same   poll_card"]


async def test_a_driver_that_says_something_else_now_is_noticed(reader: Host, tmp_path: Path) -> None:
    lines = (await traced(reader, 0.2)).splitlines()
    place = next(number for number, line in enumerate(lines) if '"dir": "tx"' in line)
    lines[place] = lines[place].replace("aa aa aa 96 69", "aa aa aa 96 68")
    path = tmp_path / "reader.jsonl"
    path.write_text("\n".join(lines), "utf-8")

    played = await tracing.replay(path)

    assert not played.same
    assert "says something else" in played.lines[-1]


async def test_a_machine_that_answered_otherwise_then_gives_another_end(reader: Host, tmp_path: Path) -> None:
    lines = (await traced(reader, 0.2)).splitlines()
    broken = [line.replace('"result": "ok"', '"result": "no-answer"') for line in lines]
    path = tmp_path / "reader.jsonl"
    path.write_text("\n".join(broken), "utf-8")

    played = await tracing.replay(path)

    assert not played.same
    assert played.lines[0].startswith("OTHER  probe: then no-answer, now ok")


async def test_a_machine_that_is_not_there_is_told_and_nothing_is_recorded() -> None:
    away = DeviceSettings(id="id-reader-1", driver="idreader-samv", wire="serial:/nowhere/tty?baud=115200")

    with pytest.raises(TransportError, match="cannot be opened"):
        await tracing.record(away, 1.0, io.StringIO())


@pytest.mark.parametrize(
    "text", ["", "{}", "no json", '{"driver": "idreader-samv", "settings": {}}\n{"t": 0, "dir": "up"}']
)
async def test_a_file_that_is_no_transcript_is_refused_in_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text(text, "utf-8")

    with pytest.raises(tracing.NoTranscript, match="not a whole transcript"):
        await tracing.replay(path)


async def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(tracing.NoTranscript, match=r"gone\.jsonl: cannot be read"):
        await tracing.replay(tmp_path / "gone.jsonl")


def recorded(talk: list[tuple[str, bytes]], secrecy: dict | None) -> list[Entry]:
    entries: list[Entry] = []
    recorder = Recorder(secrecy, entries.append)
    for place, (direction, data) in enumerate(talk):
        recorder.passed(place * 0.1, direction, data)
    recorder.close()
    return entries


@given(TALK)
@settings(max_examples=100, deadline=None)
def test_an_open_transcript_holds_every_byte_in_order(talk: list[tuple[str, bytes]]) -> None:
    entries = [entry_of(line_of(entry)) for entry in recorded(talk, OPEN)]

    assert [(one.direction, one.data, one.hidden) for one in entries] == [(*one, 0) for one in talk]


@given(TALK, st.integers(0, 30), st.integers(0, 10))
@settings(max_examples=100, deadline=None)
def test_a_long_exchange_shows_its_head_only_however_it_is_cut(
    talk: list[tuple[str, bytes]], whole: int, head: int
) -> None:
    entries = recorded(talk, {"rx": Secrecy(whole, min(head, whole))})

    total, shown, asked = 0, 0, False
    for one in [*entries, Passed(0, "tx", b"")]:
        if one.direction == "rx":
            total, shown = total + len(one.data) + one.hidden, shown + len(one.data)
            continue
        assert one.hidden == 0
        assert shown == (0 if not asked else total if total <= whole else min(head, whole))
        total, shown, asked = 0, 0, True


def test_a_code_that_comes_unasked_is_hidden_however_short_or_unfinished() -> None:
    entries: list[Entry] = []
    recorder = Recorder(SECRECY["scanner"], entries.append)
    recorder.step(Step(0, "call", "probe"))
    recorder.passed(0.0, "tx", b"heartbeat")
    recorder.passed(0.1, "rx", b"\x03\x00\x00\x01\x00\x33\x31")
    recorder.step(Step(0.2, "call", "look"))
    recorder.passed(0.3, "rx", b"110105")
    recorder.close()

    shown = [one.data for one in entries if isinstance(one, Passed) and one.direction == "rx"]
    assert shown == [b"\x03\x00\x00\x01\x00\x33\x31", b""]


@pytest.mark.parametrize("kind", ["tax-machine", "document-printer", "a-kind-nobody-thought-of"])
def test_a_kind_of_which_nobody_said_that_it_is_harmless_is_hidden_altogether(kind: str) -> None:
    entries = recorded([("tx", b"11010519491231002X"), ("rx", b"ok")], SECRECY.get(kind))

    assert [(one.data, one.hidden) for one in entries] == [(b"", 18), (b"", 2)]


async def test_a_replay_answers_only_when_the_driver_said_what_was_said_then() -> None:
    wire = ReplayWire([Passed(0.0, "tx", b"ask"), Passed(0.3, "rx", b"answer")])

    with pytest.raises(WireTimeout):
        await wire.read(0.1)
    await wire.write(b"ask")
    with pytest.raises(WireTimeout):
        await wire.read(0)
    assert await wire.read(1.0) == b"answer"
    with pytest.raises(WireClosed):
        await wire.read(1.0)
    assert wire.differs == ""


def test_a_step_survives_being_written_down() -> None:
    step = Step(1.5, "result", "no-answer")

    assert entry_of(line_of(step)) == step


async def command(*words: str) -> tuple[int, str]:
    """Run `device-agent` with `words`; return exit code and all that it said."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.agent", *words, stdout=PIPE, stderr=STDOUT, cwd=ROOT
    )
    said, _ = await asyncio.wait_for(running.communicate(), 60)
    return running.returncode or 0, said.decode()


async def test_a_technician_records_a_machine_and_plays_it_by_two_commands(
    reader: Host, tmp_path: Path
) -> None:
    config, out = tmp_path / "agent.toml", tmp_path / "reader.jsonl"
    config.write_text(
        f'id = "a"\n[[device]]\nid = "id-reader-1"\ndriver = "idreader-samv"\nwire = "{reader.wire}"\n',
        "utf-8",
    )
    where = ("--config", str(config))

    traced = await command("trace", "id-reader-1", *where, "--for", "0.5", "--out", str(out))
    played = await command("replay", str(out))
    unknown = await command("trace", "led-9", *where)

    assert traced == (0, traced[1])
    assert "personal data is left out" in traced[1]
    assert (played[0], played[1].splitlines()[0]) == (0, "same   probe: then ok, now ok")
    assert unknown[0] == 1
    assert "there are: id-reader-1" in unknown[1]
