"""The STX dispenser: a command lets out one card at most, and what it says of it is so."""

from devices.contracts.dispenser import CardOutcome
from devices.drivers.dispenser_stx import StxDispenser
from devices.sim.card_dispenser import SimCardDispenser
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


async def exercise(driver: StxDispenser, machine: SimCardDispenser, wire: MemoryWire) -> None:
    wire.pass_time(30)  # what an earlier, broken exercise set in motion has come to rest
    machine.poll(wire.now_s())
    if machine.at_exit:
        machine.do("take", {}, wire.now_s())

    out = machine.came_out
    result = await driver.dispense("c-1")
    _is_true(result.outcome, machine.came_out - out)
    if result.outcome is CardOutcome.DONE:
        binned = machine.captured
        result = await driver.capture("c-2")
        _is_true(result.outcome, machine.captured - binned)


def _is_true(outcome: CardOutcome, moved: int) -> None:
    assert moved <= 1
    assert outcome is CardOutcome.UNKNOWN or moved == (outcome is CardOutcome.DONE)


BENCH = Bench(machine=lambda: SimCardDispenser(cards=500, bin_size=500), exercise=exercise, limit_s=120)
