"""The server is killed while eight clients issue; what it answered before must still be true afterwards."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from tests.process.hall_server import HallServer

ROUNDS = 20
CLIENTS = 8
ENOUGH = 40
"""So many answers in a round, and the server is killed in the middle of the next ones."""


async def issue_until_it_dies(
    server: HallServer, client: int, turn: int, acknowledged: dict[str, str], enough: asyncio.Event
) -> str:
    """Issue until the connection breaks; return the key of the request that got no answer."""
    connection = await server.connect()
    number = 0
    while True:
        key = f"{turn}-{client}-{number}"
        try:
            status, body = await server.send(
                connection,
                "POST",
                "/api/v1/tickets",
                {"service_id": "ABCDEFGH"[client], "channel": "kiosk"},
                Authorization=server.kiosk,
                Idempotency_Key=key,
            )
        except (OSError, EOFError):
            return key
        assert status == 201, body
        acknowledged[key] = json.loads(body)["number"]
        number += 1
        if len(acknowledged) >= (turn + 1) * ENOUGH:
            enough.set()


@pytest.mark.process
async def test_no_acknowledged_ticket_is_lost_and_no_number_given_twice_over_twenty_kills(
    tmp_path: Path,
) -> None:
    server = HallServer(tmp_path)
    acknowledged: dict[str, str] = {}
    unanswered: list[str] = []
    try:
        for turn in range(ROUNDS):
            await server.start()
            await ask_again(server, unanswered, acknowledged)
            enough = asyncio.Event()
            clients = [
                asyncio.create_task(issue_until_it_dies(server, client, turn, acknowledged, enough))
                for client in range(CLIENTS)
            ]
            await enough.wait()
            server.kill()
            unanswered = list(await asyncio.gather(*clients))
        await server.start()
        await ask_again(server, unanswered, acknowledged)
    finally:
        server.kill()

    with sqlite3.connect(tmp_path / "hall.db") as db:
        kept = [row[0] for row in db.execute("SELECT number FROM ticket")]
        events = [row[0] for row in db.execute("SELECT seq FROM event ORDER BY seq")]
        issued = db.execute("SELECT count(*) FROM event WHERE name = 'ticket-issued'").fetchone()[0]
    assert len(kept) == len(set(kept)) == issued
    assert set(acknowledged.values()) == set(kept)
    assert len(acknowledged.values()) == len(kept)
    assert events == list(range(1, len(events) + 1))


async def ask_again(server: HallServer, keys: list[str], acknowledged: dict[str, str]) -> None:
    """Do what a kiosk does after a lost answer: ask again with the same key."""
    connection = await server.connect()
    for key in keys:
        client = int(key.split("-")[1])
        status, body = await server.send(
            connection,
            "POST",
            "/api/v1/tickets",
            {"service_id": "ABCDEFGH"[client], "channel": "kiosk"},
            Authorization=server.kiosk,
            Idempotency_Key=key,
        )
        assert status == 201
        acknowledged[key] = json.loads(body)["number"]
    connection.writer.close()
