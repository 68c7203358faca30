"""The smart-card reader: whatever the card or the reader does, who is told is who the card says."""

from devices.contracts.id_reader import CardMedium
from devices.drivers.cardreader_pcsc import PcscCardReader
from devices.errors import DeviceFault
from devices.sim.smart_card import make_smart_card
from devices.transports.memory_apdu import MemoryChannel
from tests.contract.bench import CardBench

CARDS = {
    "social-security": {"kind": "social-security", "name": "张三丰"},
    "t-union": {"kind": "t-union", "number": "3105170010170907984"},
    "staff-card": {"kind": "staff-card", "uid": "04A1B2C3D4E5F6"},
    "unknown": {"kind": "unknown"},
}


async def exercise(driver: PcscCardReader, channel: MemoryChannel, name: str) -> None:
    channel.remove()
    await driver.look(0)
    channel.insert(make_smart_card(CARDS[name], 1))
    came = await driver.look(0.25)
    if came is None:
        raise DeviceFault("card-removed", "the card was not told, so it must have left")
    assert came.medium == CardMedium(name)
    assert came.number == CARDS[name].get("number", "")
    assert came.uid.hex().upper() == CARDS[name].get("uid", "")
    assert await driver.look(0.25) is None
    if name == "social-security":
        card = await driver.poll_card()
        assert card is not None
        assert card.name == "张三丰"
    channel.remove()
    gone = await driver.look(0.25)
    assert gone is not None
    assert gone.medium is None


BENCH = CardBench(
    cards=tuple(CARDS), exercise=exercise, settings={"reads": ["social-security", "t-union", "staff-card"]}
)
