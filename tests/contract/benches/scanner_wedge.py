"""The typing scanner: a text is told once, and nothing is told that was not typed in this order.

A key whose going down and up are both lost without a word leaves a shorter text; a kernel says when it
dropped something, so only a wire that is no input device can do that.
"""

from __future__ import annotations

from devices.drivers.scanner_wedge import WedgeScanner
from devices.errors import ProtocolError
from devices.sim.keyboard import SimWedge
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

TEXTS = ("A023-7f3e", "h://T/3F8a?x=1", "6901028075687")


async def exercise(driver: WedgeScanner, machine: SimWedge, wire: MemoryWire) -> None:
    for text in TEXTS:
        wire.pass_time(5)  # the same code later is another scan
        machine.do("scan", {"text": text}, wire.now_s())
        told = []
        for _ in range(4):
            scan = await driver.look(1.0)
            if scan is not None:
                told.append(scan.text)

        assert len(told) <= 1
        assert all(_is_in_order(part, text) for part in told)
        if told != [text]:
            raise ProtocolError("a code was lost on the way")


def _is_in_order(part: str, text: str) -> bool:
    left = iter(text)
    return all(char in left for char in part)


BENCH = Bench(machine=SimWedge, exercise=exercise)
