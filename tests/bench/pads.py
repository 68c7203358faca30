"""Sixty-four call pads on one line: from the finger on a key to the event on the bus.

The line is a pty at 9600 baud, as it is wired; the event is heard on a memory bus, so the broker's own time
(see the part `live`) is not in it.  Each press needs a frame of 9 bytes on the line, 9.4 ms, and its
acknowledgement as long again before the next one.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from typing import Any

from devices import registry
from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.pads import PadLineRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import Subscription
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.call_pad import KeyPressed
from devices.session import Parts, Session
from devices.sim.pad_line import SimPadLine
from devices.sim.runner import Host

PADS = 64
PRESSES = 320
EVERY_S = 0.03  # sixty-four busy clerks press a key every two seconds
PATIENCE_S = 20.0


def _role(host: Host, site: MemoryBus) -> PadLineRole:
    spec = registry.find("padline-ff68")
    device = DeviceSettings(
        id="pads-1",
        driver=spec.name,
        wire=host.wire,
        windows={addr: str(addr) for addr in range(1, PADS + 1)},
    )

    async def tell(_health: object) -> None:
        return None

    def make_session(**hooks: Any) -> Session:
        return Session(
            Parts(
                device_id=device.id,
                kind=spec.kind,
                driver=spec.name,
                open_wire=lambda: open_wire(spec, host.wire),
                build=lambda wire: spec.build(device.id, wire, spec.settings()),
                tell=tell,
                **hooks,
            )
        )

    return PadLineRole(Post(device, Buses("bench", site, None), make_session))


async def _one_by_one(host: Host, keys: Subscription[KeyPressed]) -> list[float]:
    """Return the seconds from each press to its event, a press every EVERY_S."""
    begun: dict[str, float] = {}
    taken: list[float] = []

    async def hear() -> None:
        for _ in range(PRESSES):
            message = await keys.get(PATIENCE_S)
            taken.append(time.perf_counter() - begun[message.body.window])

    hearing = asyncio.create_task(hear())
    for number in range(PRESSES):
        addr = 1 + number * 29 % PADS  # every pad in turn, never two neighbours
        begun[str(addr)] = time.perf_counter()
        host.do("press", {"addr": addr, "key": "call-next"})
        await asyncio.sleep(EVERY_S)
    await hearing
    return taken


async def _all_at_once(host: Host, keys: Subscription[KeyPressed]) -> list[float]:
    """Return the seconds after which each of 64 keys pressed at once was told."""
    begun = time.perf_counter()
    for addr in range(1, PADS + 1):
        host.do("press", {"addr": addr, "key": "recall"})
    taken = []
    for _ in range(PADS):
        await keys.get(PATIENCE_S)
        taken.append(time.perf_counter() - begun)
    return taken


def _row(what: str, taken: list[float]) -> dict[str, object]:
    cuts = statistics.quantiles(taken, n=100)
    return {
        "what": what,
        "presses": len(taken),
        "median_ms": round(1000 * cuts[49], 1),
        "p99_ms": round(1000 * cuts[98], 1),
        "most_ms": round(1000 * max(taken), 1),
    }


async def _measure(baud: int | None, at_once: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        sim = SimPadLine(addresses=range(1, PADS + 1), baud=baud)
        host = Host("pads-1", sim, f"pty:{folder}/pads.pty")
        await host.start()
        site = MemoryBus()
        keys = await site.subscribe(topics.device_event("bench", "pads-1", "key-pressed"), KeyPressed)
        working = asyncio.create_task(_role(host, site).run())
        host.do("press", {"addr": 1, "key": "pause"})  # repeated until the line is up: then it is
        await keys.get(PATIENCE_S)
        taken = await (_all_at_once if at_once else _one_by_one)(host, keys)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await host.stop()
        return taken


def measure() -> dict[str, object]:
    """Return the rows: presses one by one at 9600 baud (goal: p99 within 50 ms), and 64 at once."""
    one_by_one = asyncio.run(_measure(9600, at_once=False))
    at_once = asyncio.run(_measure(None, at_once=True))
    return {
        "rows": [
            _row("64 pads, one press after the other, 9600 baud: key to event", one_by_one),
            _row("64 pads, all at once, without wire time: key to event", at_once),
        ],
        "wire_ms_of_one_press": round(1000 * 9 * 10 / 9600, 1),
    }


if __name__ == "__main__":
    for row in measure().values():
        print(row)
