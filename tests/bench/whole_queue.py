"""The whole queue under load: all rules on, old tickets in the table, a slow disk, a month in one process.

    python -m tests.bench.whole_queue --quick            # a few seconds each, 100,000 instead of 1,000,000
    python -m tests.bench.whole_queue --parts old slow   # only these
    python -m tests.bench.whole_queue --beside DIR       # the same on another checkout, turn by turn

Every ticket is taken by a person of its own, so that blacklist, limits and caps are asked each time.  The
floor is one thread's durable commits on the same disk in the same minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from queue_server.adapters.hall_file import load_hall
from queue_server.simulation.contest import OURS, Task, run_task
from queue_server.simulation.demand import load_demand
from tests.bench.http_load import (
    ROOT,
    Request,
    Server,
    call_request,
    drive,
    floor,
    log_in,
    once,
    start_server,
)
from tests.bench.old_tickets import preload
from tests.bench.slow_disk import environment

CLIENTS = 32
PARTS = ("old", "slow", "grown", "monday", "month")
DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything."""

    issues: int = 6000
    calls: int = 4000
    old: int = 20_000
    grown: int = 1_000_000
    slow_ms: float = 5.0
    days: int = 30
    per_day: int = 1100


QUICK = Scale(issues=2000, calls=1000, grown=100_000, days=3)


@dataclass(frozen=True, slots=True)
class Place:
    """Who drives a running server as what."""

    server: Server
    token: str
    cookie: str
    services: list[str]
    windows: list[str]
    first_of: dict[str, str]
    """Window -> the service it calls first."""

    def issue(self, run: str, *, own: bool) -> Request:
        """Take tickets, each for another person: every service in turn, or what the client's window calls."""
        headers = f"Authorization: Bearer {self.token}\r\nContent-Type: application/json\r\n"

        def request(client: int, turn: int) -> tuple[str, str, bytes]:
            window = self.windows[client % len(self.windows)]
            service = self.first_of[window] if own else self.services[(client + turn) % len(self.services)]
            person = f'{{"name":"测试","id_type":"other","id_number":"{run}-{client}-{turn}"}}'
            body = f'{{"service_id":"{service}","channel":"kiosk","citizen":{person}}}'.encode()
            return "/api/v1/tickets", f"{headers}Idempotency-Key: {run}-{client}-{turn}\r\n", body

        return request

    def call(self, run: str) -> Request:
        """Press each client's call key."""
        return call_request(self.cookie, self.windows, run)


async def place_of(server: Server) -> Place:
    """Sign in and look around."""
    board = json.loads(await once(server.port, "GET", "/api/v1/board"))
    ids = {service["name"]: service["id"] for service in board["services"]}
    tokens = server.credentials["tokens"]
    assert isinstance(tokens, dict)
    return Place(
        server,
        tokens["kiosk"],
        await log_in(server),
        list(ids.values()),
        [window["id"] for window in board["windows"]],
        {window["id"]: ids[window["services"][0]] for window in board["windows"]},
    )


async def load(server: Server, scale: Scale) -> dict[str, Any]:
    """Return one row: issues, then calls for which somebody waits."""
    place = await place_of(server)
    await drive(server, CLIENTS, CLIENTS * 10, place.issue("WARM", own=False))
    issued = await drive(server, CLIENTS, scale.issues, place.issue("LOAD", own=False))
    await drive(server, CLIENTS, scale.calls, place.issue("LINE", own=True))
    called = await drive(server, CLIENTS, scale.calls, place.call("call"))
    row: dict[str, Any] = {}
    for name, figures in (("issue", issued), ("call", called)):
        keys = ("per_s", "p50_ms", "p99_ms", "server_cpu_ms_per_op", "not_2xx")
        row |= {f"{name}_{key}": figures[key] for key in keys}
    return {**row, "nobody_waiting": called["nobody_waiting"], "rss_mb": server.memory_mb()}


