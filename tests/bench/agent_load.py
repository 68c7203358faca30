"""One agent with twelve machines, 64 pads on a line among them, on Mosquitto: keys, bars, memory, rest."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from devices.bus.base import Subscription, envelope_of
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.call_pad import KeyPressed
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.sim.digit_line import SimDigitLine
from devices.sim.id_reader import SimIdReader
from devices.sim.led_board import SimLedBoard
from devices.sim.pad_line import SimPadLine
from devices.sim.printer import SimPrinter
from devices.sim.runner import Host
from devices.sim.speaker import SimSpeaker
from tests.bench.floor import percentile
from tests.brokers import mosquitto

PATIENCE_S = 30
ROOT = Path(__file__).parents[2]
PADS = 64
BOARDS = 7
PRESSES = 256
IDLE_S = 8.0


class Sent:
    """A wire that counts what comes back."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self.bytes_in = 0

    def now_s(self) -> float:
        return float(self._wire.now_s())

    async def read(self, timeout_s: float | None = None) -> bytes:
        data: bytes = await self._wire.read(timeout_s)
        self.bytes_in += len(data)
        return data

    async def write(self, data: bytes) -> None:
        await self._wire.write(data)


@dataclass
class Cabinet:
    """The agent under way and what stands around it."""

    process: psutil.Process
    bus: MqttBus
    line: Host
    boards: list[SimLedBoard]


async def start(folder: Path, stack: AsyncExitStack) -> Cabinet:
    """Start broker, simulated machines and agent; return when every machine is online."""
    broker = stack.enter_context(mosquitto(folder))
    boards = [SimLedBoard(answer_s=0.0) for _ in range(BOARDS)]
    line = Host("pads", SimPadLine(range(1, PADS + 1)), f"pty:{folder}/pads")
    others = [
        Host("digits", SimDigitLine(), f"pty:{folder}/digits"),
        Host("reader", SimIdReader(), f"pty:{folder}/reader"),
        Host("printer", SimPrinter(), f"pty:{folder}/printer"),
        Host("speaker", SimSpeaker(), "tcp:0"),
        *(Host(f"led-{number}", board, "tcp:0") for number, board in enumerate(boards, 1)),
    ]
    for host in (line, *others):
        await host.start()
        stack.push_async_callback(host.stop)
    config = folder / "agent.toml"
    config.write_text(_config(broker.port, line, others))
    bus = MqttBus("127.0.0.1", broker.port, "bench")
    await bus.connect(PATIENCE_S)
    stack.push_async_callback(bus.close)
    states = await bus.subscribe(topics.device_state("demo", "+"), DeviceHealth)
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "devices.agent", "run", "--config", str(config), cwd=ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    stack.push_async_callback(agent.wait)
    stack.callback(agent.terminate)
    await _all_online(states, 1 + len(others))
    return Cabinet(psutil.Process(agent.pid), bus, line, boards)


def _config(port: int, line: Host, others: list[Host]) -> str:
    windows = ", ".join(f'{addr} = "{addr}"' for addr in range(1, PADS + 1))
    extra = {
        "pads": f"windows = {{ {windows} }}",
        "digits": 'windows = { 1 = "1" }\nsettings = { units = [1] }',
        "speaker": 'audio_zone = "AZ1"',
    }
    lines = ['id = "bench"', "[mqtt]", f"port = {port}"]
    for host in (line, *others):
        more = extra.get(host.device_id, "")
        if host.device_id.startswith("led-"):
            more = f'window = "{host.device_id[4:]}"'
        lines += ["[[device]]", f'id = "{host.device_id}"', f'driver = "{host.sim.driver}"']
        lines += [f'wire = "{host.wire}"', more]
    return "\n".join(lines)


async def _all_online(states: Subscription[DeviceHealth], count: int) -> None:
    online: set[str] = set()
    while len(online) < count:
        health = (await states.get(PATIENCE_S)).body
        if health.status is DeviceStatus.ONLINE:
            online.add(health.device_id)
    await states.close()


async def keys(cabinet: Cabinet) -> dict[str, object]:
    """Press keys all over the line, one by one; return the times to the event on the broker."""
    events = await cabinet.bus.subscribe(topics.device_event("demo", "pads", "key-pressed"), KeyPressed)
    taken = []
    for number in range(PRESSES):
        addr = number * 37 % PADS + 1
        begun = time.perf_counter()
        cabinet.line.do("press", {"addr": addr, "key": "call-next"})
        while (await events.get(PATIENCE_S)).body.window != str(addr):
            pass
        taken.append(1000 * (time.perf_counter() - begun))
    await events.close()
    return {
        "presses": PRESSES,
        "p50_ms": round(percentile(taken, 0.5), 1),
        "p99_ms": round(percentile(taken, 0.99), 1),
        "of_it_wire_ms": round(1000 * 10 * 10 / 9600, 1),
        "goal_p99_ms": 50,
    }


async def bars(cabinet: Cabinet) -> dict[str, object]:
    """Publish displays; return the times until the simulated bar has the text."""
    taken = []
    for number in range(60):
        board, window = cabinet.boards[number % BOARDS], str(number % BOARDS + 1)
        text = f"A{number:03}"
        display = WindowDisplay(
            window=window, state=WindowState.CALLING, text=text, number=text, seq=number + 1
        )
        begun = time.perf_counter()
        await cabinet.bus.publish(topics.window_display("demo", window), envelope_of(display), retain=True)
        async with asyncio.timeout(PATIENCE_S):
            while text not in board.text:
                await asyncio.sleep(0.0005)
        taken.append(1000 * (time.perf_counter() - begun))
    return {
        "updates": len(taken),
        "p50_ms": round(percentile(taken, 0.5), 1),
        "p99_ms": round(percentile(taken, 0.99), 1),
    }


async def idle(cabinet: Cabinet) -> dict[str, object]:
    """Let the agent be; return its processor time and memory, its checks of every machine included."""
    before, begun = cabinet.process.cpu_times(), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    after, seconds = cabinet.process.cpu_times(), time.perf_counter() - begun
    used = after.user + after.system - before.user - before.system
    return {
        "machines": 5 + BOARDS,
        "idle_cpu_percent": round(100 * used / seconds, 2),
        "goal_percent": 2,
        "rss_mb": round(cabinet.process.memory_info().rss / 1e6, 1),
        "goal_mb": 80,
    }
