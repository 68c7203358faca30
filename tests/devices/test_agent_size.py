"""An agent with thirteen machines at work is small: measured on the real process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from devices.bus.base import envelope_of
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.sim.base import Simulator
from devices.sim.digit_line import SimDigitLine
from devices.sim.led_alphasign import SimAlphaSign
from devices.sim.led_board import SimLedBoard
from devices.sim.led_image import SimLedImage
from devices.sim.light import SimAsciiLamps, SimWled
from devices.sim.pad_line import SimPadLine
from devices.sim.runner import Host
from devices.sim.speaker import SimSpeaker
from tests.brokers import embedded_broker

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
MOST_MB = 80
BOARDS = [(f"led-{n}", SimLedBoard, "tcp:0", "ledboard-onbon-font", f'window = "{n}"') for n in range(1, 7)]

pytestmark = pytest.mark.process


@dataclass
class Machines:
    """The cabinet of the demonstration hall: six boards of one kind and one of every other machine."""

    folder: Path

    def __post_init__(self) -> None:
        pty = f"pty:{self.folder}/"
        rows: list[tuple[str, Callable[[], Simulator], str, str, str]] = [
            ("pads-1f", SimPadLine, f"{pty}pads", "padline-ff68", 'windows = { 1 = "1", 2 = "2" }'),
            *BOARDS,
            ("led-7", SimLedImage, "tcp:0", "ledboard-onbon-image", 'window = "7"'),
            ("led-8", SimAlphaSign, f"{pty}led-8", "ledboard-alphasign", 'window = "8"'),
            (
                "digits",
                SimDigitLine,
                f"{pty}digits",
                "ledboard-modbus-digits",
                'windows = { 1 = "7" }\nsettings = { units = [1] }',
            ),
            ("light-1", SimWled, "udp:0", "light-wled", 'window = "1"'),
            ("light-2", SimAsciiLamps, f"{pty}light-2", "light-ascii", 'window = "2"'),
            ("speaker", SimSpeaker, "tcp:0", "speaker-espeak", 'audio_zone = "AZ1"'),
        ]
        self.hosts = {name: Host(name, sim(), place) for name, sim, place, _, _ in rows}
        self._rows = rows

    def settings(self, port: int) -> str:
        lines = ['id = "cabinet"', "[mqtt]", f"port = {port}"]
        for name, _, _, driver, more in self._rows:
            wire = self.hosts[name].wire
            lines += ["[[device]]", f'id = "{name}"', f'driver = "{driver}"', f'wire = "{wire}"', more]
        return "\n".join(lines)


@pytest.fixture
async def machines(tmp_path: Path) -> AsyncIterator[Machines]:
    made = Machines(tmp_path)
    for host in made.hosts.values():
        await host.start()
    yield made
    for host in made.hosts.values():
        await host.stop()


def display(window: int) -> tuple[str, Message]:
    shown = WindowDisplay(
        window=str(window), state=WindowState.CALLING, text=f"请A00{window}到{window}号窗口", seq=1, calls=1
    )
    return topics.window_display("demo", str(window)), shown


def megabytes(pid: int) -> float:
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1024


async def until(good: Callable[[], bool], what: str) -> None:
    for _ in range(int(PATIENCE_S / 0.1)):
        if good():
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never happened: {what}")


async def call_until_said(client: aiomqtt.Client, speaker: Host) -> None:
    """Call again each second: an announcement that nobody has subscribed to yet is lost."""
    topic, seq = topics.audio_say("demo", "AZ1"), 0
    while not speaker.sim.state()["said"]:
        seq += 1
        said = Announce(key="A001", text="请A001号到3号窗口办理", repeat=1, seq=seq)
        await client.publish(topic, envelope_of(said, expires_in_s=60).model_dump_json(), qos=1)
        await asyncio.sleep(1)


async def test_an_agent_with_thirteen_machines_at_work_takes_no_more_than_eighty_megabytes(
    machines: Machines, tmp_path: Path
) -> None:
    with embedded_broker(tmp_path / "broker") as broker:
        config = tmp_path / "agent.toml"
        config.write_text(machines.settings(broker.port), "utf-8")
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            for topic, body in map(display, range(1, 9)):
                await client.publish(topic, envelope_of(body).model_dump_json(), qos=1, retain=True)
            agent = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "devices.agent", "run", "--config", str(config),
                cwd=ROOT, env=os.environ, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            try:
                image = machines.hosts["led-7"].sim
                speaker = machines.hosts["speaker"]
                await until(lambda: bool(image.state()["lit"]), "the image board shows its window's text")
                await asyncio.wait_for(call_until_said(client, speaker), PATIENCE_S)
                most = megabytes(agent.pid)
            finally:
                agent.terminate()
                await agent.wait()

    assert most <= MOST_MB
