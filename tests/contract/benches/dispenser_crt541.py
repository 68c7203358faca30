"""The CRT-541: a command lets out one card at most, and what it says of it is so."""

from devices.contracts.dispenser import CardOutcome
from devices.drivers.dispenser_crt541 import Crt541Dispenser
from devices.sim.card_dispenser import SimCardDispenser
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


async def exercise(driver: Crt541Dispenser, machine: SimCardDispenser, wire: MemoryWire) -> None:
    wire.pass_time(30)  # what an earlier, broken exercise set in motion has come to rest
    machine.poll(wire.now_s())
    if machine.at_exit:
        machine.do("take", {}, wire.now_s())

    out = machine.came_out
    result = await driver.dispense("c-1")
    moved = machine.came_out - out

    assert moved <= 1
    assert result.outcome is CardOutcome.UNKNOWN or moved == (result.outcome is CardOutcome.DONE)


BENCH = Bench(
    machine=lambda: SimCardDispenser(model="crt541", cards=500),
    exercise=exercise,
    settings={"address": 1},
    limit_s=120,
)
