"""Puts a simulated machine on a real wire: a pty that looks like a serial port, or a TCP port.

Faults of the wire are played here, so that every machine has them: unplug, silence, noise, slowness,
broken checksums, half frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import tty
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from devices.sim.base import Action, NotPossible, Simulator
from devices.sim.datagrams import Datagrams

FRAMES_KEPT = 200
SLOW_S = 0.02  # pause before each byte of a slow machine
FAULTS = ("unplug", "silent", "noise", "slow", "bad-checksum", "half-frame")
PTY_FORMS = {"pty": "serial", "input": "input"}
"""Kind of place on a pseudo terminal -> how its wire is written: a serial port, or an input device."""
log = logging.getLogger(__name__)

Send = Callable[[bytes], None]


@dataclass
class Fault:
    """One fault that lasts until `until_s` on the loop's clock."""

    kind: str
    until_s: float


@dataclass
class Host:
    """One simulator on one wire."""

    device_id: str
    sim: Simulator
    place: str
    """`pty:PATH`, `input:PATH`, `tcp:PORT` or `udp:PORT` (0: any free port)."""
    wire: str = ""
    """The address to write into a device's `wire`, known after `start`."""
    frames: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=FRAMES_KEPT))

    def __post_init__(self) -> None:
        self._fault: Fault | None = None
        self._send: Send | None = None
        self._hang_up: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._random = random.Random(7)  # noqa: S311 - noise, not a secret
        self._server: asyncio.Server | None = None
        self._master: int | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._port = 0

    # --- the wire -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the wire.  Raises OSError when the port is in use."""
        kind, _, target = self.place.partition(":")
        if kind in PTY_FORMS:
            self._open_pty(Path(target))
        elif kind == "udp":
            await self._open_udp(int(target))
        else:
            await self._open_tcp(int(target))

    async def stop(self) -> None:
        """Close the wire."""
        self._close_pty()
        if self._hang_up is not None:
            self._hang_up()
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _open_pty(self, link: Path) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        os.close(slave)
        os.set_blocking(master, False)
        form = PTY_FORMS[self.place.partition(":")[0]]
        self._master, self.wire = master, f"{form}:{link}"
        self._send = lambda data: _write_all(master, data)
        asyncio.get_running_loop().add_reader(master, self._pty_ready, master)

    def _pty_ready(self, master: int) -> None:
        try:
            data = os.read(master, 4096)
        except BlockingIOError:
            return
        except OSError:
            # Nobody has the other end open (EIO): look again soon instead of spinning.
            loop = asyncio.get_running_loop()
            loop.remove_reader(master)
            loop.call_later(0.05, self._listen_again, master)
            return
        self._take(data)

    def _listen_again(self, master: int) -> None:
        if self._master == master:
            asyncio.get_running_loop().add_reader(master, self._pty_ready, master)

    def _close_pty(self) -> None:
        if self._master is not None:
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            self._master, self._send = None, None
            Path(self.wire.partition(":")[2]).unlink(missing_ok=True)

    async def _open_tcp(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve_tcp, "127.0.0.1", port)
        self._port = self._server.sockets[0].getsockname()[1]
        self.wire = f"tcp://127.0.0.1:{self._port}"

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._hang_up is not None:
            self._hang_up()  # a card takes one connection; the newest wins, as after a host's crash
        self._send, self._hang_up = writer.write, writer.close
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self._take(data)
        if self._hang_up == writer.close:
            self._send, self._hang_up = None, None
        writer.close()

    async def _open_udp(self, port: int) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Datagrams(self._take_datagram), local_addr=("127.0.0.1", port)
        )
        self._port = transport.get_extra_info("sockname")[1]
        self.wire = f"udp://127.0.0.1:{self._port}"
        self._hang_up = transport.close

    def _take_datagram(self, data: bytes, reply: Send) -> None:
        """Take one datagram; what the machine says goes back by `reply`."""
        self._send = reply
        self._take(data)

    # --- bytes --------------------------------------------------------------------------------------

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _fault_kind(self) -> str:
        if self._fault is not None and self._now() >= self._fault.until_s:
            self.heal()
        return self._fault.kind if self._fault is not None else ""

    def _take(self, data: bytes) -> None:
        self._note("rx", data)
        if self._fault_kind() != "silent":
            self.sim.receive(data, self._now())
            self._pump()

    def _pump(self) -> None:
        """Send what is due; come back when more will be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._now()
        while data := self.sim.poll(now):
            self._transmit(data)
        due = self.sim.next_due_s()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(max(due, now + 0.0005), self._pump)

    def _transmit(self, data: bytes) -> None:
        kind = self._fault_kind()
        if kind in ("silent", "unplug") or self._send is None:
            return
        if kind == "bad-checksum":
            data = self.sim.damage(data)
        elif kind == "half-frame":
            data = data[: max(1, len(data) // 2)]
        elif kind == "noise":
            data = self._random.randbytes(self._random.randint(1, 12)) + data
        self._note("tx", data)
        if kind == "slow":
            loop = asyncio.get_running_loop()
            for place in range(len(data)):
                loop.call_later(place * SLOW_S, self._send_if_open, data[place : place + 1])
        else:
            self._send_if_open(data)

    def _send_if_open(self, data: bytes) -> None:
        if self._send is not None:
            try:
                self._send(data)
            except OSError as error:
                log.info("%s: the other end is not listening (%s)", self.device_id, error)

    def _note(self, direction: Literal["rx", "tx"], data: bytes) -> None:
        self.frames.append(
            {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "dir": direction,
                "hex": self.sim_hex(direction, data),
                "text": self.sim.explain(direction, data),
            }
        )

    def sim_hex(self, direction: str, data: bytes) -> str:
        """Return the bytes as hex, masked where the machine says that they are personal."""
        mask = getattr(self.sim, "mask_hex", None)
        return str(mask(direction, data)) if mask is not None else data[:600].hex(" ")

    # --- knobs --------------------------------------------------------------------------------------

    def actions(self) -> list[Action]:
        """Return the machine's knobs and the wire's faults."""
        return [*self.sim.actions(), *FAULT_ACTIONS]

    def do(self, action: str, params: dict[str, Any]) -> None:
        """Turn a knob.  Raises NotPossible, ValueError."""
        if action == "heal":
            self.heal()
        elif action == "fault":
            self._start_fault(str(params.get("kind", "")), float(params.get("for_s", 10)))
        else:
            self.sim.do(action, params, self._now())
        self._pump()

    def changed(self) -> None:
        """Send what a knob outside this host (a pad on the line) made due."""
        self._pump()

    def now_s(self) -> float:
        """Return the clock that this host's simulator lives by."""
        return self._now()

    def _start_fault(self, kind: str, for_s: float) -> None:
        if kind not in FAULTS:
            raise ValueError(f"kind is one of {', '.join(FAULTS)}")
        if not 0 < for_s <= 3600:
            raise ValueError("for_s is between 0 and 3600")
        if self._fault is not None:
            raise NotPossible(f"the fault {self._fault.kind} is still on; heal it first")
        self._fault = Fault(kind, self._now() + for_s)
        if kind == "unplug":
            self._unplug()
        asyncio.get_running_loop().call_later(for_s, self._fault_kind)

    def _unplug(self) -> None:
        self._close_pty()
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._hang_up is not None:
            self._hang_up()

    def heal(self) -> None:
        """End the present fault."""
        fault, self._fault = self._fault, None
        if fault is not None and fault.kind == "unplug":
            kind, _, target = self.place.partition(":")
            if kind in PTY_FORMS:
                self._open_pty(Path(target))
            else:
                again = self._open_udp if self.place.startswith("udp:") else self._open_tcp
                self._replugging = asyncio.ensure_future(again(self._port))

    def fault_kind(self) -> str:
        """Return the fault that is on, or an empty string."""
        return self._fault_kind()


def _write_all(master: int, data: bytes) -> None:
    """Write to the pty; a buffer that nobody empties loses the rest, as a UART would."""
    while data:
        try:
            data = data[os.write(master, data) :]
        except BlockingIOError:
            return


FAULT_ACTIONS = [
    Action("fault", "弄坏 / break the wire", {"kind": "|".join(FAULTS), "for_s": "seconds"}),
    Action("heal", "修好 / heal", {}),
]
