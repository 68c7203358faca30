"""Server-sent events: each event is encoded once and the same bytes go to every listener.

A listener that does not keep up is cut off; its browser comes back with Last-Event-ID and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from queue_server.application.announce import public_event
from queue_server.application.ports import Clock, Event

RING = 2048
QUEUE = 512
HEARTBEAT_S = 5
RETRY = b"retry: 1500\n\n"

Item = tuple[int, bytes]
Snapshot = Callable[[], Awaitable[tuple[int, bytes]]]


def encode(event: Event) -> bytes:
    """Return one event as it goes over the wire."""
    data = public_event(event).model_dump_json(exclude_none=True)
    return f"id: {event.seq}\nevent: {event.name.value}\ndata: {data}\n\n".encode()


class Hub:
    """Everybody who listens, and the newest events for those who come back."""

    def __init__(self, clock: Clock, recent: list[Event]) -> None:
        self._clock = clock
        self._ring: deque[Item] = deque(((one.seq, encode(one)) for one in recent), maxlen=RING)
        self._listeners: set[asyncio.Queue[Item | None]] = set()
        self._closed = False
        self.seq = recent[-1].seq if recent else 0

    @property
    def listeners(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def publish(self, events: list[Event]) -> None:
        """Tell everybody; on the event loop, in order of seq."""
        for event in events:
            item = (event.seq, encode(event))
            self._ring.append(item)
            self.seq = event.seq
            self._hand_out(item)

    def heartbeat(self) -> None:
        """Tell everybody the hall's time and the newest seq."""
        at = self._clock.now().isoformat(timespec="milliseconds")
        text = f'event: heartbeat\ndata: {{"at":"{at}","seq":{self.seq}}}\n\n'
        self._hand_out((0, text.encode()))

    async def beat_forever(self) -> None:
        """Send a heartbeat every few seconds."""
        while True:
            self.heartbeat()
            await asyncio.sleep(HEARTBEAT_S)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closed = True
        for queue in list(self._listeners):
            self._cut(queue)

    def _hand_out(self, item: Item) -> None:
        for queue in list(self._listeners):
            try:
                queue.put_nowait(item)
            except asyncio.QueueFull:
                self._cut(queue)

    def _cut(self, queue: asyncio.Queue[Item | None]) -> None:
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)

    async def stream(self, since: int | None, snapshot: Snapshot) -> AsyncIterator[bytes]:
        """Yield what happened after `since`, or a snapshot and what happens after it."""
        queue: asyncio.Queue[Item | None] = asyncio.Queue(QUEUE)
        self._listeners.add(queue)
        try:
            yield RETRY
            told = since
            if since is None or not self._knows_after(since):
                told, board = await snapshot()
                yield b"id: %d\nevent: snapshot\ndata: %b\n\n" % (told, board)
            missed = [item for item in self._ring if item[0] > (told or 0)]
            if missed:
                yield b"".join(data for _, data in missed)
                told = missed[-1][0]
            while not self._closed and (item := await queue.get()) is not None:
                if item[0] == 0 or item[0] > (told or 0):
                    yield item[1]
        finally:
            self._listeners.discard(queue)

    def _knows_after(self, since: int) -> bool:
        """Say whether nothing after `since` is missing from the ring."""
        if since > self.seq:
            return False  # from another database: start anew
        return since == self.seq or (bool(self._ring) and self._ring[0][0] <= since + 1)
