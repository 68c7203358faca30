"""Load on a real queue server over HTTP: durable issues and calls, with the disk's floor of the same minute.

    python tests/bench/http_load.py --clients 1 8 32 --issues 4000 --calls 3000

Starts `queue-server serve` on its own folder and free ports, drives it with raw keep-alive connections from
this process, prints one JSON object and ends the server.  Counts are fixed, so it always ends.
`floor` is what SQLite does with one thread, WAL and synchronous=FULL in the same folder.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOOR_COMMITS = 1500
TICKS = os.sysconf("SC_CLK_TCK")
SETTINGS = """
hall = "{hall}"
state_dir = "{state}"
[http]
port = {port}
[mqtt]
enabled = {mqtt}
embedded = {mqtt}
port = {mqtt_port}
[calling]
call_debounce_s = 0
next_while_called = "no-show"
[demo]
always_open = true
auto_sign_in = true
caps_times = 100000
[lab]
enabled = true
[log]
level = "error"
"""


@dataclass
class Server:
    """A `queue-server serve` of our own."""

    process: subprocess.Popen[bytes]
    port: int
    credentials: dict[str, object] = field(default_factory=dict)

    def cpu_s(self) -> float:
        """Return the seconds of processor it used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self) -> float:
        """Return the megabytes of memory it holds (resident set)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
        return round(kib * 1024 / 1e6, 1)

    def stop(self) -> None:
        """End it, in order if it can."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        self.process.kill()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def start_server(
    folder: Path, *, mqtt: bool, more: dict[str, str] | None = None, root: Path = ROOT
) -> Server:
    """Start it with the demonstration hall and wait until it answers.

    `more` is added to its environment; `root` is another checkout of the project, to compare with.
    """
    port = free_port()
    config = folder / "server.toml"
    config.write_text(
        SETTINGS.format(
            hall=root / "config/demo/hall.toml",
            state=folder,
            port=port,
            mqtt=str(mqtt).lower(),
            mqtt_port=free_port(),
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "queue_server", "serve", "--config", str(config)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TINGTONG_")}
    environment = {**environment, **(more or {}), "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.DEVNULL)
    server = Server(process, port)
    deadline = time.monotonic() + 60  # a gigabyte is checked before the first answer
    while True:
        try:
            answer = asyncio.run(once(port, "GET", "/lab/api/credentials"))
            server.credentials = json.loads(answer)
            return server
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start") from None
            time.sleep(0.05)


@dataclass
class Connection:
    """One keep-alive connection that sends one request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, method: str, path: str, headers: str, body: bytes = b"") -> tuple[int, str, bytes]:
        """Return status, header text and body."""
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self.writer.write(head.encode() + body)
        raw = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next(
            (int(line[15:]) for line in raw.lower().split("\r\n") if line.startswith("content-length:")), 0
        )
        return int(raw[9:12]), raw, await self.reader.readexactly(length)


async def connect(port: int) -> Connection:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(reader, writer)


async def once(port: int, method: str, path: str, headers: str = "", body: bytes = b"") -> bytes:
    connection = await connect(port)
    try:
        return (await connection.send(method, path, headers, body))[2]
    finally:
        connection.writer.close()


async def log_in(server: Server) -> str:
    """Return the cookie header of a supervisor."""
    users = server.credentials["users"]
    assert isinstance(users, list)
    person = next(user for user in users if user["role"] == "supervisor")
    body = json.dumps({key: person[key] for key in ("username", "password")}).encode()
    connection = await connect(server.port)
    _, raw, _ = await connection.send(
        "POST", "/api/v1/auth/login", "Content-Type: application/json\r\n", body
    )
    connection.writer.close()
    cookie = next(line[12:] for line in raw.split("\r\n") if line.lower().startswith("set-cookie: "))
    return f"Cookie: {cookie.split(';')[0]}\r\n"


Request = Callable[[int, int], tuple[str, str, bytes]]
"""Client and turn -> path, headers, body."""


async def drive(server: Server, clients: int, count: int, request: Request) -> dict[str, float]:
    """Let `clients` send `count` requests together; return rates, times and the server's processor time."""
    took: list[float] = []
    statuses: dict[int, int] = {}
    per_client = count // clients
    connections = [await connect(server.port) for _ in range(clients)]

    async def client(number: int) -> None:
        for turn in range(per_client):
            path, headers, body = request(number, turn)
            began = time.perf_counter()
            status, _, _ = await connections[number].send("POST", path, headers, body)
            took.append(time.perf_counter() - began)
            statuses[status] = statuses.get(status, 0) + 1

    cpu, began = server.cpu_s(), time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    elapsed, cpu = time.perf_counter() - began, server.cpu_s() - cpu
    for connection in connections:
        connection.writer.close()
    took.sort()
    done = len(took)
    return {
        "clients": clients,
        "requests": done,
        "per_s": round(done / elapsed, 1),
        "p50_ms": round(took[done // 2] * 1000, 2),
        "p99_ms": round(took[min(done - 1, done * 99 // 100)] * 1000, 2),
        "max_ms": round(took[-1] * 1000, 2),
        "server_cpu_ms_per_op": round(cpu / done * 1000, 3),
        "not_2xx": sum(n for status, n in statuses.items() if not 200 <= status < 300),
        "nobody_waiting": statuses.get(204, 0),
    }


def issue_request(token: str, services: list[str], run: str, *, spread: bool = True) -> Request:
    """Each client takes every service in turn, or only its own."""
    headers = f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    def request(client: int, turn: int) -> tuple[str, str, bytes]:
        service = services[(client + turn) % len(services)] if spread else services[client]
        body = f'{{"service_id":"{service}","channel":"kiosk"}}'.encode()
        return "/api/v1/tickets", f"{headers}Idempotency-Key: {run}-{client}-{turn}\r\n", body

    return request


def call_request(cookie: str, windows: list[str], run: str) -> Request:
    def request(client: int, turn: int) -> tuple[str, str, bytes]:
        window = windows[client % len(windows)]
        return (
            f"/api/v1/windows/{window}/call-next",
            f"{cookie}Idempotency-Key: {run}-{client}-{turn}\r\n",
            b"",
        )

    return request


def floor(folder: Path) -> float:
    """Return durable commits per second of one thread: WAL, synchronous=FULL, one small row each."""
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT)")
    began = time.perf_counter()
    for number in range(FLOOR_COMMITS):
        db.execute("INSERT INTO row (text) VALUES (?)", (f"ticket {number}",))
    elapsed = time.perf_counter() - began
    db.close()
    return round(FLOOR_COMMITS / elapsed, 1)


async def load(server: Server, clients: list[int], issues: int, calls: int) -> dict[str, object]:
    board = json.loads(await once(server.port, "GET", "/api/v1/board"))
    services = [service["id"] for service in board["services"]]
    ids = {service["name"]: service["id"] for service in board["services"]}
    windows = [window["id"] for window in board["windows"]]
    tokens = server.credentials["tokens"]
    assert isinstance(tokens, dict)
    cookie = await log_in(server)
    results: dict[str, object] = {"issue": [], "call": []}
    for number in clients:
        told = await drive(server, number, issues, issue_request(tokens["kiosk"], services, f"i{number}"))
        results["issue"] = [*_list(results["issue"]), told]
    first_of = {window["id"]: ids[window["services"][0]] for window in board["windows"]}
    for number in clients:
        # somebody waits for every press: each window gets as many tickets as it will call
        own = [first_of[windows[client % len(windows)]] for client in range(number)]
        await drive(server, number, calls, issue_request(tokens["kiosk"], own, f"p{number}", spread=False))
        told = await drive(server, number, calls, call_request(cookie, windows, f"c{number}"))
        results["call"] = [*_list(results["call"]), told]
    return results


def _list(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def measure(
    clients: Sequence[int] = (1, 8, 32), issues: int = 4000, calls: int = 2000, *, mqtt: bool = True
) -> dict[str, Any]:
    """Start a server, drive it, end it; return floor and figures."""
    with tempfile.TemporaryDirectory(prefix="tingtong-bench-") as name:
        folder = Path(name)
        commits = floor(folder)
        server = start_server(folder, mqtt=mqtt)
        try:
            results = asyncio.run(load(server, list(clients), issues, calls))
        finally:
            server.stop()
    return {"sqlite_floor_commits_per_s": commits, "mqtt": mqtt, **results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--issues", type=int, default=4000)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--no-mqtt", action="store_true", help="without the embedded broker and the relay")
    given = parser.parse_args()
    print(json.dumps(measure(given.clients, given.issues, given.calls, mqtt=not given.no_mqtt), indent=1))


if __name__ == "__main__":
    main()
