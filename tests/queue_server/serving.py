"""A whole server in the test's own process, on the memory bus, with clients for every role."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from devices.bus.memory import MemoryBus
from queue_server.bootstrap.server import Server
from queue_server.settings import ServerSettings, read_settings

ROOT = Path(__file__).resolve().parents[2]
BASE = "http://127.0.0.1:8080"
_keys = itertools.count()


@dataclass
class Running:
    """One server and how to reach it."""

    server: Server
    bus: MemoryBus
    credentials: dict[str, Any]
    host: str = "127.0.0.1"

    def client(self, role: str | None = None, peer: str = "127.0.0.1") -> httpx.AsyncClient:
        """Return a client with a machine's token, or a nameless one; people use `person`."""
        transport = httpx.ASGITransport(self.server.app, raise_app_exceptions=False, client=(peer, 1234))
        headers = {"Authorization": f"Bearer {self.credentials['tokens'][role]}"} if role else {}
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    async def person(self, role: str) -> httpx.AsyncClient:
        """Return a client with a person's session."""
        client = self.client()
        user = next(user for user in self.credentials["users"] if user["role"] == role)
        login = {"username": user["username"], "password": user["password"]}
        answer = await client.post("/api/v1/auth/login", json=login)
        assert answer.status_code == 200, answer.text
        return client

    async def any_role(self, role: str) -> httpx.AsyncClient:
        """Return a client for a machine's or a person's role."""
        return self.client(role) if role in self.credentials["tokens"] else await self.person(role)


DEMO = """
hall = "{hall}"
state_dir = "{state}"
[http]
port = {port}
open_tablets = true
[mqtt]
port = {mqtt_port}
embedded = true
[demo]
always_open = true
auto_sign_in = true
[lab]
enabled = true
"""


def demo_file(folder: Path, port: int = 8080, mqtt_port: int = 1883) -> Path:
    """Write the settings of a demonstration that keeps its state in `folder`; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    hall = ROOT / "config/demo/hall.toml"
    path = folder / "server.toml"
    path.write_text(DEMO.format(hall=hall, state=folder, port=port, mqtt_port=mqtt_port), encoding="utf-8")
    return path


def settings_for(folder: Path, **environment: str) -> ServerSettings:
    """Return the settings of a demonstration, with overrides as in the environment."""
    return read_settings(demo_file(folder), environment)


@asynccontextmanager
async def running(
    folder: Path, listened: MemoryBus | None = None, **environment: str
) -> AsyncIterator[Running]:
    """Start a server on a bus of its own or on `listened`; stop it in the end."""
    bus = listened or MemoryBus()
    server = Server(settings_for(folder, **environment), bus)
    async with server.app.router.lifespan_context(server.app):
        lab = server.app.state.context.lab
        yield Running(server, bus, lab.credentials if lab else {"tokens": {}, "users": []})


def ticket_body(service: str = "A", **more: object) -> dict[str, object]:
    """Return a body for `POST /tickets`."""
    return {"service_id": service, "channel": "kiosk", **more}


def fresh_key() -> dict[str, str]:
    """Return a header with a key that was never used."""
    return {"Idempotency-Key": f"test-{next(_keys)}"}


def at(text: str) -> datetime:
    """Return a moment from its text."""
    return datetime.fromisoformat(text)
