"""An agent that is killed in the middle of a sentence says it again, and what came meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.bus.base import envelope_of
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.health import AgentState, DeviceStatus
from devices.contracts.speaker import Announce
from devices.sim.runner import Host
from devices.sim.speaker import SimSpeaker
from tests.brokers import mosquitto

pytestmark = pytest.mark.process
PATIENCE_S = 30
ROOT = Path(__file__).parents[2]
CONFIG = """
id = "hall-1f"
state_dir = "{folder}"
[mqtt]
port = {port}
[[device]]
id = "speaker-1"
driver = "speaker-espeak"
wire = "{wire}"
audio_zone = "AZ1"
"""


@contextlib.asynccontextmanager
async def running(config: Path, bus: MqttBus) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start an agent and wait until it says that it is there; kill it at the end, if it still runs."""
    states = await bus.subscribe(topics.agent_state("demo", "hall-1f"), AgentState)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.agent", "run", "--config", str(config), cwd=ROOT
    )
    try:
        while True:
            state = await states.get(PATIENCE_S)
            if state.body.status is DeviceStatus.ONLINE and not state.retained:
                break
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await states.close()


async def test_a_sentence_that_was_cut_off_is_said_again_and_nothing_is_lost(tmp_path: Path) -> None:
    sim = SimSpeaker(speed=500.0)
    host = Host("speaker-1", sim, "tcp:0")
    await host.start()
    config = tmp_path / "agent.toml"

    async def until_said(count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(sim.said) < count:
                await asyncio.sleep(0.02)

    async def until_owed(text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while text not in (tmp_path / "speaker-1.speech").read_text("utf-8"):
                await asyncio.sleep(0.02)

    with mosquitto(tmp_path) as broker:
        config.write_text(CONFIG.format(folder=tmp_path, port=broker.port, wire=host.wire))
        server = MqttBus("127.0.0.1", broker.port, "server")
        await server.connect(PATIENCE_S)

        async def say(text: str) -> None:
            body = Announce(key=text, text=text, repeat=1)
            await server.publish(topics.audio_say("demo", "AZ1"), envelope_of(body, expires_in_s=60))

        sim.do("mute", {"on": True}, 0.0)  # the first sentence never ends
        async with running(config, server) as agent:
            for text in ("第一", "第二"):
                await say(text)
            await until_said(1)
            await until_owed("第二")
            agent.kill()
            await agent.wait()
        await say("第三")
        sim.do("mute", {"on": False}, 0.0)
        async with running(config, server):
            await until_said(4)
        await server.close()
    await host.stop()

    assert [one.text for one in sim.said] == ["第一", "第一", "第二", "第三"]
