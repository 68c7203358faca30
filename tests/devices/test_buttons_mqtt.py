"""Buttons of other makers on the broker: the published messages, what is no press, and a real broker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices import registry
from devices.agent.app import BadDevice, check_device, open_wire
from devices.agent.doctor import examine_all
from devices.agent.settings import DeviceSettings, MqttSettings
from devices.codecs.mqtt_buttons import Box, Push, is_online, pushes
from devices.contracts.call_pad import PadKey
from devices.drivers.buttons_mqtt import MqttButtons, MqttButtonsSettings
from devices.errors import DeviceFault, TransportError, WireClosed
from devices.kinds import PadPress, PadRating
from devices.transports.memory_topics import MemoryTopics
from tests.brokers import free_port, mosquitto
from tests.golden import vectors

MESSAGES = vectors("mqtt.json")
FAMILIES = ("zigbee2mqtt", "tasmota", "shelly-1", "shelly-2")
CALL = PadPress(1, PadKey.CALL_NEXT)
BOXES = {
    "z2m_single": ("zigbee2mqtt", "window3_button", "single"),
    "tasmota": ("tasmota", "pad3", "1/single"),
    "tasmota_old": ("tasmota", "pad3", "1/single"),
    "shelly_g1": ("shelly-1", "shellybutton1-A4CF12F45301", "0/s"),
    "shelly_g2": ("shelly-2", "shellyplusi4-aabbcc", "0/single_push"),
}


def payload(name: str) -> bytes:
    said = MESSAGES[name]["payload"]
    return said.encode() if isinstance(said, str) else json.dumps(said).encode()


async def buttons(*names: str, **more: Any) -> tuple[MqttButtons, MemoryTopics]:
    wire = MemoryTopics()
    boxes = [
        {"family": family, "name": name, "presses": {action: "call-next"}}
        for family, name, action in map(BOXES.__getitem__, names)
    ]
    driver = MqttButtons("buttons-1", wire, MqttButtonsSettings.model_validate({"boxes": boxes, **more}))
    await driver.probe()
    return driver, wire


async def heard(driver: MqttButtons) -> list[PadPress | PadRating]:
    told = []
    try:
        async for press in driver.presses():
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ended without an error")


@pytest.mark.parametrize("name", BOXES)
async def test_each_published_message_is_a_press_and_its_repeat_is_not(name: str) -> None:
    driver, wire = await buttons(name)
    wire.say(MESSAGES[name]["topic"], payload(name))
    wire.say(MESSAGES[name]["topic"], payload(name))

    assert await heard(driver) == [CALL]
    assert driver.discarded_bytes == 0


@pytest.mark.parametrize("name", BOXES)
async def test_a_retained_message_is_no_press(name: str) -> None:
    driver, wire = await buttons(name)
    early = MemoryTopics()
    early.say(MESSAGES[name]["topic"], payload(name), retain=True)
    late = MqttButtons("buttons-1", early, driver_settings(name))
    await late.probe()

    assert await heard(late) == []
    wire.say(MESSAGES[name]["topic"], payload(name))
    assert await heard(driver) == [CALL]


def driver_settings(name: str) -> MqttButtonsSettings:
    family, box, action = BOXES[name]
    return MqttButtonsSettings.model_validate(
        {"boxes": [{"family": family, "name": box, "presses": {action: "call-next"}}]}
    )


@pytest.mark.parametrize("name", ["z2m_single", "tasmota"])
async def test_the_same_button_pressed_later_is_another_press(name: str) -> None:
    driver, wire = await buttons(name)
    wire.say(MESSAGES[name]["topic"], payload(name))
    first = await heard(driver)
    wire.pass_time(1)
    wire.say(MESSAGES[name]["topic"], payload(name))

    assert first + await heard(driver) == [CALL, CALL]


async def test_a_press_with_a_mark_is_told_once_however_late_its_repeat_comes() -> None:
    driver, wire = await buttons("shelly_g1", "shelly_g2")
    for name in ("shelly_g1", "shelly_g2"):
        wire.say(MESSAGES[name]["topic"], payload(name))
        wire.pass_time(60)
        wire.say(MESSAGES[name]["topic"], payload(name))
    told = await heard(driver)
    wire.say(MESSAGES["shelly_g1"]["topic"], b'{"event":"S","event_cnt":8}')

    assert told == [CALL, CALL]
    assert await heard(driver) == [CALL]


@pytest.mark.parametrize(
    "name, word",
    [("z2m_avail", "online"), ("z2m_bridge", "online"), ("tasmota_lwt", "Online")],
)
def test_the_published_availability_is_understood(name: str, word: str) -> None:
    assert is_online(payload(name)) is True
    assert is_online(payload(name).replace(word.encode(), b"offline")) is False


@pytest.mark.parametrize("said", [b"", b"null", b"7", b"\xff\xfe", b'{"state": 1}', b"perhaps"])
def test_what_says_nothing_of_availability_is_none(said: bytes) -> None:
    assert is_online(said) is None


async def test_a_box_that_is_away_is_a_fault_until_it_is_back() -> None:
    driver, wire = await buttons("z2m_single", "tasmota")
    wire.say("tele/pad3/LWT", b"Offline", retain=True)
    assert await heard(driver) == []
    with pytest.raises(DeviceFault, match="pad3") as caught:
        await driver.probe()
    wire.say("tele/pad3/LWT", b"Online", retain=True)
    assert await heard(driver) == []
    await driver.probe()

    assert caught.value.code == "button-away"


@settings(max_examples=200)
@given(st.sampled_from(FAMILIES), st.sampled_from(["a/RESULT", "a/BUTTON1", "a/0", "rpc"]), st.data())
def test_no_message_breaks_the_reader(family: Any, topic: str, data: Any) -> None:
    inner = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(
                st.sampled_from(["action", "event", "Button1", "params", "events", "id", "ts"]), one
            )
        ),
        max_leaves=8,
    )
    said = data.draw(st.binary(max_size=40) | inner.map(lambda content: json.dumps(content).encode()))

    assert all(isinstance(push, Push) and push.action for push in pushes(family, topic, said))
    assert is_online(said) in (None, True, False)


def test_a_box_under_another_base_is_found_there() -> None:
    box = Box("zigbee2mqtt", "floor1/desk3", "hall/z2m")

    assert box.events == ("hall/z2m/floor1/desk3",)
    assert box.availability == "hall/z2m/floor1/desk3/availability"


@pytest.mark.parametrize(
    "box",
    [
        {"name": "#"},
        {"name": "a/+"},
        {"name": ""},
        {"name": "/a"},
        {"base": "z/#"},
        {"family": "homie"},
        {"presses": {}},
        {"presses": {"single": "dance"}},
        {"topic": "x"},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(box: dict[str, Any]) -> None:
    good = {"family": "tasmota", "name": "pad3", "presses": {"1/single": "hold"}}
    MqttButtonsSettings.model_validate({"boxes": [good]})

    with pytest.raises(ValidationError):
        MqttButtonsSettings.model_validate({"boxes": [{**good, **box}]})


def test_such_buttons_need_a_broker() -> None:
    presses = {"boxes": [{"family": "tasmota", "name": "pad3", "presses": {"1/single": "hold"}}]}
    device = DeviceSettings(id="b-1", driver="buttons-mqtt", wire="mqtt:site", settings=presses)
    assert check_device(device)[0].name == "buttons-mqtt"

    with pytest.raises(BadDevice, match="mqtt:site"):
        check_device(device.model_copy(update={"wire": "tcp://127.0.0.1:1883"}))


async def test_a_press_comes_through_a_real_broker_and_its_end_is_noticed(tmp_path: Path) -> None:
    spec = registry.find("buttons-mqtt")
    with mosquitto(tmp_path) as broker:
        async with aiomqtt.Client("127.0.0.1", broker.port) as maker:
            await maker.publish(MESSAGES["z2m_single"]["topic"], payload("z2m_single"), qos=1, retain=True)
            await maker.publish(MESSAGES["tasmota_lwt"]["topic"], b"Offline", qos=1, retain=True)
            wire = await open_wire(spec, "mqtt:site", MqttSettings(port=broker.port))
            driver = MqttButtons(
                "buttons-1",
                wire,
                MqttButtonsSettings.model_validate(
                    {
                        "boxes": [
                            {
                                "family": "zigbee2mqtt",
                                "name": "window3_button",
                                "presses": {"single": "call-next"},
                            },
                            {"family": "tasmota", "name": "pad3", "presses": {"1/single": "recall"}},
                        ]
                    }
                ),
            )
            await driver.probe()
            await maker.publish(MESSAGES["tasmota"]["topic"], payload("tasmota"), qos=1)
            presses = driver.presses()
            first = await anext(presses)
            with pytest.raises(DeviceFault):
                await driver.probe()
            await wire.publish("t/own", b"said")
    with pytest.raises(WireClosed):
        await anext(presses)
    await wire.close()

    assert first == PadPress(1, PadKey.RECALL)  # and not the retained `single` before it


async def test_a_broker_that_is_not_there_is_named() -> None:
    spec, port = registry.find("buttons-mqtt"), free_port()

    with pytest.raises(TransportError, match=str(port)):
        await open_wire(spec, f"mqtt://127.0.0.1:{port}")
    with pytest.raises(TransportError, match=r"\[mqtt\]"):
        await open_wire(spec, "mqtt:site")


async def test_the_doctor_tries_buttons_on_the_agent_s_own_broker(tmp_path: Path) -> None:
    presses = {"boxes": [{"family": "tasmota", "name": "pad3", "presses": {"1/single": "hold"}}]}
    device = DeviceSettings(id="b-1", driver="buttons-mqtt", wire="mqtt:site", settings=presses)
    with mosquitto(tmp_path) as broker:
        [well] = await examine_all([device], "en", broker=MqttSettings(port=broker.port))
    [bad] = await examine_all([device], "en", broker=MqttSettings(port=free_port()))

    assert well.well
    assert not bad.well
