"""Clients that work a hall until its server dies, and remember what they were answered."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.bench.http_load import Connection
from tests.process.hall_server import HallServer

SERVICES = "ABCDEFGH"
EVENT_OF = {
    "issue": "ticket-issued",
    "call-next": "ticket-called",
    "start": "ticket-started",
    "finish": "ticket-finished",
    "no-show": "ticket-no-show",
    "hold": "ticket-held",
    "resume-held": "ticket-resumed",
    "transfer": "ticket-transferred",
    "recall": "ticket-recalled",
    "cancel": "ticket-cancelled",
    "requeue": "ticket-requeued",
}
"""What one such write leaves in the record, exactly once."""


@dataclass(frozen=True)
class Write:
    """One request with its key."""

    key: str
    act: str
    path: str
    service: str = ""

    @property
    def body(self) -> dict[str, str] | None:
        """Return the JSON that is sent; None for nothing."""
        if self.act == "issue":
            return {"service_id": self.service, "channel": "kiosk"}
        return {"service_id": self.service} if self.act == "transfer" else None


@dataclass(frozen=True)
class Said:
    """What the server answered: first, or again."""

    status: int
    body: bytes
    replayed: bool


@dataclass
class Journal:
    """Everything that was acknowledged, and what got no answer before the server died."""

    answers: dict[Write, Said] = field(default_factory=dict)
    unanswered: list[Write] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    cookie: str = ""
    numbers: int = 0
    wanted: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when `wanted` answers have come."""

    def key(self) -> str:
        """Return a key that was never used."""
        self.numbers += 1
        return f"k{self.numbers}"

    @property
    def effects(self) -> Counter[tuple[str, str]]:
        """(event, ticket id) -> how often it must be in the record."""
        return Counter(
            (EVENT_OF[write.act], json.loads(said.body)["id"])
            for write, said in self.answers.items()
            if said.status in (200, 201)
        )


async def ask(server: HallServer, connection: Connection, journal: Journal, write: Write) -> Said:
    """Send a write with its key.  Raises OSError, EOFError when the server is gone."""
    by_kiosk = write.act in ("issue", "cancel", "requeue")
    proof = f"Authorization: {server.kiosk}" if by_kiosk else f"Cookie: {journal.cookie}"
    lines = f"{proof}\r\nIdempotency-Key: {write.key}\r\nContent-Type: application/json\r\n"
    raw = b"" if write.body is None else json.dumps(write.body).encode()
    status, headers, body = await connection.send("POST", f"/api/v1/{write.path}", lines, raw)
    return Said(status, body, "idempotent-replay: true" in headers.lower())


async def do(server: HallServer, connection: Connection, journal: Journal, write: Write) -> Said:
    """Send a write; remember what was acknowledged, or that nothing was."""
    try:
        said = await ask(server, connection, journal, write)
    except (OSError, EOFError):
        journal.unanswered.append(write)
        raise
    assert said.status < 500, (write, said)
    if said.status < 300:
        journal.answers[write] = said
        if len(journal.answers) >= journal.wanted:
            journal.enough.set()
    else:
        journal.refused[f"{write.act} {json.loads(said.body)['code']}"] += 1
    return said


async def citizens(server: HallServer, journal: Journal, random: Random) -> None:
    """Take tickets, give some up, come back after having been passed, until the server dies."""
    connection = await server.connect()
    mine: list[str] = []
    while True:
        act = random.choices(["issue", "cancel", "requeue"], [8, 1, 1])[0]
        if act == "issue" or not mine:
            wanted = Write(journal.key(), "issue", "tickets", random.choice(SERVICES))
            said = await do(server, connection, journal, wanted)
            mine.append(json.loads(said.body)["id"])
        else:
            path = f"tickets/{random.choice(mine)}/{act}"
            await do(server, connection, journal, Write(journal.key(), act, path))


async def clerk(server: HallServer, journal: Journal, window: str, random: Random) -> None:
    """Work one window by what stands at it, until the server dies."""
    connection = await server.connect()
    while True:
        ticket = (await _window(connection, journal, window)).get("ticket")
        state = ticket["state"] if ticket else "free"
        act = random.choice(
            {
                "free": ["call-next", "call-next", "call-next", "resume-held"],
                "called": ["start", "start", "start", "recall", "no-show", "hold", "transfer"],
                "serving": ["finish", "finish", "finish", "hold", "transfer"],
            }[state]
        )
        service = random.choice(SERVICES) if act == "transfer" else ""
        await do(server, connection, journal, Write(journal.key(), act, f"windows/{window}/{act}", service))


async def _window(connection: Connection, journal: Journal, window: str) -> dict[str, Any]:
    _, _, body = await connection.send(
        "GET", f"/api/v1/windows/{window}", f"Cookie: {journal.cookie}\r\n", b""
    )
    found: dict[str, Any] = json.loads(body)
    return found


async def until_it_dies(work: list[Any], server: HallServer, journal: Journal, answers: int) -> None:
    """Let everybody work; kill the server after so many more answers, in the middle of the next ones."""
    journal.wanted = len(journal.answers) + answers
    journal.enough.clear()
    tasks = [asyncio.create_task(one) for one in work]
    enough = asyncio.create_task(journal.enough.wait())
    await asyncio.wait([enough, *tasks], timeout=60, return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    server.kill()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for one in ended:
        if not isinstance(one, (OSError, EOFError)):
            raise AssertionError(f"a client ended by itself: {one!r}") from one
