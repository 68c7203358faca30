"""A real `queue-server serve` process for tests, and plain connections to it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.http_load import Connection, connect
from tests.brokers import free_port

ROOT = Path(__file__).resolve().parents[2]
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
[demo]
always_open = true
auto_sign_in = true
caps_times = 100000
[lab]
enabled = true
[log]
level = "warning"
"""


def environment() -> dict[str, str]:
    """Return ours without settings of another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TINGTONG_")}


@dataclass
class HallServer:
    """One server on its own folder; may be started again and again."""

    folder: Path
    mqtt: bool = False
    port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    credentials: dict[str, Any] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Write the settings; return the file."""
        path = self.folder / "server.toml"
        path.write_text(
            SETTINGS.format(
                hall=ROOT / "config/demo/hall.toml",
                state=self.folder,
                port=self.port,
                mqtt=str(self.mqtt).lower(),
                mqtt_port=self.mqtt_port,
            ),
            encoding="utf-8",
        )
        return path

    async def start(self) -> None:
        """Start, and return when it answers; its first line on stderr says that it listens."""
        command = [sys.executable, "-m", "queue_server", "serve", "--config", str(self.config)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(), stderr=subprocess.PIPE)
        assert self.process.stderr is not None
        line = await asyncio.to_thread(self.process.stderr.readline)
        assert b"http://" in line, line + self.process.stderr.read()
        self.credentials = json.loads(
            (await self.send(await self.connect(), "GET", "/lab/api/credentials"))[1]
        )

    def kill(self) -> None:
        """End it as a power cut would: no goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            assert self.process.stderr is not None
            self.process.stderr.close()
            self.process = None

    async def connect(self) -> Connection:
        return await connect(self.port)

    async def send(
        self, connection: Connection, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, bytes]:
        """Return status and body.  Raises OSError or EOFError when the server is gone."""
        raw = b"" if body is None else json.dumps(body).encode()
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        status, _, answer = await connection.send(
            method, path, f"{lines}Content-Type: application/json\r\n", raw
        )
        return status, answer

    @property
    def kiosk(self) -> str:
        """The Authorization header of a kiosk."""
        return f"Bearer {self.credentials['tokens']['kiosk']}"

    async def staff_cookie(self) -> str:
        """Log a supervisor in; return the Cookie header."""
        person = next(user for user in self.credentials["users"] if user["role"] == "supervisor")
        body = json.dumps({name: person[name] for name in ("username", "password")}).encode()
        connection = await self.connect()
        _, raw, _ = await connection.send(
            "POST", "/api/v1/auth/login", "Content-Type: application/json\r\n", body
        )
        connection.writer.close()
        line = next(line for line in raw.split("\r\n") if line.lower().startswith("set-cookie: "))
        return line[12:].split(";")[0]
