"""The keypad: what is told was typed, and no more often than it was heard.

A device gives whole records in order; on a worse wire the promise is only that nothing is told that no key
said.
"""

from __future__ import annotations

from devices.codecs.input_event import EV_KEY, PRESSED, InputCodec
from devices.contracts.call_pad import PadKey
from devices.drivers.buttons_evdev import EvdevButtons
from devices.errors import ProtocolError, WireClosed
from devices.kinds import PadPress, PadRating
from devices.sim.keyboard import KEYPAD, SimKeypad
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

TYPED = {
    "+": PadPress(1, PadKey.CALL_NEXT),
    "-": PadPress(1, PadKey.RECALL),
    "*": PadPress(1, PadKey.ASK_RATING),
}


async def exercise(driver: EvdevButtons, machine: SimKeypad, wire: MemoryWire) -> None:
    for key, press in TYPED.items():
        wire.pass_time(5)
        machine.do("press", {"key": key}, wire.now_s())
        told = await _hear(driver)

        events = InputCodec().feed(wire.got)
        downs = [event.code for event in events if (event.type, event.value) == (EV_KEY, PRESSED)]
        assert all(downs.count(KEYPAD[key]) >= told.count(press) for key, press in TYPED.items())
        assert len(told) <= len(downs)
        if told != [press]:
            raise ProtocolError("a press was lost or damaged on the way")


async def _hear(driver: EvdevButtons) -> list[PadPress | PadRating]:
    told = []
    try:
        async for press in driver.presses():
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ends only by an error")


BENCH = Bench(machine=SimKeypad, exercise=exercise)
