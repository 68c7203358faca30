"""Home Assistant is told of every machine once, retained, and is told to forget them when switched off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import aiomqtt
import pytest

from devices import registry
from devices.agent.app import Agent
from devices.agent.home_assistant import announcement, config_topic
from devices.agent.settings import AgentSettings
from devices.bus.base import ScopeViolation
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from tests.brokers import Broker, embedded_broker, free_port

PATIENCE_S = 30.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with embedded_broker(tmp_path) as running:
        yield running


def agent(broker: Broker, **home_assistant: object) -> Agent:
    wire = f"tcp://127.0.0.1:{free_port()}"
    return Agent(
        AgentSettings.model_validate(
            {
                "id": "hall-1f",
                "mqtt": {"port": broker.port},
                "home_assistant": home_assistant,
                "device": [{"id": "led-3", "driver": "ledboard-onbon-font", "wire": wire, "window": "3"}],
            }
        )
    )


async def heard(broker: Broker, agent: Agent) -> tuple[str, bytes]:
    """Run an agent until it announces something; return topic and payload."""
    async with (
        asyncio.timeout(PATIENCE_S),
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client,
    ):
        await client.subscribe("homeassistant/#")
        running = asyncio.create_task(agent.run())
        try:
            messages = aiter(client.messages)
            while (message := await anext(messages)).retain:
                pass  # that is what the broker kept from before
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    return str(message.topic), bytes(message.payload)


async def retained(broker: Broker, topic: str) -> bytes | None:
    """Return what the broker keeps under `topic`; None when it keeps nothing."""
    async with (
        asyncio.timeout(PATIENCE_S),
        aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client,
    ):
        await client.subscribe([(topic, 1), ("mark", 1)])
        await client.publish("mark", b"end", qos=1)
        message = await anext(aiter(client.messages))
    return bytes(message.payload) if str(message.topic) == topic else None


async def test_a_machine_is_announced_retained_and_forgotten_when_switched_off(broker: Broker) -> None:
    topic, payload = await heard(broker, agent(broker, enabled=True))
    kept = await retained(broker, topic)
    again, empty = await heard(broker, agent(broker, enabled=False))

    assert topic == again == config_topic("homeassistant", "demo", "led-3")
    assert json.loads(payload)["dev"]["name"] == "led-3"
    assert kept == payload
    assert empty == b""
    assert await retained(broker, topic) is None


@pytest.mark.parametrize("name", registry.names())
def test_an_announcement_has_what_device_discovery_asks_for(name: str) -> None:
    spec = registry.find(name)
    said = json.loads(announcement("demo", "one", spec))

    assert said["dev"]["ids"] == ["tingtong-demo-one"]
    assert said["o"]["name"] == "tingtong"
    uniques = [entity["unique_id"] for entity in said["cmps"].values()]
    assert len(set(uniques)) == len(uniques) >= 4
    assert {entity["state_topic"] for entity in said["cmps"].values()} == {topics.device_state("demo", "one")}
    assert all(entity["p"] in ("sensor", "binary_sensor") for entity in said["cmps"].values())
    assert ("paper" in said["cmps"]) is (spec.kind in ("printer", "document-printer"))


async def test_what_is_no_envelope_cannot_go_to_our_own_topics() -> None:
    bus = MqttBus("127.0.0.1", free_port(), "nobody")

    with pytest.raises(ScopeViolation):
        await bus.retain(topics.device_state("demo", "led-3"), b"{}")
