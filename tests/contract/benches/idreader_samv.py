"""The ID reader: whatever the line does, a card that is given is the card that lies there."""

from devices.drivers.idreader_samv import SamvIdReader
from devices.errors import DeviceError
from devices.sim.id_reader import SimIdReader
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

LOOKS = 4


async def exercise(driver: SamvIdReader, machine: SimIdReader, wire: MemoryWire) -> None:
    if machine.state()["card"] is not None:
        machine.do("lift-card", {}, wire.now_s())
    machine.do("place-card", {"card": {"name": "张三丰"}}, wire.now_s())
    lies_there = machine.state()["card"]["id_number"]
    error: DeviceError | None = None
    for _ in range(LOOKS):
        try:
            card = await driver.poll_card()
        except DeviceError as raised:
            error = raised
            continue
        if card is not None:
            assert card.name == "张三丰"
            assert card.id_number[:6] + "********" + card.id_number[14:] == lies_there
            return
        wire.pass_time(0.3)
    raise error or DeviceError("the card was not noticed")


BENCH = Bench(machine=SimIdReader, exercise=exercise, limit_s=5 * LOOKS + 2)
