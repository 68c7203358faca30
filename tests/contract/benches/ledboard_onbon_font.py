"""The LED board: when `show` returns, the board shows exactly that."""

from devices.drivers.ledboard_onbon_font import OnbonFontBoard
from devices.sim.led_board import SimLedBoard
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench


async def exercise(driver: OnbonFontBoard, machine: SimLedBoard, wire: MemoryWire) -> None:
    for text in ("请A001到3号窗口", "暂停服务", "请A002到3号窗口办理业务"):
        await driver.show(text)

        assert machine.text == text
    await driver.clear()

    assert machine.text == ""


BENCH = Bench(machine=lambda: SimLedBoard(on_bad_crc="refuse"), exercise=exercise)
