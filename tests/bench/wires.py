"""ID read and ticket print beyond the bare wire, on ptys at 115200 baud."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

from devices import registry
from devices.agent.app import open_wire
from devices.contracts.printer import TicketSlip
from devices.sim.id_reader import SimIdReader
from devices.sim.printer import SimPrinter
from devices.sim.printer_mechanism import CUT_S
from devices.sim.runner import Host

BAUD = 115_200
BITS_A_BYTE = 10  # 8N1
ROUNDS = 20
SLIP = TicketSlip(
    hall="示范区政务服务中心",
    number="A001",
    service="企业开办",
    zone="企业开办专区",
    floor="1F",
    windows="3–9号窗口",
    ahead=5,
    estimate="约10–20分钟",
    issued_at="2026-11-23 09:41",
    track_url="http://127.0.0.1:8080/t/3f8a1c09d2",
    notice="请在休息区等候,注意呼叫及大屏显示信息。过号请到窗口说明。",
    english="Please wait for A001 to be called.",
)


class Counting:
    """A wire that counts what passes, to know its bare time."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self.bytes_out = 0
        self.bytes_in = 0

    def now_s(self) -> float:
        return float(self._wire.now_s())

    async def read(self, timeout_s: float | None = None) -> bytes:
        data: bytes = await self._wire.read(timeout_s)
        self.bytes_in += len(data)
        return data

    async def write(self, data: bytes) -> None:
        self.bytes_out += len(data)
        await self._wire.write(data)

    def wire_s(self) -> float:
        return (self.bytes_out + self.bytes_in) * BITS_A_BYTE / BAUD


async def _rounds(
    host: Host, before: Callable[[int], None], act: Callable[[Any, int], Awaitable[object]]
) -> tuple[list[float], list[float], int]:
    spec = registry.find(host.sim.driver)
    taken, bare, out = [], [], 0
    wire = await open_wire(spec, host.wire)
    counting = Counting(wire)
    driver = spec.build(host.device_id, counting, spec.settings())
    for number in range(ROUNDS):
        before(number)
        counting.bytes_in = counting.bytes_out = 0
        begun = time.perf_counter()
        await act(driver, number)
        taken.append(time.perf_counter() - begun)
        bare.append(counting.wire_s())
        out = counting.bytes_out
    await wire.close()
    return taken, bare, out


def _row(name: str, taken: list[float], bare: list[float], own_s: float) -> dict[str, object]:
    floor_s = statistics.median(bare) + own_s
    return {
        "what": name,
        "median_ms": round(1000 * statistics.median(taken), 1),
        "wire_and_machine_ms": round(1000 * floor_s, 1),
        "ratio": round(statistics.median(taken) / floor_s, 3),
    }


async def _id_read(folder: str) -> dict[str, object]:
    sim = SimIdReader()
    host = Host("id-reader", sim, f"pty:{folder}/reader.pty")
    await host.start()

    def replace_card(number: int) -> None:
        if number:
            host.do("lift-card", {})
        host.do("place-card", {"card": {}})

    taken, bare, _ = await _rounds(host, replace_card, lambda driver, _n: driver.poll_card())
    await host.stop()
    return _row("ID card read (find, select, read)", taken, bare, sim.find_s + sim.select_s + sim.read_s)


async def _print(folder: str) -> tuple[dict[str, object], int]:
    host = Host("printer", SimPrinter(speed_mm_s=1e6), f"pty:{folder}/printer.pty")
    await host.start()
    taken, bare, out = await _rounds(
        host, lambda _n: None, lambda driver, number: driver.print_ticket(f"job-{number}", SLIP, "张*")
    )
    await host.stop()
    return _row("ticket print with proof (paper motion off)", taken, bare, CUT_S), out


def measure() -> dict[str, object]:
    """Return the rows and the ticket's size in bytes."""

    async def both() -> dict[str, object]:
        with tempfile.TemporaryDirectory() as folder:
            reading = await _id_read(folder)
            printing, size = await _print(folder)
            return {"rows": [reading, printing], "ticket_bytes": size}

    return asyncio.run(both())
