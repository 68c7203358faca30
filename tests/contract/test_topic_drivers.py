"""Every driver on a message broker, on a good one and on bad ones."""

from __future__ import annotations

from random import Random

import pytest

from devices import registry
from devices.errors import DeviceError, WireClosed
from devices.kinds import Driver
from devices.transports.base import TopicMessage
from devices.transports.memory_topics import MemoryTopics
from tests.contract.bench import TopicBench, bench_of, has_bench

BENCHES = {
    name: bench
    for name in registry.names()
    if has_bench(name) and isinstance(bench := bench_of(name), TopicBench)
}


class Doubling(MemoryTopics):
    """QoS 1 allows each message to come again."""

    again: TopicMessage | None = None

    async def read(self, timeout_s: float | None = None) -> TopicMessage:
        message = await super().read(timeout_s)
        first = self.again is None
        if first:
            self._inbox.appendleft(message)
        self.again = message if first else None
        return message


class Babbling(MemoryTopics):
    """Strangers speak between the messages, on the same topics, and none of it makes sense."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = Random(seed)

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        nonsense = (
            b"",
            self._random.randbytes(20),
            b"null",
            b"[" * 2000,
            payload[: len(payload) // 2],
            b'{"action": 7, "event": [], "params": {"events": [null, {"component": 1}]}, "Button1": {}}',
            b'{"state": {"x": 1}}',
            b"x" * 20_000,
        )
        for stranger in nonsense:
            super().say(topic, stranger)
        super().say(topic, payload, retain=retain)


WIRES = {
    "good": MemoryTopics,
    "doubling": Doubling,
    "babbling": lambda: Babbling(1),
    "babbling again": lambda: Babbling(2),
}


def build(name: str, wire: MemoryTopics) -> Driver:
    spec, bench = registry.find(name), BENCHES[name]
    return spec.build(f"{name}-1", wire, spec.settings.model_validate(bench.settings))


@pytest.mark.parametrize("kind", WIRES)
@pytest.mark.parametrize("name", BENCHES)
async def test_a_driver_works_and_tells_each_thing_once_whatever_else_is_said(name: str, kind: str) -> None:
    wire = WIRES[kind]()
    driver = build(name, wire)

    await driver.probe()
    await BENCHES[name].exercise(driver, wire)
    await BENCHES[name].exercise(driver, wire)


@pytest.mark.parametrize("name", BENCHES)
async def test_a_broker_that_is_gone_is_told(name: str) -> None:
    wire = MemoryTopics()
    await wire.close()

    with pytest.raises(WireClosed):
        await build(name, wire).probe()


@pytest.mark.parametrize("name", BENCHES)
async def test_a_broker_that_goes_in_the_middle_is_told(name: str) -> None:
    wire = MemoryTopics()
    driver = build(name, wire)
    await driver.probe()
    await wire.close()

    with pytest.raises(DeviceError):
        await BENCHES[name].exercise(driver, wire)
