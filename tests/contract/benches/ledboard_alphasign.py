"""The Alpha sign: when `show` returns, the sign holds exactly that text."""

from devices.drivers.ledboard_alphasign import AlphaSignBoard
from devices.sim.led_alphasign import SimAlphaSign
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


async def exercise(driver: AlphaSignBoard, machine: SimAlphaSign, wire: MemoryWire) -> None:
    for text, shown in (("请A001到3号窗口", "A001 -> 3"), ("暂停服务", "PAUSED"), ("A002", "A002")):
        await driver.show(text)

        assert machine.shown.text == shown
    await driver.clear()

    assert machine.shown.text == ""


BENCH = Bench(machine=SimAlphaSign, exercise=exercise)
