"""A whole demonstration hall as real processes, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.brokers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
Value = TypeVar("Value")
_never = threading.Event()


def until(look: Callable[[], Value | None], what: str, patience_s: float = PATIENCE_S) -> Value:
    """Look again and again until there is something to see; fail with `what` after `patience_s`."""
    tries = int(patience_s / 0.05)
    for _ in range(tries):
        seen = look()
        if seen:
            return seen
        _never.wait(0.05)
    raise AssertionError(f"never happened: {what}")


@dataclass
class Hall:
    """The running hall, seen from outside: HTTP and MQTT only."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    mqtt_port: int
    state: Path

    def devices(self) -> dict[str, dict[str, Any]]:
        answer = self.http.get("/lab/api/devices")
        assert answer.status_code == 200, answer.text
        return {device["id"]: device for device in answer.json()["items"]}

    def device(self, device_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/lab/api/devices/{device_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def do(self, device_id: str, action: str, **params: Any) -> dict[str, Any]:
        answer = self.http.post(f"/lab/api/devices/{device_id}/do", json={"action": action, **params})
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    def touch(self, text: str) -> None:
        """Touch the button with this text on the kiosk, as soon as it is there."""

        def find() -> dict[str, Any] | None:
            buttons = self.device("QK01")["state"]["buttons"]
            return next((button for button in buttons if text in button["text"]), None)

        button = until(find, f"the kiosk shows a button {text!r}; it shows {self.device('QK01')['state']}")
        self.do("QK01", "touch", x=button["x"], y=button["y"])

    def token(self, role: str) -> dict[str, str]:
        found = self.http.get("/lab/api/credentials").json()["tokens"][role]
        return {"Authorization": f"Bearer {found}"}

    def login(self, role: str) -> httpx.Client:
        """Return a client with a person's session."""
        users = self.http.get("/lab/api/credentials").json()["users"]
        user = next(user for user in users if user["role"] == role)
        base = str(self.http.base_url)
        client = httpx.Client(base_url=base, headers={"Origin": base.rstrip("/")}, timeout=30)
        answer = client.post(
            "/api/v1/auth/login", json={"username": user["username"], "password": user["password"]}
        )
        assert answer.status_code in (200, 204), answer.text
        return client

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextlib.contextmanager
def running_hall(state: Path, *, kiosk: bool = True) -> Iterator[Hall]:
    """Start the hall on free ports, and stop it at the end whatever happened."""
    http_port, mqtt_port = free_port(), free_port()
    env = {**os.environ, "TINGTONG_HTTP__PORT": str(http_port), "TINGTONG_MQTT__PORT": str(mqtt_port)}
    env.pop("DISPLAY", None)
    words = ["--config", "config/demo", "--state", str(state)] + ([] if kiosk else ["--no-kiosk"])
    log = (state / "launcher.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "queue_server.demo", *words], cwd=ROOT, env=env, stdout=log, stderr=log
    )
    try:
        until(lambda: _welcomed(state, process), "the hall says that it runs", 120)
        with httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=30) as client:
            yield Hall(process, client, mqtt_port, state)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        log.close()


def _welcomed(state: Path, process: subprocess.Popen[bytes]) -> bool:
    said = (state / "launcher.log").read_text("utf-8", errors="replace")
    assert process.poll() is None, f"the hall ended: {said}"
    return "Ctrl-C" in said
