"""The bus inside one process: for tests and for a terminal that runs agent and screen together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from devices.bus.base import BusClosed, Received, Subscription, check_scope
from devices.contracts import topics
from devices.contracts.base import Envelope, Message

Body = TypeVar("Body", bound=Message)


class Mailbox(Generic[Body]):
    """A Subscription that adapters fill with payloads; it decodes, and counts what it cannot."""

    def __init__(self, pattern: str, body: type[Body], on_close: Callable[[Mailbox[Any]], None]) -> None:
        self.pattern = pattern
        self.undecodable = 0
        self._envelope = Envelope[body]  # type: ignore[valid-type]  # a class made at run time
        self._on_close = on_close
        self._queue: asyncio.Queue[Received[Body] | None] = asyncio.Queue()
        self._closed = False

    def deliver(self, topic: str, payload: bytes, *, retained: bool = False) -> None:
        """Take one payload; one that does not fit the class is dropped and counted."""
        if not payload:
            return  # an empty retained message only clears
        try:
            envelope = self._envelope.model_validate_json(payload)
        except ValidationError:
            self.undecodable += 1
            return
        self._queue.put_nowait(Received(topic, envelope, retained))

    def hang_up(self) -> None:
        """Tell the reader that no more will come."""
        self._queue.put_nowait(None)

    async def get(self, timeout_s: float | None = None) -> Received[Body]:
        """Return the next message.  Raises TimeoutError, BusClosed."""
        async with asyncio.timeout(timeout_s):
            item = await self._queue.get()
        if item is None:
            self._queue.put_nowait(None)
            raise BusClosed("the bus was closed")
        return item

    async def __aiter__(self) -> AsyncIterator[Received[Body]]:
        """Yield until the bus or the subscription is closed."""
        while True:
            try:
                yield await self.get()
            except BusClosed:
                return

    async def close(self) -> None:
        """Stop listening; a reader that waits is let go."""
        if not self._closed:
            self._closed = True
            self._on_close(self)
            self.hang_up()


class Exchange:
    """Who listens to what, and what was retained.  Shared by the memory bus and the local socket's server."""

    def __init__(self) -> None:
        self._mailboxes: list[Mailbox[Any]] = []
        self._retained: dict[str, bytes] = {}

    def open(self, pattern: str, body: type[Body]) -> Mailbox[Body]:
        """Return a mailbox that already holds what was retained under `pattern`."""
        mailbox = Mailbox(pattern, body, self._mailboxes.remove)
        self._mailboxes.append(mailbox)
        for topic, payload in self.retained(pattern):
            mailbox.deliver(topic, payload, retained=True)
        return mailbox

    def retained(self, pattern: str) -> list[tuple[str, bytes]]:
        """Return the retained payloads under a filter."""
        return [(t, payload) for t, payload in self._retained.items() if topics.matches(pattern, t)]

    def put(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Hand a payload to everyone who listens; an empty retained one clears the topic."""
        if retain and payload:
            self._retained[topic] = payload
        elif retain:
            self._retained.pop(topic, None)
        for mailbox in list(self._mailboxes):
            if topics.matches(mailbox.pattern, topic):
                mailbox.deliver(topic, payload)

    def hang_up(self) -> None:
        """Let every reader go."""
        for mailbox in list(self._mailboxes):
            mailbox.hang_up()


class MemoryBus:
    """A Bus for one event loop.  Everything goes through JSON, as on a real wire."""

    def __init__(self) -> None:
        self._exchange = Exchange()
        self._closed = False

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Deliver to all subscribers before returning."""
        if self._closed:
            raise BusClosed("the bus was closed")
        check_scope(topic, envelope.body)
        self._exchange.put(topic, envelope.model_dump_json().encode(), retain=retain)

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; retained messages come first."""
        if self._closed:
            raise BusClosed("the bus was closed")
        return self._exchange.open(pattern, body)

    async def close(self) -> None:
        """Close for everybody."""
        self._closed = True
        self._exchange.hang_up()
