"""Puts a simulated machine on the broker of this machine (place `mqtt:PORT`)."""

from __future__ import annotations

import asyncio

import aiomqtt

from devices.runtime.tasks import end
from devices.sim.mqtt_machines import SimOnBroker, pack, unpack
from devices.sim.runner import Host

RETRY_S = 0.2  # while the broker is not up yet


class MqttHost(Host):
    """A Host that is a client of a broker."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._calling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect as soon as the broker is there."""
        self.wire = "mqtt:site"
        self._call()

    async def stop(self) -> None:
        """Leave the broker."""
        self._unplug()
        await super().stop()

    def heal(self) -> None:
        """End the present fault."""
        self._fault = None
        self._call()

    def _unplug(self) -> None:
        calling, self._calling = self._calling, None
        if calling is not None:
            calling.cancel()

    def _call(self) -> None:
        if self._calling is None and isinstance(self.sim, SimOnBroker):
            self._calling = asyncio.create_task(self._keep(self.sim))
            self._serving.add(self._calling)
            self._calling.add_done_callback(self._serving.discard)

    async def _keep(self, sim: SimOnBroker) -> None:
        """Stay on the broker, through its restarts."""
        port = int(self.place.partition(":")[2])
        while True:
            try:
                async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
                    await self._speak_and_hear(sim, client)
            except aiomqtt.MqttError:
                await asyncio.sleep(RETRY_S)
            finally:
                self._send = None

    async def _speak_and_hear(self, sim: SimOnBroker, client: aiomqtt.Client) -> None:
        outbox: asyncio.Queue[bytes] = asyncio.Queue()

        async def speak() -> None:
            while True:
                topic, payload, retained = unpack(await outbox.get())
                await client.publish(topic, payload, qos=1, retain=retained)

        for pattern in sim.listens:
            await client.subscribe(pattern, qos=1)
        self._send = outbox.put_nowait
        self._pump()
        speaking = asyncio.create_task(speak())
        try:
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                self._take(pack(str(message.topic), payload, retain=bool(message.retain)))
        finally:
            await end([speaking])
