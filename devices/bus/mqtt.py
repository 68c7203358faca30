"""The bus of a site: an MQTT 5 broker, QoS 1.

Connects and reconnects by itself; subscriptions outlive the connection.  A publish while the broker is
away raises BusClosed at once: who must not lose a message (the outbox relay) tries again, who speaks of
the present only (a health report) says it anew from `on_connect`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from math import ceil
from typing import Any, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.bus.base import BusClosed, Subscription, check_scope
from devices.bus.memory import Mailbox
from devices.contracts import topics
from devices.contracts.base import Envelope, Message
from devices.runtime.backoff import backoff_s

Body = TypeVar("Body", bound=Message)
QOS = 1
PENDING = 8  # aiomqtt warns above ten publishes under way
log = logging.getLogger(__name__)


class MqttBus:
    """A Bus over one broker connection.  `will` is published, retained, by the broker when we vanish."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        will: tuple[str, Envelope[Any]] | None = None,
        on_connect: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._address = (host, port)
        self._client_id = client_id
        self._login = (username, password)
        self._will = will
        self._on_connect = on_connect
        self._mailboxes: list[Mailbox[Any]] = []
        self._client: aiomqtt.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(PENDING)
        self._closed = False
        self.connected = asyncio.Event()

    async def connect(self, timeout_s: float | None = None) -> None:
        """Start, and wait until the broker answers.  Raises TimeoutError (it goes on trying all the same)."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await asyncio.wait_for(self.connected.wait(), timeout_s)

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Send, and return when the broker has acknowledged.  Raises BusClosed, ScopeViolation."""
        check_scope(topic, envelope.body)
        client = self._client
        if client is None or self._closed:
            raise BusClosed(f"the MQTT broker at {self._address[0]}:{self._address[1]} does not answer")
        payload = envelope.model_dump_json().encode()
        try:
            async with self._slots:
                await client.publish(
                    topic, payload, qos=QOS, retain=retain, properties=_properties(topic, envelope)
                )
        except aiomqtt.MqttError as error:
            raise BusClosed("the MQTT broker went away") from error

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; when the broker is there, listening has begun when this returns."""
        if self._closed:
            raise BusClosed("the bus was closed")
        mailbox = Mailbox(pattern, body, self._mailboxes.remove)
        self._mailboxes.append(mailbox)
        if self._client is not None:
            # A broken line is no error here: the next connection subscribes again.
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.subscribe(pattern, qos=QOS)
        return mailbox

    async def close(self) -> None:
        """Hang up for good, in order, so that the will is not published."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for mailbox in list(self._mailboxes):
            mailbox.hang_up()

    async def _run(self) -> None:
        tries, told = 0, False
        while True:
            try:
                async with self._make_client() as client:
                    if told:
                        log.info("mqtt: back after %d tries", tries)
                    tries, told = 0, False
                    await self._talk(client)
            except aiomqtt.MqttError as error:
                if not told:
                    log.warning("mqtt: lost %s:%d (%s)", *self._address, error)
                told = True
            finally:
                self._client = None
                self.connected.clear()
            tries += 1
            await asyncio.sleep(backoff_s(tries, first_s=0.1, most_s=2.0))

    def _make_client(self) -> aiomqtt.Client:
        will = None
        if self._will is not None:
            topic, envelope = self._will
            will = aiomqtt.Will(topic, envelope.model_dump_json().encode(), qos=QOS, retain=True)
        return aiomqtt.Client(
            self._address[0],
            self._address[1],
            identifier=self._client_id,
            username=self._login[0],
            password=self._login[1],
            will=will,
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=15,
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        for pattern in {mailbox.pattern for mailbox in self._mailboxes}:
            await client.subscribe(pattern, qos=QOS)
        self._client = client
        self.connected.set()
        greeting = asyncio.create_task(self._greet())
        try:
            async for message in client.messages:
                self._deliver(str(message.topic), message.payload)
        finally:
            greeting.cancel()

    async def _greet(self) -> None:
        if self._on_connect is not None:
            try:
                await self._on_connect()
            except BusClosed:
                log.info("mqtt: the line broke while the present state was told; it will be told again")

    def _deliver(self, topic: str, payload: object) -> None:
        if not isinstance(payload, bytes):
            return
        for mailbox in list(self._mailboxes):
            if topics.matches(mailbox.pattern, topic):
                mailbox.deliver(topic, payload)


def _properties(topic: str, envelope: Envelope[Any]) -> Properties:
    """Say in MQTT 5's own words when a message expires and where the answer goes."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho has no types here
    if envelope.expires_at is not None:
        left_s = (envelope.expires_at - datetime.now(UTC)).total_seconds()
        properties.MessageExpiryInterval = max(1, ceil(left_s))
    parts = topic.split("/")
    if len(parts) == 7 and parts[3] == "device" and parts[5] == "cmd":
        properties.ResponseTopic = topics.device_result(parts[2], parts[4], envelope.id)
        properties.CorrelationData = envelope.id.encode()
    return properties
