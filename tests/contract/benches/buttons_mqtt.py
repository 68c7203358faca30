"""Buttons on a broker: each press is told once; an unknown action, another button and nonsense are none."""

from __future__ import annotations

import json

from devices.contracts.call_pad import PadKey
from devices.drivers.buttons_mqtt import MqttButtons
from devices.errors import ProtocolError, WireClosed
from devices.kinds import PadPress, PadRating
from devices.transports.memory_topics import MemoryTopics
from tests.contract.bench import TopicBench

SETTINGS = {
    "boxes": [
        {"family": "zigbee2mqtt", "name": "desk 3", "presses": {"single": "call-next", "hold": "hold"}},
        {"family": "shelly-1", "name": "shellybutton1-A4", "presses": {"0/s": "2:recall"}},
        {"family": "tasmota", "name": "pad3", "presses": {"2/single": "3:rate-5"}},
    ]
}
SAID = (
    ("zigbee2mqtt/desk 3", {"action": "single", "battery": 97}, PadPress(1, PadKey.CALL_NEXT)),
    ("zigbee2mqtt/desk 3", {"action": "triple"}, None),
    ("zigbee2mqtt/desk 4", {"action": "single"}, None),
    ("shellies/shellybutton1-A4/input_event/0", {"event": "S", "event_cnt": 0}, PadPress(2, PadKey.RECALL)),
    ("stat/pad3/RESULT", {"Button2": {"Action": "SINGLE"}}, PadRating(3, 5)),
)


async def exercise(driver: MqttButtons, wire: MemoryTopics) -> None:
    wire.count = getattr(wire, "count", 0) + 1  # type: ignore[attr-defined]  # a Shelly counts its presses
    for topic, content, press in SAID:
        wire.pass_time(1)
        if "event_cnt" in content:
            content = {**content, "event_cnt": wire.count}  # type: ignore[attr-defined]
        wire.say(topic, json.dumps(content).encode())

        told = await _hear(driver)

        assert told in ([], [press])
        if press is not None and not told:
            raise ProtocolError("a press was lost")


async def _hear(driver: MqttButtons) -> list[PadPress | PadRating]:
    told = []
    try:
        async for press in driver.presses():
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ends only by an error")


BENCH = TopicBench(exercise=exercise, settings=SETTINGS)
