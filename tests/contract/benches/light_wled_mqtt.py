"""The WLED strip on a broker: what it is told is the state's colour, whatever strangers say on its topics."""

from __future__ import annotations

from devices.contracts.window_display import WindowState
from devices.drivers.light_wled_mqtt import WledMqttLight
from devices.transports.memory_topics import MemoryTopics
from tests.contract.bench import TopicBench

SAID = {
    WindowState.CALLING: [("wled/lobby/col", b"#FF8000"), ("wled/lobby", b"128")],
    WindowState.CLOSED: [("wled/lobby", b"OFF")],
    WindowState.SERVING: [("wled/lobby/col", b"#FF0000"), ("wled/lobby", b"128")],
}


async def exercise(driver: WledMqttLight, wire: MemoryTopics) -> None:
    for state, said in SAID.items():
        before = len(wire.published)
        wire.say("wled/lobby/status", b"online")
        await driver.show_state(state)
        await driver.probe()

        assert wire.published[before:] == said


BENCH = TopicBench(exercise=exercise, settings={"topic": "wled/lobby", "brightness": 128})
