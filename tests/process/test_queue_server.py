"""A real server process: its broker, its event stream, its end, and what it says when it cannot start."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.bus.base import envelope_of
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.call_pad import KeyPressed, PadKey
from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay
from tests.process.hall_server import ROOT, HallServer, environment

pytestmark = pytest.mark.process
PATIENCE_S = 30


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[HallServer]:
    made = HallServer(tmp_path, mqtt=True)
    await made.start()
    yield made
    made.kill()


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]  # a forgotten writer would hang up


async def follow(server: HallServer, last_event_id: int | None = None) -> Stream:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**20)
    token = server.credentials["tokens"]["display"]
    resume = "" if last_event_id is None else f"Last-Event-ID: {last_event_id}\r\n"
    writer.write(
        f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{resume}\r\n".encode()
    )
    assert b"200" in await reader.readline()
    return reader, writer


async def line_with(stream: Stream, *parts: bytes) -> bytes:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            line = await stream[0].readline()
            assert line, "the stream ended"
            if all(part in line for part in parts):
                return line


async def take(server: HallServer) -> None:
    body = {"service_id": "A", "channel": "kiosk"}
    connection = await server.connect()
    status, _ = await server.send(connection, "POST", "/api/v1/tickets", body, Authorization=server.kiosk)
    connection.writer.close()
    assert status == 201


async def test_a_key_on_mqtt_moves_bar_voice_and_event_stream(server: HallServer) -> None:
    bus = MqttBus("127.0.0.1", server.mqtt_port, "test-pads")
    await bus.connect(PATIENCE_S)
    bars = await bus.subscribe(topics.window_display("demo", "4"), WindowDisplay)
    said = await bus.subscribe(topics.audio_say("demo", "AZ1"), Announce)
    stream = await follow(server)
    await take(server)
    press = KeyPressed(device_id="pads-1f", window="4", key=PadKey.CALL_NEXT, boot="b", seq=1)
    await bus.publish(topics.device_event("demo", "pads-1f", "key-pressed"), envelope_of(press))

    await line_with(stream, b"data:", b"ticket-called", b'"window":"4"')
    assert (await said.get(PATIENCE_S)).body.text == "请A001号到4号窗口办理"
    while (bar := (await bars.get(PATIENCE_S)).body).number != "A001":
        pass
    assert bar.text == "请A001到4号窗口"
    await bus.close()


async def test_a_screen_that_was_away_during_a_restart_gets_what_it_missed(server: HallServer) -> None:
    stream = await follow(server)
    before = int((await line_with(stream, b"id: ")).split()[1])
    await take(server)
    server.kill()
    await server.start()

    resumed = await follow(server, before)

    assert await line_with(resumed, b"id: ") == b"id: %d\n" % (before + 1)
    assert await line_with(resumed, b"event: ") == b"event: ticket-issued\n"


async def test_it_ends_in_order_although_a_screen_is_still_listening(server: HallServer) -> None:
    stream = await follow(server)
    await line_with(stream, b"snapshot")
    process = server.process
    assert process is not None
    process.send_signal(signal.SIGTERM)

    assert await asyncio.to_thread(process.wait, PATIENCE_S) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.mqtt_port)) != 0


def command(*arguments: str, config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "queue_server", *arguments, "--config", str(config)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("which", ["http", "mqtt"])
def test_a_port_in_use_is_named_with_its_setting(tmp_path: Path, which: str) -> None:
    server = HallServer(tmp_path, mqtt=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        setattr(server, "port" if which == "http" else "mqtt_port", port)
        done = command("serve", config=server.config)

    assert done.returncode == 1
    told = done.stderr.strip().splitlines()[-1]
    assert str(port) in told
    assert f"TINGTONG_{which.upper()}__PORT" in told
    assert "Traceback" not in done.stderr


def test_a_broken_database_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    server = HallServer(tmp_path)
    rubbish = b"this is not a database, it is a letter to grandmother" * 100
    (tmp_path / "hall.db").write_bytes(rubbish)
    done = command("serve", config=server.config)

    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert str(tmp_path / "hall.db") in done.stderr
    assert "backup" in done.stderr
    assert (tmp_path / "hall.db").read_bytes() == rubbish
