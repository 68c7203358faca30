"""The typed message bus: one Protocol, adapters for memory, one terminal (local socket) and MQTT.

Delivery is at least once on MQTT, exactly once in memory and on the local socket.  A subscriber that
joins late gets what was retained.  A payload that does not fit its class is counted and dropped.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from devices.contracts import topics
from devices.contracts.base import Envelope, Message, Scope

Body = TypeVar("Body", bound=Message)


class Received(NamedTuple, Generic[Body]):
    """One message as it came."""

    topic: str
    envelope: Envelope[Body]
    retained: bool = False
    """Kept by the broker from before we listened."""

    @property
    def body(self) -> Body:
        """What was said."""
        return self.envelope.body


class ScopeViolation(Exception):
    """A LOCAL message was about to leave its terminal."""


class BusClosed(Exception):
    """The bus was closed or its other end is gone."""


class Subscription(Protocol[Body]):
    """Messages under one filter, in order.  Close it when done."""

    def __aiter__(self) -> AsyncIterator[Received[Body]]: ...

    async def get(self, timeout_s: float | None = None) -> Received[Body]:
        """Return the next message.  Raises TimeoutError, BusClosed."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...


class Bus(Protocol):
    """Publish and subscribe with typed bodies."""

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Send; returns when the bus has taken it.  Raises BusClosed, ScopeViolation."""
        ...

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen to `pattern` (MQTT filter); listening has begun when this returns."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


def check_scope(topic: str, body: Message) -> None:
    """Raise ScopeViolation when a LOCAL body is about to go to a site topic."""
    if body.scope is Scope.LOCAL and not topics.is_local(topic):
        raise ScopeViolation(f"{type(body).__name__} is LOCAL and must not go to {topic}")


def envelope_of(
    body: Body, *, reply_to: str | None = None, expires_in_s: float | None = None, now: datetime | None = None
) -> Envelope[Body]:
    """Wrap `body`, made now."""
    at = now or datetime.now(UTC)
    expires_at = at + timedelta(seconds=expires_in_s) if expires_in_s is not None else None
    envelope_class: Any = Envelope  # parametrised at run time, which no checker can follow
    made: Envelope[Body] = envelope_class[type(body)](
        at=at, expires_at=expires_at, reply_to=reply_to, body=body
    )
    return made


async def request(
    bus: Bus, device_id: str, name: str, body: Message, answer: type[Body], *, timeout_s: float
) -> Body:
    """Send a LOCAL command to a machine of this terminal and wait for its result.

    Raises TimeoutError when no answer comes in `timeout_s`, BusClosed when the agent is gone.
    """
    envelope = envelope_of(body, expires_in_s=timeout_s)
    results = await bus.subscribe(topics.local_result(device_id, envelope.id), answer)
    try:
        await bus.publish(topics.local_command(device_id, name), envelope)
        return (await results.get(timeout_s)).body
    finally:
        await results.close()
