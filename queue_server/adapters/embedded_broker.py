"""The broker of one machine: iotcore (rumqttd) as a child process, MQTT 5, on 127.0.0.1 only.

It has no access control and keeps nothing on disk, so it never listens to the network: a hall uses Mosquitto.
A new subscription gets at most 100 retained messages from it, whatever its settings say (measured).
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from iotcore import Broker

HOST = "127.0.0.1"
_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 1010
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5-1"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 262144
max_inflight_count = 100
dynamic_filters = true
"""


class BrokerProblem(Exception):
    """The broker does not start; the text is one line with the remedy."""


class EmbeddedBroker:
    """A child process that ends with ours."""

    def __init__(self, port: int, state_dir: Path) -> None:
        self._port = port
        self._config = state_dir / "broker.toml"
        self._broker: Broker | None = None

    def start(self) -> None:
        """Start, and return when it takes connections (some 100 ms).  Raises BrokerProblem."""
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(_CONFIG.format(host=HOST, port=self._port), encoding="ascii")
        try:
            self._broker = Broker(config_path=str(self._config))
            self._broker.start()
        except OSError as error:
            raise BrokerProblem(
                f"MQTT port {self._port} is in use ({error}); stop what uses it, or set mqtt.port "
                f"(TINGTONG_MQTT__PORT), or mqtt.embedded = false to use that broker"
            ) from error
        except (RuntimeError, ValueError) as error:
            raise BrokerProblem(f"the embedded MQTT broker does not start: {error}") from error

    @property
    def is_running(self) -> bool:
        """Say whether the child lives."""
        return self._broker is not None and bool(self._broker.is_running)

    def stop(self) -> None:
        """Stop it; safe to call twice."""
        if self._broker is not None:
            with contextlib.suppress(OSError):
                self._broker.stop()
            self._broker = None
