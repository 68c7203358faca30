"""A broker connection of its own for each machine, so that the broker itself says when it is gone.

MQTT gives one last will to a connection; interfaces section 3 promises one for every machine.  The
connection carries nothing but that machine's state.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from devices.agent.settings import MqttSettings
from devices.bus.base import BusClosed, envelope_of
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.health import DeviceHealth, DeviceStatus

log = logging.getLogger(__name__)


class Presence:
    """Tells one machine's state to the site, retained, and again after every reconnection."""

    def __init__(self, site: str, first: DeviceHealth, broker: MqttSettings) -> None:
        self._topic = topics.device_state(site, first.device_id)
        self._health = first
        self._bus = MqttBus(
            broker.host,
            broker.port,
            f"device-{first.device_id}",
            broker.username,
            broker.password,
            will=(self._topic, envelope_of(_gone(first))),
            on_connect=self._say,
            listens=False,
            tls=broker.tls_context(),
        )
        self._connecting = asyncio.create_task(self._bus.connect())

    async def tell(self, health: DeviceHealth) -> None:
        """Publish a new state; while the broker is away it is kept and told on return."""
        self._health = health
        await self._say()

    async def close(self) -> None:
        """Say offline and hang up."""
        self._connecting.cancel()
        if self._bus.connected.is_set():
            await self.tell(_gone(self._health))
        await self._bus.close()

    async def _say(self) -> None:
        try:
            await self._bus.publish(self._topic, envelope_of(self._health), retain=True)
        except BusClosed:
            log.debug("%s: state will be told when the broker is back", self._health.device_id)


def _gone(health: DeviceHealth) -> DeviceHealth:
    return health.model_copy(
        update={"status": DeviceStatus.OFFLINE, "reason": "agent-gone", "since_at": datetime.now(UTC)}
    )
