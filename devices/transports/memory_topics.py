"""A broker without a network: a driver on one end, a test on the other, and virtual time."""

from __future__ import annotations

from collections import deque

from devices.contracts.topics import matches
from devices.errors import WireClosed, WireTimeout
from devices.transports.base import TopicMessage


class MemoryTopics:
    """A TopicWire.  `say` speaks as somebody else on the broker, `published` is what the driver said."""

    def __init__(self) -> None:
        self._patterns: list[str] = []
        self._retained: dict[str, bytes] = {}
        self._inbox: deque[TopicMessage] = deque()
        self._now_s = 0.0
        self._open = True
        self.published: list[tuple[str, bytes]] = []

    def now_s(self) -> float:
        """Return virtual seconds."""
        return self._now_s

    def pass_time(self, seconds: float) -> None:
        """Let virtual time go by."""
        self._now_s += seconds

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Speak on the broker; who has subscribed hears it."""
        if retain:
            self._retained[topic] = payload
        if self._open and any(matches(pattern, topic) for pattern in self._patterns):
            self._inbox.append(TopicMessage(topic, payload))

    async def subscribe(self, pattern: str) -> None:
        """Listen; what was retained comes first."""
        if not self._open:
            raise WireClosed("the broker is gone")
        self._patterns.append(pattern)
        for topic, payload in self._retained.items():
            if matches(pattern, topic):
                self._inbox.append(TopicMessage(topic, payload, retained=True))

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Speak; a driver that listens to its own topic hears itself."""
        if not self._open:
            raise WireClosed("the broker is gone")
        self.published.append((topic, payload))
        self.say(topic, payload, retain=retain)

    async def read(self, timeout_s: float | None = None) -> TopicMessage:
        """Return the next message; waiting moves the clock."""
        if self._inbox:
            return self._inbox.popleft()
        if timeout_s is None or not self._open:
            raise WireClosed("nobody says anything any more")
        self._now_s += timeout_s
        raise WireTimeout("nothing was said in time")

    async def close(self) -> None:
        """Hang up."""
        self._open = False
