"""Raw topics of an MQTT broker as a wire, for machines of other makers that speak there.

One connection for each machine, without a session: what was said while we were away is not a press now.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque

import aiomqtt

from devices.errors import TransportError, WireClosed, WireTimeout
from devices.runtime.tasks import end
from devices.transports.base import TopicMessage

QOS = 1
CONNECT_S = 5.0
KEEPALIVE_S = 15
MOST_WAITING = 1000
"""Messages that nobody has read yet; older ones are dropped."""


class MqttTopics:
    """A TopicWire over a broker.  A connection that broke stays broken: the session opens a new one."""

    def __init__(self, client: aiomqtt.Client, stack: contextlib.AsyncExitStack) -> None:
        self._client = client
        self._stack = stack
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[TopicMessage] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()
        self._broken: Exception | None = None
        self._hearing = asyncio.create_task(self._hear())

    def now_s(self) -> float:
        """Return the event loop's clock."""
        return self._loop.time()

    async def subscribe(self, pattern: str) -> None:
        """Listen to an MQTT filter.  Raises WireClosed."""
        try:
            await self._client.subscribe(pattern, qos=QOS)
        except aiomqtt.MqttError as error:
            raise WireClosed(f"the broker went away ({error})") from error

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say, and return when the broker has taken it.  Raises WireClosed."""
        try:
            await self._client.publish(topic, payload, qos=QOS, retain=retain)
        except aiomqtt.MqttError as error:
            raise WireClosed(f"the broker went away ({error})") from error

    async def read(self, timeout_s: float | None = None) -> TopicMessage:
        """Return the next message of what was subscribed.  Raises WireTimeout, WireClosed."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._inbox:
                    if self._broken is not None:
                        raise WireClosed(f"the broker went away ({self._broken})")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise WireTimeout("nothing was said in time") from error
        return self._inbox.popleft()

    async def close(self) -> None:
        """Hang up."""
        await end([self._hearing])
        with contextlib.suppress(aiomqtt.MqttError):
            await self._stack.aclose()

    async def _hear(self) -> None:
        # A task of its own: a read that gives up must not take a message along.
        try:
            async for message in self._client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                heard = TopicMessage(str(message.topic), payload, retained=bool(message.retain))
                self._inbox.append(heard)
                self._news.set()
        except aiomqtt.MqttError as error:
            self._broken = error
        else:
            self._broken = ConnectionError("it said goodbye")
        self._news.set()


async def open_topics(
    host: str,
    port: int,
    username: str | None = None,
    password: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> MqttTopics:
    """Connect.  Raises TransportError naming the broker."""
    client = aiomqtt.Client(
        host,
        port,
        username=username,
        password=password,
        tls_context=tls,
        protocol=aiomqtt.ProtocolVersion.V5,
        keepalive=KEEPALIVE_S,
        timeout=CONNECT_S,
    )
    stack = contextlib.AsyncExitStack()
    try:
        await stack.enter_async_context(client)
    except (aiomqtt.MqttError, OSError) as error:
        raise TransportError(f"the MQTT broker at {host}:{port} does not answer ({error})") from error
    return MqttTopics(client, stack)
