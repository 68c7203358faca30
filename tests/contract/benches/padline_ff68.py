"""The pad line: whatever the line does, a press is told once or not at all, and never as another one."""

from devices.codecs import ff68
from devices.drivers.padline_ff68 import Ff68PadLine
from devices.errors import ProtocolError, WireClosed
from devices.kinds import PadPress, PadRating
from devices.sim.pad_line import SimPadLine
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

KEYS = ("call-next", "recall", "no-show")


async def exercise(driver: Ff68PadLine, machine: SimPadLine, wire: MemoryWire) -> None:
    pressed = []
    for key in KEYS:
        machine.do("press", {"addr": 1, "key": key}, wire.now_s())
        machine.do("press", {"addr": 64, "key": key}, wire.now_s())
        pressed += [PadPress(1, key), PadPress(64, key)]
        told = await _hear(driver, pressed)
        if [press for press in told if isinstance(press, PadPress)] != pressed[-2:]:
            raise ProtocolError("a press was lost on the line")
        wire.pass_time(1)
    machine.receive(ff68.encode(ff68.PadFrame(1, ff68.CMD_KEY, ff68.ASK_RATING)), wire.now_s())
    machine.do("rate", {"addr": 1, "level": 5}, wire.now_s())
    if await _hear(driver, [PadRating(1, 5)]) != [PadRating(1, 5)]:
        raise ProtocolError("the rating was lost on the line")
    wire.pass_time(1)
    await driver.show_ticket(1, "A023")
    await driver.show_waiting(64, 12)
    shown = machine.pad_state(1)["ticket"], machine.pad_state(64)["waiting"]
    assert shown[0] in ("", "023")
    assert shown[1] in ("", "012")
    if "" in shown:
        raise ProtocolError("what to show was lost on the line")


async def _hear(driver: Ff68PadLine, pressed: list[PadPress | PadRating]) -> list[PadPress | PadRating]:
    told = []
    try:
        async for press in driver.presses():
            assert press in pressed
            assert press not in told
            told.append(press)
    except WireClosed:
        return told
    raise AssertionError("presses() ends only by an error")


BENCH = Bench(machine=lambda: SimPadLine(addresses=(1, 64)), exercise=exercise)
