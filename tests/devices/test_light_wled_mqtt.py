"""A WLED strip told over a broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from pydantic import ValidationError

from devices import registry
from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.light import LightRole
from devices.agent.settings import MqttSettings
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.drivers.light_wled_mqtt import WledMqttLight, WledMqttSettings
from devices.errors import DeviceFault
from devices.transports.memory_topics import MemoryTopics
from tests.brokers import mosquitto
from tests.devices.test_roles import post, running
from tests.golden import vectors


def light(**settings: Any) -> tuple[WledMqttLight, MemoryTopics]:
    wire = MemoryTopics()
    return WledMqttLight("light-3", wire, WledMqttSettings(topic="wled/lobby", **settings)), wire


async def test_a_colour_goes_out_as_the_published_message() -> None:
    published = vectors("mqtt.json")["wled_col"]
    driver, wire = light()
    await driver.show_state(WindowState.SERVING)

    assert wire.published[0] == (published["topic"], published["payload"].encode())


async def test_one_message_can_say_all_and_end_an_effect() -> None:
    driver, wire = light(speaks="api", brightness=100)
    await driver.show_state(WindowState.PAUSED)
    await driver.show_state(WindowState.CLOSED)
    said = [(topic, json.loads(text)) for topic, text in wire.published]

    assert said == [
        ("wled/lobby/api", {"on": True, "bri": 100, "seg": [{"fx": 0, "col": [[0, 0, 255]]}]}),
        ("wled/lobby/api", {"on": False}),
    ]


async def test_a_state_without_a_colour_is_dark() -> None:
    driver, wire = light(colours={"calling": "#ffffff"})
    await driver.show_state(WindowState.FREE)

    assert wire.published == [("wled/lobby", b"OFF")]


async def test_a_strip_that_left_the_broker_is_a_fault_until_it_is_back() -> None:
    driver, wire = light()
    wire.say("wled/lobby/status", b"offline", retain=True)
    with pytest.raises(DeviceFault) as caught:
        await driver.probe()
    wire.say("wled/lobby/status", b"online", retain=True)
    await driver.probe()

    assert caught.value.code == "light-away"


@pytest.mark.parametrize(
    "wrong",
    [{"topic": "wled/#"}, {"topic": ""}, {"colours": {"free": "green"}}, {"brightness": 0}, {"pixels": 3}],
)
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        WledMqttSettings.model_validate({"topic": "wled/lobby", **wrong})


async def test_the_light_follows_its_window_through_a_real_broker(tmp_path: Path) -> None:
    site = MemoryBus()
    spec = registry.find("light-wled-mqtt")
    with mosquitto(tmp_path) as broker:
        async with aiomqtt.Client("127.0.0.1", broker.port) as strip:
            await strip.subscribe("wled/lobby/#")
            wire = await open_wire(spec, "mqtt:site", MqttSettings(port=broker.port))
            driver = WledMqttLight("light-3", wire, WledMqttSettings(topic="wled/lobby"))
            display = WindowDisplay(window="3", state=WindowState.FREE, text="", seq=1)
            async with running(LightRole(post(driver, Buses("s", site, None), window="3"))):
                await site.publish(topics.window_display("s", "3"), envelope_of(display))
                first = await anext(strip.messages)
                await strip.publish("wled/lobby/status", b"offline", qos=1)
                told = await wire.read(10)
            await wire.close()

    assert (str(first.topic), first.payload, first.retain) == ("wled/lobby/col", b"#00FF00", False)
    assert told.payload == b"offline"
