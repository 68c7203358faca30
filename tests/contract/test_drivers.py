"""Every driver in the registry, over every bad line: it never hangs, never tells a lie, and comes back."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import AsyncIterator
from random import Random
from typing import Protocol, runtime_checkable

import pytest

from devices import registry
from devices.errors import DeviceError
from devices.kinds import Driver
from devices.sim.faults import HARMLESS, MANGLERS, LostDeliveries
from devices.transports.memory import clean
from tests.contract.bench import (
    AudioBench,
    BabblingWire,
    Bench,
    CardBench,
    CountingWire,
    LateMachine,
    PulledWire,
    SpoolBench,
    TopicBench,
    bench_of,
    has_bench,
)

BENCHES = {name: bench_of(name) for name in registry.names() if has_bench(name)}
ON_BYTES = {name: bench for name, bench in BENCHES.items() if isinstance(bench, Bench)}
ON_AUDIO = {name: bench for name, bench in BENCHES.items() if isinstance(bench, AudioBench)}
SEEDS = (1, 2, 3)
UNASKED = ("pad-line", "scanner")
NOISE_BYTES = 1_000_000
NOISE_ROUNDS = 5_000
STARTS = bytes.fromhex("AAAAAA9669 0960 FF68080868 A5A5")  # how long frames of several protocols begin
MOST_KEPT = 100_000  # bytes that a driver may still hold after a megabyte of noise


@runtime_checkable
class Listens(Protocol):
    """A driver that hears what is not asked for."""

    def presses(self) -> AsyncIterator[object]: ...


def build(name: str, wire: object) -> Driver:
    spec, bench = registry.find(name), BENCHES[name]
    return spec.build(f"{name}-1", wire, spec.settings.model_validate(bench.settings))


def test_every_driver_in_the_registry_has_a_bench():
    missing = [name for name in registry.names() if not has_bench(name)]

    assert missing == []


@pytest.mark.parametrize("name", BENCHES)
def test_a_driver_is_what_its_declaration_says(name):
    spec = registry.find(name)

    assert spec.name == name
    sorts = {"bytes": Bench, "audio": AudioBench, "apdu": CardBench, "spool": SpoolBench} | {
        "topics": TopicBench
    }
    assert isinstance(BENCHES[name], sorts[spec.wire])
    assert isinstance(build(name, wire=None), Driver)


@pytest.mark.parametrize("mangler", HARMLESS)
@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_driver_works_on_a_good_line_however_the_bytes_are_cut(name, mangler):
    bench = ON_BYTES[name]
    machine = bench.machine()
    make = MANGLERS[mangler]
    wire = CountingWire(machine, make(1), make(2))
    driver = build(name, wire)

    await driver.probe()
    await bench.exercise(driver, machine, wire)
    await bench.exercise(driver, machine, wire)

    assert driver.discarded_bytes == 0


@pytest.mark.parametrize("mangler", MANGLERS)
@pytest.mark.parametrize("way", ["to host", "to machine", "both"])
@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_driver_on_a_bad_line_neither_hangs_nor_lies(name, way, mangler):
    bench, make = ON_BYTES[name], MANGLERS[mangler]
    for seed in SEEDS:
        machine = bench.machine()
        to_host = make(seed) if way != "to machine" else clean
        to_machine = make(seed + 100) if way != "to host" else clean
        wire = CountingWire(machine, to_host, to_machine)
        driver = build(name, wire)
        for _ in range(4):
            began_s = wire.now_s()
            try:
                await driver.probe()
                await bench.exercise(driver, machine, wire)  # asserts that nothing wrong was taken for right
            except DeviceError:
                pass  # that a bad line is noticed is all that we ask

            assert wire.now_s() - began_s <= bench.limit_s


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_late_answer_is_not_taken_for_the_answer_to_what_was_asked_since(name, seed):
    bench = ON_BYTES[name]
    machine = bench.machine()
    # What a machine says unasked is told from its repetition by time: there only a short delay is harmless.
    late_s = (0.0, 0.02) if registry.find(name).kind in UNASKED else (0.0, 0.0, 0.05, 0.3, 1.0, 4.0)
    wire = CountingWire(LateMachine(machine, Random(seed), late_s), clean, LostDeliveries(seed))
    driver = build(name, wire)
    for _ in range(6):
        began_s = wire.now_s()
        try:
            await driver.probe()
            await bench.exercise(driver, machine, wire)
        except DeviceError:
            pass

        assert wire.now_s() - began_s <= 2 * bench.limit_s


@pytest.mark.parametrize("mangler", MANGLERS)
@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_driver_works_again_on_a_new_wire_after_a_bad_one(name, mangler):
    bench, make = ON_BYTES[name], MANGLERS[mangler]
    machine = bench.machine()
    bad = CountingWire(machine, make(5), make(6))
    try:
        await bench.exercise(build(name, bad), machine, bad)
    except DeviceError:
        bad.close()
    good = CountingWire(machine)
    good.pass_time(bad.now_s() + 60)  # what was under way has arrived and is stale

    driver = build(name, good)
    await driver.probe()
    await bench.exercise(driver, machine, good)


@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_driver_says_so_when_the_wire_is_unplugged(name):
    bench = ON_BYTES[name]
    machine = bench.machine()
    wire = CountingWire(machine)
    driver = build(name, wire)
    wire.close()

    with pytest.raises(DeviceError):
        await driver.probe()


@pytest.mark.parametrize("name", ON_BYTES)
async def test_a_plug_pulled_in_the_middle_is_told_and_harms_nothing_on_the_next_wire(name):
    bench = ON_BYTES[name]
    machine = bench.machine()
    now_s = 0.0
    for calls in range(1, 16):
        pulled = PulledWire(machine, calls)
        pulled.pass_time(now_s)
        driver = build(name, pulled)
        try:
            await driver.probe()
            await bench.exercise(driver, machine, pulled)
        except DeviceError:
            pass
        good = CountingWire(machine)
        good.pass_time(pulled.now_s() + 60)
        for _ in range(100):  # what a machine said to nobody is lost
            machine.poll(good.now_s())

        driver = build(name, good)
        await driver.probe()
        await bench.exercise(driver, machine, good)
        now_s = good.now_s() + 60


@pytest.mark.parametrize("name", ON_BYTES)
async def test_endless_noise_neither_holds_a_driver_nor_fills_the_memory(name):
    random = Random(7)
    noise = b"".join(random.choice([random.randbytes(30), STARTS]) for _ in range(400))
    wire = BabblingWire(noise, NOISE_BYTES)
    driver = build(name, wire)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        await _listen_to_all(driver, wire, ON_BYTES[name].limit_s)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert after - before < MOST_KEPT


async def _listen_to_all(driver: Driver, wire: BabblingWire, limit_s: float) -> None:
    """Let a driver read a megabyte of noise, in the way of its kind."""
    for _ in range(NOISE_ROUNDS):
        try:
            if isinstance(driver, Listens):
                async for _ in driver.presses():
                    pass
            wire.until_s = wire.now_s() + limit_s
            await driver.probe()
        except DeviceError:
            pass
        if wire.spent:  # a machine that never answers is believed to be there: its driver only reads on
            return
    raise AssertionError("the driver did not read what came")


@pytest.mark.parametrize("name", ON_AUDIO)
async def test_a_driver_with_a_loudspeaker_is_heard(name):
    bench = ON_AUDIO[name]
    device = bench.device()
    driver = build(name, device)

    await driver.probe()
    await bench.exercise(driver, device)


@pytest.mark.parametrize(
    "name, fault", [(name, fault) for name in ON_AUDIO for fault in ON_AUDIO[name].broken]
)
async def test_a_driver_says_so_when_its_loudspeaker_is_broken(name, fault):
    bench = ON_AUDIO[name]
    device = bench.broken[fault]()

    with pytest.raises(DeviceError):
        await bench.exercise(build(name, device), device)
