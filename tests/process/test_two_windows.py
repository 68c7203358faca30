"""Two clerks press next at the same instant, again and again, on a real server over real connections."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.process.hall_server import HallServer

ROUNDS = 500
WINDOWS = ("4", "5")


@pytest.mark.process
async def test_five_hundred_simultaneous_presses_never_give_one_ticket_to_two_windows(tmp_path: Path) -> None:
    server = HallServer(tmp_path)
    await server.start()
    try:
        cookie = await server.staff_cookie()
        kiosk = await server.connect()
        desks = [await server.connect() for _ in WINDOWS]

        async def press(desk: int, turn: int) -> tuple[int, str]:
            window, key = WINDOWS[desk], f"{turn}-{desk}"
            path = f"/api/v1/windows/{window}"
            status, body = await server.send(
                desks[desk], "POST", f"{path}/call-next", Cookie=cookie, Idempotency_Key=key
            )
            if status == 200:
                await server.send(desks[desk], "POST", f"{path}/start", Cookie=cookie)
            return status, json.loads(body)["number"] if body else ""

        called: list[str] = []
        statuses: set[int] = set()
        for turn in range(ROUNDS):
            # two, one or no tickets for two windows: also the loser of a race must get a clean answer
            for _ in range(turn % 3):
                await server.send(
                    kiosk,
                    "POST",
                    "/api/v1/tickets",
                    {"service_id": "A", "channel": "kiosk"},
                    Authorization=server.kiosk,
                )
            answers = await asyncio.gather(press(0, turn), press(1, turn))
            statuses |= {status for status, _ in answers}
            called += [number for _, number in answers if number]
            assert len([number for _, number in answers if number]) == turn % 3
    finally:
        server.kill()

    assert statuses == {200, 204}
    assert len(called) == len(set(called)) == sum(turn % 3 for turn in range(ROUNDS))
