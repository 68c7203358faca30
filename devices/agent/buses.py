"""The two buses of an agent, and the rule which message goes where."""

from __future__ import annotations

from dataclasses import dataclass, field

from devices.agent.presence import Presence
from devices.agent.settings import MqttSettings
from devices.bus.base import Bus, envelope_of
from devices.contracts import topics
from devices.contracts.health import DeviceHealth


@dataclass
class Buses:
    """`site` is the hall's broker, `local` the terminal's own socket; either may be absent."""

    site_name: str
    site: Bus | None = None
    local: Bus | None = None
    broker: MqttSettings | None = None
    _presences: dict[str, Presence] = field(default_factory=dict)

    async def tell_health(self, health: DeviceHealth) -> None:
        """Publish a machine's state, retained, to whoever may see it."""
        if self.local is not None:
            await self.local.publish(topics.local_state(health.device_id), envelope_of(health), retain=True)
        if self.broker is None:
            return
        if health.device_id not in self._presences:
            self._presences[health.device_id] = Presence(self.site_name, health, self.broker)
        await self._presences[health.device_id].tell(health)

    async def close(self) -> None:
        """Say goodbye for every machine."""
        for presence in self._presences.values():
            await presence.close()
        self._presences.clear()
