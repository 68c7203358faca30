"""The line of digit displays: when `show_number` returns, that display shows exactly that."""

from devices.drivers.ledboard_modbus_digits import ModbusDigitLine
from devices.sim.digit_line import SimDigitLine
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


async def exercise(driver: ModbusDigitLine, machine: SimDigitLine, wire: MemoryWire) -> None:
    for unit, number in ((1, "A001"), (7, "B012"), (1, "A002"), (7, ""), (7, "B013"), (1, "")):
        await driver.show_number(unit, number)

        assert machine.shown(unit) == number
    await driver.check_unit(7)


BENCH = Bench(machine=lambda: SimDigitLine(addresses=(1, 7)), exercise=exercise, settings={"units": (1, 7)})
