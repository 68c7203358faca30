"""Every driver of smart cards in the registry, on good and bad cards and readers."""

from __future__ import annotations

import contextlib

import pytest

from devices import registry
from devices.errors import DeviceFault, WireClosed, WireTimeout
from devices.kinds import Driver
from devices.transports.memory_apdu import MemoryChannel
from tests.contract.bench import CardBench, bench_of, has_bench

BENCHES = {
    name: bench
    for name in registry.names()
    if has_bench(name) and isinstance(bench := bench_of(name), CardBench)
}
CASES = [(name, card) for name, bench in BENCHES.items() for card in bench.cards]


def build(name: str, channel: MemoryChannel) -> Driver:
    spec, bench = registry.find(name), BENCHES[name]
    return spec.build(f"{name}-1", channel, spec.settings.model_validate(bench.settings))


@pytest.mark.parametrize("name, card", CASES)
async def test_a_card_is_told_when_it_comes_and_when_it_goes(name, card):
    channel = MemoryChannel()
    driver = build(name, channel)

    await driver.probe()
    await BENCHES[name].exercise(driver, channel, card)
    await BENCHES[name].exercise(driver, channel, card)


@pytest.mark.parametrize("name, card", CASES)
async def test_a_reader_that_is_gone_or_hangs_is_told_not_waited_for(name, card):
    gone, hanging = MemoryChannel(), MemoryChannel()
    await gone.close()
    hanging.hangs = True

    with pytest.raises(WireClosed):
        await build(name, gone).probe()
    with pytest.raises(WireTimeout):
        await BENCHES[name].exercise(build(name, hanging), hanging, card)


@pytest.mark.parametrize("after", range(12))
async def test_a_card_taken_away_at_any_command_harms_nobody(after):
    for name, card in CASES:
        channel = MemoryChannel()
        driver = build(name, channel)
        channel.leaves_after = after
        with contextlib.suppress(DeviceFault):  # nobody is at fault: it works again right after
            await BENCHES[name].exercise(driver, channel, card)
        channel.leaves_after = None

        await BENCHES[name].exercise(driver, channel, card)
