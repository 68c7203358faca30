"""Midnight comes to a real server under load, goes back and comes again: each day ends once."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.process.hall_server import HallServer

BEFORE = "2026-11-23T23:50:00+08:00"
MONDAY, TUESDAY = "2026-11-23", "2026-11-24"
MINUTES = (20, -20, 20, -20, 20)
CLIENTS, EACH = 6, 10
SERVICES = "ABC"


class Load:
    """Clients that issue, and somebody who moves the clock between their answers."""

    def __init__(self, server: HallServer) -> None:
        self.server = server
        self.given: list[dict[str, str]] = []
        self.answers = asyncio.Event()

    async def issue(self, client: int) -> None:
        connection = await self.server.connect()
        for n in range(EACH):
            body = {"service_id": SERVICES[(client + n) % len(SERVICES)], "channel": "kiosk"}
            key = f"{client}-{n}"
            status, answer = await self.server.send(
                connection,
                "POST",
                "/api/v1/tickets",
                body,
                Authorization=self.server.kiosk,
                Idempotency_Key=key,
            )
            assert status == 201, answer
            self.given.append(json.loads(answer))
            self.answers.set()
        connection.writer.close()

    async def move(self, **wanted: object) -> None:
        connection = await self.server.connect()
        status, answer = await self.server.send(connection, "POST", "/lab/api/clock", wanted)
        assert status == 200, answer
        connection.writer.close()

    async def midnights(self) -> None:
        """Move over midnight and back, each time after some more answers."""
        for minutes in MINUTES:
            self.answers.clear()
            await asyncio.wait_for(self.answers.wait(), 30)
            await self.move(advance_s=minutes * 60)


@pytest.mark.process
async def test_midnight_under_load_repeats_no_number_and_ends_the_day_once(tmp_path: Path) -> None:
    server = HallServer(tmp_path)
    try:
        await server.start()
        load = Load(server)
        await load.move(now=BEFORE)
        await asyncio.gather(load.midnights(), *(load.issue(client) for client in range(CLIENTS)))
        await load.move(now="2026-11-24T00:30:00+08:00")
        after = [await _one_more(load, service) for service in SERVICES]
        ready, _ = await server.send(await server.connect(), "GET", "/readyz")
    finally:
        server.kill()

    with sqlite3.connect(tmp_path / "hall.db") as db:
        rows = db.execute("SELECT id, day, number, n, service_id, state FROM ticket").fetchall()
        ends = Counter(
            row[0] for row in db.execute("SELECT ticket_id FROM event WHERE name = 'ticket-expired'")
        )
    assert ready == 200
    assert len(rows) == len(load.given) == CLIENTS * EACH + len(after)
    assert len({(row[1], row[2]) for row in rows}) == len(rows)
    assert {row[1] for row in rows} == {MONDAY, TUESDAY}
    for day, service in {(row[1], row[4]) for row in rows}:
        counted = sorted(row[3] for row in rows if (row[1], row[4]) == (day, service))
        assert counted == list(range(1, len(counted) + 1))
    assert ends == {row[0]: 1 for row in rows if row[1] == MONDAY}
    assert {row[5] for row in rows if row[1] == MONDAY} == {"expired"}
    assert {row[5] for row in rows if row[1] == TUESDAY} == {"waiting"}


async def _one_more(load: Load, service: str) -> str:
    connection = await load.server.connect()
    status, answer = await load.server.send(
        connection,
        "POST",
        "/api/v1/tickets",
        {"service_id": service, "channel": "kiosk"},
        Authorization=load.server.kiosk,
    )
    assert status == 201
    load.given.append(json.loads(answer))
    return str(load.given[-1]["number"])
