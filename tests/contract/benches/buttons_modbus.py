"""The input module: a press is told once or not at all, never as another one; no wrong lamp is lit."""

from __future__ import annotations

from devices.contracts.call_pad import PadKey
from devices.drivers.buttons_modbus import ModbusButtons
from devices.errors import ProtocolError
from devices.kinds import PadPress, PadRating
from devices.sim.input_module import SimInputModule
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

MEANINGS = {0: PadPress(1, PadKey.CALL_NEXT), 1: PadPress(1, PadKey.RECALL), 9: PadRating(2, 5)}
POLLS = 40


async def exercise(driver: ModbusButtons, machine: SimInputModule, wire: MemoryWire) -> None:
    for number, meaning in MEANINGS.items():
        wire.pass_time(1)
        await driver.poll()  # what was pressed before is over
        machine.do("press", {"key": number}, wire.now_s())
        told: list[PadPress | PadRating] = []
        for _ in range(POLLS):
            told += await driver.poll()
            wire.pass_time(0.02)

        assert told in ([], [meaning])
        if not told:
            raise ProtocolError("a press was lost on the line")
    await driver.show_waiting(1, 3)
    for _ in range(3):
        await driver.poll()
    assert machine.lit <= {4}
    if machine.lit != {4}:
        raise ProtocolError("the lamp was lost on the line")


SETTINGS = {"inputs": {"0": "call-next", "1": "recall", "9": "2:rate-5"}, "lamps": {"1": 4}}
BENCH = Bench(machine=lambda: SimInputModule(inputs=16), exercise=exercise, settings=SETTINGS)
