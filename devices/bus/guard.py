"""Refuses commands that must not be obeyed any more: replayed, late, retained, or dated in the future.

The broker's access list decides who may command (docs/operations/mqtt-security.md); this decides when.
A command is what comes on `device/{id}/cmd/…` and `audio/{zone}/say`; everything else passes.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from devices.bus.base import Bus, Received, Subscription
from devices.contracts import topics
from devices.contracts.base import Envelope, Message

Body = TypeVar("Body", bound=Message)
LIVES_S = 60.0  # a command that does not say how long
SAFE_ID = re.compile(r"[A-Za-z0-9._:=@-]{1,128}")
"""Answers go to a topic that ends in the command's id, so an id is one level of it and no wildcard."""
log = logging.getLogger(__name__)


class Refusal(StrEnum):
    """Why a command was not obeyed."""

    RETAINED = "retained"
    EXPIRED = "expired"
    FUTURE = "from-the-future"
    REPLAYED = "replayed"
    MALFORMED = "malformed"


REMEDIES = {
    Refusal.RETAINED: "somebody published it to be kept; clear the topic on the broker",
    Refusal.EXPIRED: "it came too late; compare this machine's clock with the server's",
    Refusal.FUTURE: "compare this machine's clock with the server's",
    Refusal.REPLAYED: "it had come before; usual once after a broken line, else look who may publish",
    Refusal.MALFORMED: "look who may publish to this topic",
}


class CommandGuard:
    """Judges envelopes.  Pure: time is an argument.

    Remembers at most `most` ids, each until its command has expired.  When there are more, the oldest are
    forgotten and nothing dated before them is obeyed any more, so a flood opens no way for a replay.
    After a restart only the expiry protects: what was not obeyed yet and is fresh may still come.
    """

    def __init__(self, skew_s: float = 5.0, most: int = 4096) -> None:
        self._skew = timedelta(seconds=skew_s)
        self._most = most
        self._seen: dict[str, tuple[datetime, datetime]] = {}  # id -> dated, of no use after
        self._floor: datetime | None = None

    def judge(self, envelope: Envelope[Any], now: datetime, *, retained: bool = False) -> Refusal | None:
        """Return why not, or None; a command that passes is remembered."""
        try:
            ends = envelope.expires_at or envelope.at + timedelta(seconds=LIVES_S)
            latest = ends + self._skew
        except OverflowError:  # dated in the last minute of the year 9999
            return Refusal.MALFORMED
        if retained:
            return Refusal.RETAINED
        if SAFE_ID.fullmatch(envelope.id) is None or ends < envelope.at:
            return Refusal.MALFORMED
        if now > ends:
            return Refusal.EXPIRED
        if envelope.at - now > self._skew:
            return Refusal.FUTURE
        if envelope.id in self._seen or (self._floor is not None and envelope.at <= self._floor):
            return Refusal.REPLAYED
        self._remember(envelope.id, envelope.at, latest, now)
        return None

    def __len__(self) -> int:
        return len(self._seen)

    def _remember(self, name: str, at: datetime, ends: datetime, now: datetime) -> None:
        if len(self._seen) >= self._most:
            self._seen = {one: kept for one, kept in self._seen.items() if kept[1] >= now}
        while len(self._seen) >= self._most:
            dated, _ = self._seen.pop(next(iter(self._seen)))
            self._floor = dated if self._floor is None else max(self._floor, dated)
        self._seen[name] = (at, ends)


def utc_now() -> datetime:
    """Return the time by this machine's clock."""
    return datetime.now(UTC)


class GuardedBus:
    """A Bus whose subscriptions drop commands that must not be obeyed; the rest is `inner`'s."""

    def __init__(self, inner: Bus, skew_s: float = 5.0, now: Callable[[], datetime] = utc_now) -> None:
        self._inner = inner
        self._skew_s = skew_s
        self._now = now
        self.refused: Counter[Refusal] = Counter()
        self._told: set[tuple[str, Refusal]] = set()

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        """Send.  Raises BusClosed, ScopeViolation."""
        await self._inner.publish(topic, envelope, retain=retain)

    async def subscribe(self, pattern: str, body: type[Body]) -> Subscription[Body]:
        """Listen; each subscription has a memory of its own."""
        heard = await self._inner.subscribe(pattern, body)
        guard = CommandGuard(self._skew_s)

        def admits(message: Received[Body]) -> bool:
            if not topics.is_command(message.topic):
                return True
            refusal = guard.judge(message.envelope, self._now(), retained=message.retained)
            if refusal is not None:
                self._tell(pattern, refusal)
            return refusal is None

        return _Admitted(heard, admits)

    async def close(self) -> None:
        """Hang up."""
        await self._inner.close()

    def _tell(self, pattern: str, refusal: Refusal) -> None:
        """Count; log once for each subscription and reason, without a word of the message."""
        self.refused[refusal] += 1
        if (pattern, refusal) not in self._told:
            self._told.add((pattern, refusal))
            log.warning("command on %s refused (%s): %s", pattern, refusal.value, REMEDIES[refusal])


class _Admitted:
    """What passes the guard, in order."""

    def __init__(self, heard: Subscription[Body], admits: Callable[[Received[Body]], bool]) -> None:
        self._heard: Subscription[Any] = heard
        self._admits: Callable[[Received[Any]], bool] = admits

    async def __aiter__(self) -> AsyncIterator[Received[Any]]:
        async for message in self._heard:
            if self._admits(message):
                yield message

    async def get(self, timeout_s: float | None = None) -> Received[Any]:
        """Return the next that passes.  Raises TimeoutError, BusClosed."""
        async with asyncio.timeout(timeout_s):
            while not self._admits(message := await self._heard.get()):
                pass
            return message

    async def close(self) -> None:
        """Stop listening."""
        await self._heard.close()
