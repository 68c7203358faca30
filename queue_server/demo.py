"""`python -m queue_server.demo`: a whole hall on this machine, what `make run` starts.

Every process is a production one but the simulators.

Starts, in order: simulated machines, the server with its embedded broker, the agents, the kiosk.  A process
that dies is started again, as systemd would; Ctrl-C stops all of them.  This file only starts programs and
imports none of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devices.runtime.backoff import backoff_s
from devices.runtime.cli import Failed, make_parser, run_command
from devices.runtime.lock import FileLock, Taken

READY_S = 60.0
STOP_S = 8.0
PR_SET_PDEATHSIG = 1  # prctl(2)
_HOLE = re.compile(r'"\$\{port:([a-z0-9-]+)\}"|\$\{port:([a-z0-9-]+)\}|\$\{run\}')


@dataclass
class Ports:
    """Names to ports: the two that people know, and free ones for the machines."""

    http: int
    mqtt: int
    _given: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """Return the port called `name`, always the same for one name."""
        if name in ("http", "mqtt"):
            return self.http if name == "http" else self.mqtt
        if name not in self._given:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self._given[name] = probe.getsockname()[1]
        return self._given[name]


def fill(text: str, run: Path, ports: Ports) -> str:
    """Fill `${run}` and `${port:NAME}` in a settings template.

    A port that is a whole string becomes a number.
    """

    def one(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return str(ports.of(name)) if name else str(run)

    return _HOLE.sub(one, text)


@dataclass
class Program:
    """One process of the hall."""

    name: str
    command: list[str]
    ready: Callable[[], bool]
    env: Callable[[], dict[str, str]] = dict
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    due_s: float = 0.0

    def start(self, log_file: Path, state_dir: Path) -> None:
        """Start it, its log going to a file."""
        with log_file.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "TINGTONG_STATE_DIR": str(state_dir), **self.env()},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one prctl call, before any thread exists
            )


def _die_with_parent() -> None:
    """Ask the kernel to end this child when its parent dies, and leave Ctrl-C to the parent."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Hall:
    """The running demonstration."""

    def __init__(self, config: Path, state: Path, ports: Ports, *, kiosk: bool) -> None:
        self._config, self._state, self._ports = config, state, ports
        self._logs = state / "log"
        self._stopping = False
        self._logs.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        self.programs = self._make_programs(kiosk)

    def _write_settings(self) -> None:
        run = self._state / "run"
        run.mkdir(parents=True, exist_ok=True)
        for template in self._config.glob("*.toml"):
            (self._state / template.name).write_text(
                fill(template.read_text("utf-8"), run, self._ports), "utf-8"
            )

    def _make_programs(self, kiosk: bool) -> list[Program]:
        sims, lab = f"http://127.0.0.1:{self._ports.of('sims')}", self._ports.of("kiosk-lab")
        programs = [
            self._program("simulators", "devices.sim", "sims.toml", [], lambda: _answers(f"{sims}/devices")),
            self._program(
                "server", "queue_server", "server.toml", ["serve"], lambda: _answers(self.url("/readyz"))
            ),
            self._program(
                "agent-terminal",
                "devices.agent",
                "agent-terminal.toml",
                ["run"],
                (self._state / "run" / "terminal-qk01.sock").exists,
            ),
            self._program("agent-hall", "devices.agent", "agent-hall.toml", ["run"], lambda: True),
        ]
        if kiosk:
            programs.append(
                self._program(
                    "kiosk",
                    "kiosk",
                    "kiosk.toml",
                    ["run", "--app", "ticket"],
                    lambda: _answers(f"http://127.0.0.1:{lab}/devices"),
                    self._kiosk_env,
                )
            )
        return programs

    def _program(
        self,
        name: str,
        module: str,
        settings: str,
        words: list[str],
        ready: Callable[[], bool],
        env: Callable[[], dict[str, str]] = dict,
    ) -> Program:
        command = [sys.executable, "-m", module, *words, "--config", str(self._state / settings)]
        return Program(name, command, ready, env)

    def _kiosk_env(self) -> dict[str, str]:
        with urllib.request.urlopen(self.url("/lab/api/credentials"), timeout=10) as answer:  # noqa: S310
            token = json.load(answer)["tokens"]["kiosk"]
        return {"TINGTONG_SERVER__TOKEN": str(token)}

    def url(self, path: str) -> str:
        """Return an address on the hall's server."""
        return f"http://127.0.0.1:{self._ports.http}{path}"

    def start(self) -> None:
        """Start everything in order, each when the one before is ready.  Raises Failed."""
        for program in self.programs:
            self._start_one(program)
            self._wait_ready(program)

    def _start_one(self, program: Program) -> None:
        program.start(self._logs / f"{program.name}.log", self._state)

    def _wait_ready(self, program: Program) -> None:
        deadline = time.monotonic() + READY_S
        while not program.ready():
            if program.process is not None and program.process.poll() is not None:
                raise Failed(f"{program.name} did not start: {self._last_line(program)}")
            if time.monotonic() > deadline:
                raise Failed(f"{program.name} is not ready after {READY_S:.0f} s; see {self._logs}")
            time.sleep(0.1)
        print(f"  {program.name:16} ready", flush=True)

    def _last_line(self, program: Program) -> str:
        text = (self._logs / f"{program.name}.log").read_text("utf-8", errors="replace").strip()
        last = text.splitlines()[-1] if text else "it said nothing"
        try:
            return str(json.loads(last)["message"])  # a log line; what a program says of itself is plain text
        except (ValueError, KeyError, TypeError):
            return last

    def watch(self) -> None:
        """Keep everything running until `stop` is called from a signal handler."""
        while not self._stopping:
            for program in self.programs:
                self._revive(program)
            time.sleep(0.2)

    def _revive(self, program: Program) -> None:
        if program.process is None or program.process.poll() is None or self._stopping:
            return
        now = time.monotonic()
        if program.due_s == 0.0:
            program.deaths += 1
            program.due_s = now + backoff_s(program.deaths, first_s=0.5, most_s=10)
            code, why = program.process.returncode, self._last_line(program)
            print(f"  {program.name} ended with {code}; starting it again. Its last words: {why}", flush=True)
        elif now >= program.due_s:
            program.due_s = 0.0
            try:
                self._start_one(program)
            except (urllib.error.URLError, OSError, KeyError) as error:
                print(f"  {program.name} cannot start yet: {error}", flush=True)
                program.due_s = now + 1.0

    def stop(self, *_: Any) -> None:
        """Stop everything, the screens first."""
        self._stopping = True
        for program in reversed(self.programs):
            if program.process is not None and program.process.poll() is None:
                program.process.terminate()
        deadline = time.monotonic() + STOP_S
        for program in reversed(self.programs):
            if program.process is not None:
                try:
                    program.process.wait(max(0.1, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    program.process.kill()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback addresses
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _refuse_taken_ports(ports: Ports) -> None:
    for name, port, variable in (
        ("HTTP", ports.http, "TINGTONG_HTTP__PORT"),
        ("MQTT", ports.mqtt, "TINGTONG_MQTT__PORT"),
    ):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise Failed(
                    f"port {port} ({name}) is in use; stop what uses it or set {variable} to another one"
                ) from error


def _welcome(hall: Hall) -> str:
    lines = [
        ("/lab", "the hall in one page: start here / 从这里开始:模拟大厅"),
        ("/", "all pages / 首页"),
        ("/console", "staff / 窗口工作台"),
        ("/wall", "LED wall / 综合屏"),
        ("/tablet/3", "counter tablet / 窗口平板"),
        ("/api/docs", "the API"),
    ]
    pages = "\n".join(f"    {hall.url(path):36} {about}" for path, about in lines)
    title = "Tingtong 厅通 demonstration hall (simulated machines, always open):"
    return f"\n{title}\n\n{pages}\n\nCtrl-C stops it.\n"


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Failed(f"{variable}: {text!r} is not a port; give a number from 1 to 65535")
    return int(text)


def _lock(state: Path, ports: Ports) -> FileLock:
    """Keep a second hall out of the same folder.  Raises Failed."""
    try:
        return FileLock(state / "lock", f"http://127.0.0.1:{ports.http}/lab")
    except Taken as error:
        raise Failed(
            f"a hall already runs in {state}: open {error}, or start a second one with"
            " DEMO_STATE=another/folder make run"
        ) from error


def run_demo(config: Path, state: Path, *, kiosk: bool = True) -> None:
    """Run the hall until SIGINT or SIGTERM.  Raises Failed with one clear sentence."""
    ports = Ports(
        http=_port("TINGTONG_HTTP__PORT", 8080),
        mqtt=_port("TINGTONG_MQTT__PORT", 1883),
    )
    lock = _lock(state.resolve(), ports)
    _refuse_taken_ports(ports)
    hall = Hall(config, state.resolve(), ports, kiosk=kiosk)
    signal.signal(signal.SIGTERM, hall.stop)
    signal.signal(signal.SIGINT, hall.stop)
    try:
        hall.start()
        print(_welcome(hall), flush=True)
        hall.watch()
    finally:
        hall.stop()
        lock.release()
        print("stopped", flush=True)


def main() -> int:
    """Run the demonstration and return its exit code."""
    prog = "tingtong-demo"
    parser = make_parser(prog, "A whole hall on this machine, with simulated machines.", "make run")
    parser.add_argument("--config", type=Path, default=Path("config/demo"), help="folder with the templates")
    parser.add_argument("--state", type=Path, default=Path("var/demo"), help="where it keeps what it writes")
    parser.add_argument("--no-kiosk", action="store_true", help="without the ticket kiosk's screen")
    given = parser.parse_args()
    return run_command(prog, lambda: run_demo(given.config, given.state, kiosk=not given.no_kiosk))


if __name__ == "__main__":
    sys.exit(main())
