"""The machines of the hall: what they told last, and commands to them."""

from __future__ import annotations

from devices.bus.base import Bus, BusClosed, envelope_of
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.health import DeviceHealth, DeviceStatus
from queue_server.adapters.machine_jobs import is_honest
from queue_server.domain.errors import QueueError

COMMAND_FOR_S = 30


class BusMachines:
    """Listens to `device/+/state`; the broker retains it, so a restart knows all machines at once."""

    def __init__(self, site: str, bus: Bus, printers: dict[str, str]) -> None:
        """`printers` maps a terminal to its printer's device id."""
        self._site, self._bus, self._printers = site, bus, printers
        self._known: dict[str, DeviceHealth] = {}

    async def open(self) -> None:
        """Begin to listen."""
        self._states = await self._bus.subscribe(topics.device_state(self._site, "+"), DeviceHealth)

    async def run_forever(self) -> None:
        """Keep what machines tell until cancelled."""
        async for message in self._states:
            if not is_honest(message):
                continue
            self._known[message.body.device_id] = message.body

    def all(self) -> list[DeviceHealth]:
        """Return what is known, by id."""
        return [self._known[name] for name in sorted(self._known)]

    def printer_of(self, terminal: str | None) -> str | None:
        """Return a terminal's printer: as configured, else one named after it, else the only one there is."""
        if terminal in self._printers:
            return self._printers[terminal]
        printers = [one.device_id for one in self.all() if one.kind == "printer"]
        named = [name for name in printers if terminal and terminal.lower() in name.lower()]
        if named:
            return named[0]
        return printers[0] if len(printers) == 1 else None

    async def command(self, device_id: str, name: str, body: Message) -> None:
        """Send a command that expires.  Raises QueueError not-possible."""
        known = self._known.get(device_id)
        if known is not None and known.status in (DeviceStatus.OFFLINE, DeviceStatus.NO_DEVICE):
            raise QueueError("not-possible", reason=f"{device_id} is {known.status.value}")
        try:
            topic = topics.device_command(self._site, device_id, name)
            await self._bus.publish(topic, envelope_of(body, expires_in_s=COMMAND_FOR_S))
        except BusClosed:
            raise QueueError("not-possible", reason="the MQTT broker is away") from None
