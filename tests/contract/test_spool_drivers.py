"""Every driver of document printers in the registry, on good and bad print systems."""

from __future__ import annotations

import pytest

from devices import registry
from devices.codecs.print_states import QueueState
from devices.errors import DeviceError, WireClosed, WireTimeout
from devices.kinds import Driver
from devices.transports.memory_spooler import MemorySpooler
from tests.contract.bench import SpoolBench, bench_of, has_bench

BENCHES = {
    name: bench
    for name in registry.names()
    if has_bench(name) and isinstance(bench := bench_of(name), SpoolBench)
}
BAD = {
    "stopped": MemorySpooler(state=QueueState.STOPPED),
    "no paper": MemorySpooler(reasons=("media-empty-error",)),
    "refuses": MemorySpooler(refuses="document-type"),
    "loses answers": MemorySpooler(loses_answer=True),
    "never ends": MemorySpooler(job_s=1e9),
}


def build(name: str, spooler: MemorySpooler) -> Driver:
    spec, bench = registry.find(name), BENCHES[name]
    return spec.build(f"{name}-1", spooler, spec.settings.model_validate(bench.settings))


@pytest.mark.parametrize("name", BENCHES)
async def test_a_document_is_printed_once_for_each_order(name):
    spooler = MemorySpooler()
    driver = build(name, spooler)

    await driver.probe()
    await BENCHES[name].exercise(driver, spooler)
    await BENCHES[name].exercise(driver, spooler)


@pytest.mark.parametrize("name", BENCHES)
@pytest.mark.parametrize("trouble", BAD)
async def test_what_was_not_printed_is_never_called_printed(name, trouble):
    with pytest.raises(DeviceError):
        await BENCHES[name].exercise(build(name, BAD[trouble]), BAD[trouble])


@pytest.mark.parametrize("name", BENCHES)
async def test_a_print_system_that_is_gone_or_hangs_is_told_not_waited_for(name):
    with pytest.raises(WireClosed):
        await build(name, MemorySpooler(gone=True)).probe()
    with pytest.raises(WireTimeout):
        await build(name, MemorySpooler(hangs=True)).probe()
