"""Tells one receiver what happened: behind a cursor of its own, in order, at least once.

The event table is the outbox, as for the broker (`outbox_relay.py`).  What is kept in memory is one batch of
events and the newest tries.  A crash between sending and moving the cursor sends again, with the same
`Tingtong-Delivery`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from devices.runtime.backoff import backoff_s
from queue_server.adapters.webhook_http import Answer
from queue_server.application.ports import Clock, Event, Store, Tx
from queue_server.application.webhook_ports import DeadLetter, Hook
from queue_server.application.webhooks import (
    TEST_EVENT,
    Delivery,
    LineState,
    WebhookRules,
    body_of,
    delivery_id,
    headers_of,
    wants,
)

log = logging.getLogger(__name__)
BATCH = 32
SKIPPED_UNSAVED = 500
"""A cursor that only passed events nobody wanted is written down that seldom."""
KEPT_DELIVERIES = 100


class Post(Protocol):
    """The way to one receiver."""

    async def send(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send, and wait for a status for a bounded time."""
        ...

    async def close(self) -> None:
        """Close the connection."""
        ...


class WebhookLine:
    """What one receiver is still to be told."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        hook: Hook,
        secret: str,
        post: Post,
        rules: WebhookRules,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`jitter` returns 0 to 1: a pause is between half and all of what the back-off says."""
        self.hook = hook
        self.woken = asyncio.Event()
        self._store, self._clock, self._secret, self._post = store, clock, secret, post
        self._rules, self._jitter = rules, jitter
        self._cursor = self._saved = self._tries = 0
        self._deliveries: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)

    @property
    def state(self) -> LineState:
        """How it does."""
        return LineState(self._cursor, self._tries, tuple(reversed(self._deliveries)))

    async def load(self) -> None:
        """Find out how far the receiver was told before."""
        self._cursor = self._saved = await self._store.read(lambda view: view.cursor(self.hook.consumer))

    async def close(self) -> None:
        """Close the connection."""
        await self._post.close()

    async def step(self) -> float | None:
        """Tell the next events; return how long to pause then (0: go on), None when all is told."""
        after = self._cursor
        events = await self._store.read(lambda view: view.events(after, BATCH))
        if not events:
            return None
        for event in events:
            if wants(self.hook, event):
                told = await self.tell(event, self._tries + 1)
                if not told.is_taken:
                    return await self._failed(event, told)
                self._tries = 0
            self._cursor = event.seq
        if any(wants(self.hook, event) for event in events) or self._cursor - self._saved >= SKIPPED_UNSAVED:
            await self.save()
        return 0

    async def save(self) -> None:
        """Write the cursor down."""
        seq = self._cursor
        if seq != self._saved:
            await self._store.change(lambda tx: tx.move_hook(self.hook, seq))
            self._saved = seq

    async def tell(self, event: Event, tries: int = 1) -> Delivery:
        """Send one event once."""
        return await self._send(
            delivery_id(self.hook, event.seq), event.seq, event.name.value, body_of(event), tries
        )

    async def tell_test(self, token: str) -> Delivery:
        """Send a test, whatever events the receiver wants."""
        at = self._clock.now().isoformat()
        body = f'{{"seq":0,"name":"{TEST_EVENT}","at":"{at}"}}'.encode()
        return await self._send(f"{self.hook.id}-test-{token}", 0, TEST_EVENT, body, 1)

    async def _send(self, delivery: str, seq: int, name: str, body: bytes, tries: int) -> Delivery:
        now = self._clock.now()
        answer = await self._post.send(
            self.hook.url, body, headers_of(self._secret, name, delivery, now, body)
        )
        told = Delivery(delivery, seq, name, now, tries, answer.status, answer.reason)
        self._deliveries.append(told)
        return told

    async def _failed(self, event: Event, told: Delivery) -> float:
        """Wait and try again; after the last try the event is a dead letter and the line goes on."""
        self._tries += 1
        if self._tries < self._rules.tries:
            await self.save()
            pause_s = backoff_s(self._tries, first_s=self._rules.first_s, most_s=self._rules.most_s)
            return pause_s * (0.5 + self._jitter() / 2)
        letter = DeadLetter(0, self.hook.id, event.seq, event.name, told.at, self._tries, told.reason)
        most, seq = self._rules.most_dead, event.seq

        def bury(tx: Tx) -> None:
            tx.add_dead(letter, most)
            tx.move_hook(self.hook, seq)

        await self._store.change(bury)
        log.warning("a webhook's event is dead", extra={"webhook": self.hook.id, "seq": event.seq})
        self._tries, self._cursor, self._saved = 0, seq, seq
        return 0
