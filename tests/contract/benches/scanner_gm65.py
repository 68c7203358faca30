"""The serial scanner.  A line of text has no checksum, so what is promised is this: a text that is told came
over the wire as one whole line, and a code is told once."""

from __future__ import annotations

import re

from devices.drivers.scanner_gm65 import Gm65Scanner
from devices.errors import ProtocolError
from devices.sim.scanner import SimScanner
from devices.transports.memory import MemoryWire
from tests.contract.bench import Bench

TEXTS = ("A023-7f3e", "企业开办 https://127.0.0.1/t/3f8a", "6901028075687")


def lines_of(raw: bytes) -> set[str]:
    """All lines that came, read in the plainest way; an answer of the scanner ends a line too."""
    parts = re.split(rb"[\r\n]|[\x02\x03]\x00\x00\x01\x00\x33\x31", raw)
    texts = {_text(part) for part in parts}
    return texts | {text[3:] for text in texts if text.startswith("]")}  # noise can make a prefix


def _text(part: bytes) -> str:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        return part.decode("gb18030", errors="replace")


async def exercise(driver: Gm65Scanner, machine: SimScanner, wire: MemoryWire) -> None:
    for text in TEXTS:
        wire.pass_time(5)  # the same code later is another scan
        machine.do("scan", {"text": text}, wire.now_s())
        machine.do("scan", {"text": text}, wire.now_s())
        told = []
        for _ in range(4):
            scan = await driver.look(1.0)
            if scan is not None:
                told.append(scan.text)

        assert set(told) <= lines_of(wire.got)
        assert told.count(text) <= 1
        if told != [text]:
            raise ProtocolError("a code was lost or damaged on the line")


BENCH = Bench(machine=SimScanner, exercise=exercise, settings={"zones": {0x0060: 1}})
