"""What the machines' side costs: decoding, a driver beyond its wire, and an agent with a dozen machines."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices import registry
from devices.agent.app import open_wire
from devices.drivers.ledboard_modbus_digits import ModbusDigitsSettings
from devices.sim.digit_line import SimDigitLine
from devices.sim.id_reader import SimIdReader
from devices.sim.pad_line import SimPadLine
from devices.sim.printer import SimPrinter
from devices.sim.runner import Host
from tests.bench import agent_load
from tests.bench.floor import percentile
from tests.devices.decoders import DECODERS, Decoder

PIECE = 1024
BUFFER = 64 * 1024
CODEC_S = 0.08
EXCHANGES = 40
NOTHING = b"\xfe\xfd\xfc\xfb"  # the floor looks for what is not there, so it sees every byte


def decode_rows() -> list[dict[str, object]]:
    """Return MB/s of every codec of a stream, fed in kilobytes, beside copying and searching the same."""
    return [_decode_row(one) for one in DECODERS if one.stream is not None]


def _decode_row(decoder: Decoder) -> dict[str, object]:
    sample = b"".join(decoder.samples)
    data = (sample * (BUFFER // len(sample) + 1))[:BUFFER]
    pieces = [data[at : at + PIECE] for at in range(0, BUFFER, PIECE)]

    def decode() -> None:
        assert decoder.stream is not None
        codec = decoder.stream()
        for piece in pieces:
            codec.feed(piece)

    def search() -> None:
        for piece in pieces:
            bytes(piece[:-1]).find(NOTHING)

    speed, floor = _mb_per_s(decode), _mb_per_s(search)
    return {
        "codec": decoder.name,
        "MB/s": round(speed, 2),
        "copy_and_find_MB/s": round(floor),
        "ratio": round(floor / speed),
    }


def _mb_per_s(work: Callable[[], None]) -> float:
    """Return the best of all rounds within the time."""
    best, until = float("inf"), time.perf_counter() + CODEC_S
    while best == float("inf") or time.perf_counter() < until:
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return BUFFER / best / 1e6


Act = Callable[[Any, int], Awaitable[object]]


async def _status(driver: Any, _number: int) -> object:
    return await driver.probe()


async def _paper(driver: Any, _number: int) -> object:
    return await driver.status()


async def _digits(driver: Any, number: int) -> object:
    return await driver.show_number(1, f"A{number:03}")


async def _beep(driver: Any, _number: int) -> object:
    return await driver.beep(1)


@dataclass(frozen=True)
class Exchange:
    """Questions to one machine; `own_s` is what it and its protocol's silences take by themselves."""

    name: str
    sim: Any
    act: Act
    baud: int
    questions: int = 1
    own_s: float = 0.0
    settings: dict[str, object] = field(default_factory=dict)


def _exchanges() -> list[Exchange]:
    reader = SimIdReader(baud=115200)
    digits = SimDigitLine(baud=9600, answer_s=0.0)
    quiet_s = ModbusDigitsSettings(units=[1]).quiet_s
    return [
        Exchange("ID reader: status", reader, _status, 115200, own_s=reader.status_s),
        Exchange("digit display: show", digits, _digits, 9600, own_s=quiet_s, settings={"units": [1]}),
        Exchange("printer: four status questions", SimPrinter(), _paper, 115200, questions=4),
        Exchange("call pad: beep (nothing comes back)", SimPadLine((1,)), _beep, 9600),
    ]


async def exchange_rows() -> list[dict[str, object]]:
    """Return what an exchange takes beyond wire and machine, on ptys at simulated line speed."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for one in _exchanges():
            host = Host("bench", one.sim, f"pty:{folder}/wire")
            await host.start()
            rows.append({"exchange": one.name, **await _measure(host, one)})
            await host.stop()
    return rows


async def _measure(host: Host, one: Exchange) -> dict[str, object]:
    spec = registry.find(host.sim.driver)
    wire = await open_wire(spec, f"{host.wire}?baud={one.baud}" if "baud" not in host.wire else host.wire)
    sent = agent_load.Sent(wire)
    driver = spec.build("bench", sent, spec.settings.model_validate(one.settings))
    beyond = []
    for number in range(EXCHANGES):
        before, begun = sent.bytes_in, time.perf_counter()
        await one.act(driver, number)
        taken_s = time.perf_counter() - begun
        beyond.append(taken_s - one.own_s - (sent.bytes_in - before) * 10 / one.baud)
    await wire.close()
    return {
        "beyond_wire_ms_p50": round(1000 * statistics.median(beyond) / one.questions, 2),
        "beyond_wire_ms_p90": round(1000 * percentile(beyond, 0.9) / one.questions, 2),
        "goal_ms": 3,
    }


async def _agent_part() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            cabinet = await agent_load.start(Path(folder), stack)
            return {
                "key to event, 64 pads on one line": [await agent_load.keys(cabinet)],
                "display to LED bar": [await agent_load.bars(cabinet)],
                "agent": [await agent_load.idle(cabinet)],
            }


def measure() -> dict[str, object]:
    """Return all tables."""
    exchanges = asyncio.run(exchange_rows())
    return {"decode": decode_rows(), "exchanges": exchanges, **asyncio.run(_agent_part())}
