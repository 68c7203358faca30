"""Simulated machines on a broker, through the real broker, driver and role."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from devices import registry
from devices.agent.app import open_wire
from devices.agent.settings import MqttSettings
from devices.codecs.mqtt_buttons import is_online, pushes
from devices.contracts.call_pad import PadKey
from devices.contracts.window_display import WindowState
from devices.kinds import PadPress
from devices.sim.hall import SimHall
from devices.sim.mqtt_host import MqttHost
from devices.sim.mqtt_machines import SimButtonBox, SimWledOnBroker, pack, unpack
from devices.sim.settings import SimHallSettings
from tests.brokers import mosquitto

KEYS = {"zigbee2mqtt": "single", "tasmota": "2/single", "shelly-1": "0/s", "shelly-2": "1/single_push"}


@pytest.mark.parametrize("family", KEYS)
def test_each_family_says_what_its_reader_understands(family: Any) -> None:
    sim = SimButtonBox(family=family, name="desk3")
    hello = unpack(sim.poll(0))
    sim.do("press", {"key": KEYS[family]}, 12.5)
    topic, payload, retained = unpack(sim.poll(0))
    sim.do("away", {"is": "true"}, 13)

    assert [push.action for push in pushes(family, topic, payload)] == [KEYS[family]]
    assert (retained, hello[2], is_online(hello[1])) == (False, True, True)
    assert is_online(unpack(sim.poll(0))[1]) is False
    assert sim.poll(0) == b""


@pytest.mark.parametrize(
    "family, key", [("zigbee2mqtt", "0/single"), ("tasmota", "single"), ("shelly-1", "")]
)
def test_a_key_that_a_family_does_not_have_is_refused(family: Any, key: str) -> None:
    with pytest.raises(ValueError):
        SimButtonBox(family=family).do("press", {"key": key}, 0)


@pytest.mark.parametrize(
    "said", ["{", "[]", '{"on": 1, "seg": [{"col": [[1, 2, 999]]}]}', '{"on": true, "seg": []}']
)
def test_nonsense_does_not_break_the_strip(said: str) -> None:
    sim = SimWledOnBroker()
    for topic in sim.listens:
        sim.receive(pack(topic, said.encode()), 0)

    assert sim.colour == "#FFA000"


async def test_a_button_in_the_lab_is_pressed_through_the_broker(tmp_path: Path) -> None:
    spec = registry.find("buttons-mqtt")
    boxes = [{"family": "shelly-1", "name": "b1", "presses": {"0/s": "call-next"}}]
    with mosquitto(tmp_path) as broker:
        place = {"id": "b-1", "kind": "button-box", "place": f"mqtt:{broker.port}"}
        settings = {"family": "shelly-1", "name": "b1"}
        hall = SimHall(SimHallSettings.model_validate({"sim": [{**place, "settings": settings}]}))
        await hall.start()
        wire = await open_wire(spec, "mqtt:site", MqttSettings(port=broker.port))
        driver: Any = spec.build("b-1", wire, spec.settings.model_validate({"boxes": boxes}))
        await driver.probe()
        await wire.subscribe("shellies/#")
        await wire.read(10)  # the box is there
        hall.device("b-1").do("press", {"key": "0/s"})
        hall.device("b-1").do("press", {"key": "0/s"})
        presses = driver.presses()
        told = [await anext(presses), await anext(presses)]
        await hall.stop()
        await wire.close()

    assert told == [PadPress(1, PadKey.CALL_NEXT)] * 2


async def test_a_strip_in_the_lab_shows_what_it_is_told(tmp_path: Path) -> None:
    spec = registry.find("light-wled-mqtt")
    with mosquitto(tmp_path) as broker:
        sim = SimWledOnBroker(topic="wled/lobby")
        host = MqttHost("light-9", sim, f"mqtt:{broker.port}")
        await host.start()
        wire = await open_wire(spec, "mqtt:site", MqttSettings(port=broker.port))
        await wire.subscribe("wled/lobby/status")
        await wire.read(10)  # the strip is there, and listens
        for speaks, state in (("col", WindowState.SERVING), ("api", WindowState.PAUSED)):
            settings = spec.settings.model_validate({"topic": "wled/lobby", "speaks": speaks})
            driver: Any = spec.build("light-9", wire, settings)
            await driver.show_state(state)
            async with asyncio.timeout(10):
                while sim.state()["colour"] != settings.colours[state].upper():  # type: ignore[attr-defined]
                    await asyncio.sleep(0)
        seen = sim.state()
        await host.stop()
        await wire.close()

    assert seen == {"colour": "#0000FF", "brightness": 255, "lit": True}
