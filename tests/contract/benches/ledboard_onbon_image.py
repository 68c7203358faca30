"""The image card: when `show` returns, the dots on the board are those of the text."""

from devices.codecs import dot_text
from devices.drivers.ledboard_onbon_image import OnbonImageBoard
from devices.sim.led_image import SimLedImage
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

FACE = dot_text.Face(64, 16)


async def exercise(driver: OnbonImageBoard, machine: SimLedImage, wire: MemoryWire) -> None:
    for text in ("请A001", "暂停服务", "请A002到3号窗口"):
        await driver.show(text)

        assert machine.pages == dot_text.pages(text, FACE)
    await driver.clear()

    assert machine.pages == []


BENCH = Bench(
    machine=lambda: SimLedImage(64, 16, on_bad_check="refuse"),
    exercise=exercise,
    settings={"width_px": 64, "height_px": 16},
)