def under_load(what: str, scale: Scale, old: int, slow_ms: float = 0.0, root: Path = ROOT) -> dict[str, Any]:
    """Return a row: a server of its own with `old` tickets, and the disk's floor just before."""
    print(f"whole: {what} …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="tingtong-bench-") as name:
        folder = Path(name)
        today = datetime.now(UTC).date()
        fill_s = preload(folder / "hall.db", old, ROOT / "config/demo/hall.toml", today) if old else 0.0
        os.sync()  # what the filling left to be written is not the server's to wait for
        commits = floor(folder)
        slow = environment(folder, slow_ms) if slow_ms else {}
        server = start_server(folder, mqtt=True, more=slow, root=root)
        try:
            row = asyncio.run(load(server, scale))
        finally:
            server.stop()
        size = (folder / "hall.db").stat().st_size / 1e6
    return {"what": what, "floor_per_s": commits, **row, "fill_s": round(fill_s, 1), "db_mb": round(size)}


def monday() -> dict[str, Any]:
    """Return how long a simulated Monday takes: every ticket through the use cases and the store."""
    hall = load_hall(ROOT / "config/demo/hall.toml")
    print("whole: a Monday …", file=sys.stderr, flush=True)
    task = Task(hall, load_demand(ROOT / "config/demo/demand.toml"), "monday", OURS, 7)
    began = time.perf_counter()
    log = run_task(task)
    return {"monday_s": round(time.perf_counter() - began, 2), "tickets": len(log.journeys)}


async def live_through(server: Server, scale: Scale) -> dict[str, Any]:
    """Issue and call every ticket of each day over HTTP, then move the hall's clock to the next."""
    place = await place_of(server)
    began, memory = time.perf_counter(), [server.memory_mb()]
    headers, body = "Content-Type: application/json\r\n", json.dumps({"advance_s": DAY_S}).encode()
    refused = 0.0
    for day in range(scale.days):
        for request in (place.issue(f"D{day}", own=True), place.call(f"d{day}")):
            refused += (await drive(server, CLIENTS, scale.per_day, request))["not_2xx"]
        await once(server.port, "POST", "/lab/api/clock", headers, body)
        memory.append(server.memory_mb())
    return {
        "days": scale.days,
        "tickets": scale.days * scale.per_day,
        "refused": refused,
        "rss_start_mb": memory[0],
        "rss_first_day_mb": memory[1],
        "rss_end_mb": memory[-1],
        "took_s": round(time.perf_counter() - began, 1),
    }


def month(scale: Scale) -> dict[str, Any]:
    """Return the memory of one server process that lived through `scale.days` days."""
    print(f"whole: {scale.days} days in one process …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="tingtong-bench-") as name:
        server = start_server(Path(name), mqtt=True)
        try:
            return asyncio.run(live_through(server, scale))
        finally:
            server.stop()


def _with_ratios(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each row its rate as a share of the first one's, and of its own floor."""
    first = rows[0]
    return [
        {
            **row,
            "issue_to_floor": round(row["issue_per_s"] / row["floor_per_s"], 2),
            "issue_times_first": round(first["issue_per_s"] / row["issue_per_s"], 2),
            "call_times_first": round(first["call_per_s"] / row["call_per_s"], 2),
        }
        for row in rows
    ]


def measure(
    scale: Scale | None = None, parts: tuple[str, ...] = PARTS, beside: Path | None = None
) -> dict[str, Any]:
    """Run the parts; `rows` holds one server each, the growth beside a fresh run of the small table."""
    given = scale or Scale()
    rows: list[dict[str, Any]] = []
    if "old" in parts:
        rows.append(under_load(f"{given.old} old tickets", given, given.old))
        if beside is not None:
            rows.append(under_load("the other checkout", given, given.old, root=beside))
    if "slow" in parts:
        rows.append(under_load(f"+{given.slow_ms:g} ms per fsync", given, given.old, given.slow_ms))
    if "grown" in parts:
        rows.append(under_load(f"{given.grown} old tickets", given, given.grown))
        rows.append(under_load(f"{given.old} old tickets again", given, given.old))
    found: dict[str, Any] = {"rows": _with_ratios(rows)} if rows else {}
    if "monday" in parts:
        found["monday"] = monday()
    if "month" in parts:
        found["month"] = month(given)
    return found


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a few seconds for each part")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--old", type=int, help="old tickets of the first row")
    parser.add_argument("--issues", type=int, help="tickets taken in each row")
    parser.add_argument("--beside", type=Path, help="another checkout to compare with")
    given = parser.parse_args()
    scale = QUICK if given.quick else Scale()
    if given.old is not None:
        scale = replace(scale, old=given.old)
    if given.issues is not None:
        scale = replace(scale, issues=given.issues, calls=given.issues // 2)
    print(json.dumps(measure(scale, tuple(given.parts), given.beside), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
