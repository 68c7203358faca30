"""Real MQTT brokers for tests: the embedded one and Debian's Mosquitto."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from queue_server.adapters.embedded_broker import EmbeddedBroker


@dataclass
class Broker:
    """A broker that runs on loopback."""

    port: int
    restart: Callable[[], None]


def free_port() -> int:
    """Return a TCP port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def embedded_broker(folder: Path) -> Iterator[Broker]:
    """Run the broker that `queue-server serve` embeds."""
    port = free_port()
    broker = EmbeddedBroker(port, folder)
    broker.start()

    def restart() -> None:
        broker.stop()
        broker.start()

    try:
        yield Broker(port, restart)
    finally:
        broker.stop()


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[Broker]:
    """Run Debian's Mosquitto, open to loopback."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_open(port, process)
            yield Broker(port, lambda: None)
        finally:
            process.terminate()


def _wait_open(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise RuntimeError("mosquitto ended at once")
