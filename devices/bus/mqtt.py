"""The bus of a site: an MQTT 5 broker, QoS 1.

Listens on one connection and speaks on another: on a shared one, the broker's acknowledgement of what we
said would hold the next message for us until the kernel's delayed acknowledgement, 40 ms later (measured).

Connects and reconnects by itself; subscriptions outlive the connection.  A publish while the broker is
away raises BusClosed at once: who must not lose a message (the outbox relay) tries again, who speaks of
the present only (a health report) says it anew from `on_connect`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from math import ceil
from random import random
from typing import Any, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from devices.bus.base import BusClosed, ScopeViolation, Subscription, check_scope
from devices.bus.memory import Mailbox
from devices.contracts import topics
from devices.contracts.base import Envelope, Message
from devices.runtime.backoff import backoff_s
from devices.runtime.tasks import end

Body = TypeVar("Body", bound=Message)
QOS = 1
NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an acknowledgement holds the next message 40 ms
PENDING = 8  # aiomqtt warns above ten publishes under way
UNCLAIMED = 64  # what waited for us at the broker and came before anybody listened again
log = logging.getLogger(__name__)


class MqttBus:
    """A Bus over a broker.  `will` is published, retained, by the broker when we vanish.

    `listens` False: only ever publishes, so one connection will do.
    `session_s`: so long after we vanished the broker keeps for us what is said in between (if not expired).
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        username: str | None = None,
        password: str | None = None,
        will: tuple[str, Envelope[Any]] | None = None,
        on_connect: Callable[[], Awaitable[None]] | None = None,
        listens: bool = True,
        tls: ssl.SSLContext | None = None,
        session_s: int = 0,
    ) -> None:
        self._address = (host, port)
        self._client_id = client_id
        self._login = (username, password)
        self._will = will
        self._on_connect = on_connect
        self._mailboxes: list[Mailbox[Any]] = []
        self._listens = listens
        self._tls = tls
        self._session_s = session_s
        self._unclaimed: deque[tuple[str, bytes, bool]] = deque(maxlen=UNCLAIMED if session_s else 0)
        self._speaker: aiomqtt.Client | None = None
        self._listener: aiomqtt.Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(PENDING)
        self._closed = False
        self.connected = asyncio.Event()

    async def connect(self, timeout_s: float | None = None) -> None:
        """Start, and wait until the broker answers.  Raises TimeoutError (it goes on trying all the same)."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        async with asyncio.timeout(timeout_s):
            await self.connected.wait()

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Send, and return when the broker has acknowledged.  Raises BusClosed, ScopeViolation."""
        check_scope(topic, envelope.body)
        client = self._speaker
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

    async def retain(self, topic: str, payload: bytes) -> None:
        """Publish, retained, what another program's convention prescribes; empty takes it back.

        Only outside our own topics, where everything is an envelope.  Raises BusClosed, ScopeViolation.
        """
        if topic == topics.ROOT or topic.startswith(topics.ROOT + "/"):
            raise ScopeViolation(f"{topic} is for envelopes")
        client = self._speaker
        if client is None or self._closed:
            raise BusClosed(f"the MQTT broker at {self._address[0]}:{self._address[1]} does not answer")
        try:
            async with self._slots:
                await client.publish(topic, payload, qos=QOS, retain=True)
        except aiomqtt.MqttError as error:
            raise BusClosed("the MQTT broker went away") from error

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; when the broker is there, listening has begun when this returns."""
        if self._closed:
            raise BusClosed("the bus was closed")
        mailbox = Mailbox(pattern, body, self._mailboxes.remove)
        self._mailboxes.append(mailbox)
        self._hand_over(mailbox)
        if self._listener is not None:
            # A broken line is no error here: the next connection subscribes again.
            with contextlib.suppress(aiomqtt.MqttError):
                await self._listener.subscribe(pattern, qos=QOS)
        return mailbox

    async def close(self) -> None:
        """Hang up for good, in order, so that the will is not published."""
        self._closed = True
        if self._task is not None:
            await end([self._task])
        for mailbox in list(self._mailboxes):
            mailbox.hang_up()

    async def _run(self) -> None:
        tries, told = 0, False
        while True:
            try:
                async with contextlib.AsyncExitStack() as stack:
                    speaker = await stack.enter_async_context(self._make_client(self._client_id, self._will))
                    listener = None
                    if self._listens:
                        name = f"{self._client_id}-ear"
                        ear = self._make_client(name, None, self._session_s)
                        listener = await stack.enter_async_context(ear)
                    if told:
                        log.info("mqtt: back after %d tries", tries)
                    tries, told = 0, False
                    await self._talk(speaker, listener)
            except aiomqtt.MqttError as error:
                if not told:
                    log.warning("mqtt: lost %s:%d (%s)", *self._address, error)
                told = True
            finally:
                self._speaker = self._listener = None
                self.connected.clear()
            tries += 1
            await asyncio.sleep(backoff_s(tries, first_s=0.1, most_s=2.0, chance=random()))  # noqa: S311 - no secret

    def _make_client(
        self, name: str, last_word: tuple[str, Envelope[Any]] | None, session_s: int = 0
    ) -> aiomqtt.Client:
        will = session = None
        if last_word is not None:
            topic, envelope = last_word
            will = aiomqtt.Will(topic, envelope.model_dump_json().encode(), qos=QOS, retain=True)
        if session_s:
            session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
            session.SessionExpiryInterval = session_s
        return aiomqtt.Client(
            self._address[0],
            self._address[1],
            identifier=name,
            username=self._login[0],
            password=self._login[1],
            will=will,
            protocol=aiomqtt.ProtocolVersion.V5,
            keepalive=15,
            socket_options=[NO_DELAY],
            clean_start=session is None,
            properties=session,
            tls_context=self._tls,
        )

    async def _talk(self, speaker: aiomqtt.Client, listener: aiomqtt.Client | None) -> None:
        if listener is not None:
            for pattern in {mailbox.pattern for mailbox in self._mailboxes}:
                await listener.subscribe(pattern, qos=QOS)
        self._speaker, self._listener = speaker, listener
        self.connected.set()
        clients = [speaker] if listener is None else [speaker, listener]
        jobs = [asyncio.create_task(self._hear(client)) for client in clients]
        greeting = asyncio.create_task(self._greet())
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for task in (*jobs, greeting):
                task.cancel()
            await asyncio.gather(*jobs, greeting, return_exceptions=True)

    async def _hear(self, client: aiomqtt.Client) -> None:
        """Deliver what comes until the line breaks.  Raises MqttError."""
        async for message in client.messages:
            self._deliver(str(message.topic), message.payload, message.retain)

    async def _greet(self) -> None:
        if self._on_connect is not None:
            try:
                await self._on_connect()
            except BusClosed:
                log.info("mqtt: the line broke while the present state was told; it will be told again")

    def _deliver(self, topic: str, payload: object, retained: bool) -> None:
        if not isinstance(payload, bytes):
            return
        takers = [mailbox for mailbox in self._mailboxes if topics.matches(mailbox.pattern, topic)]
        for mailbox in takers:
            mailbox.deliver(topic, payload, retained=retained)
        if not takers:
            self._unclaimed.append((topic, payload, retained))

    def _hand_over(self, mailbox: Mailbox[Any]) -> None:
        """Give a new listener what the broker had kept for it."""
        for one in [kept for kept in self._unclaimed if topics.matches(mailbox.pattern, kept[0])]:
            self._unclaimed.remove(one)
            mailbox.deliver(one[0], one[1], retained=one[2])


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
