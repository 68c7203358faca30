"""One audio zone's voice: announcements one after another, none lost, none late."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus
from devices.contracts import topics
from devices.contracts.speaker import Announce
from devices.errors import DeviceError
from devices.speech_queue import SpeechQueue

DEFAULT_LIFE = timedelta(seconds=60)  # a call older than this misleads (domain, section 2.4)
SAID_TWICE_UP_TO = (
    1  # a call said twice takes 13 s and is stale after 60: who has others behind him is said once
)
RETRY_S = 1.0
log = logging.getLogger(__name__)


class SpeakerRole:
    """Says what comes on `audio/{zone}/say`; an utterance that broke off is said again while it is fresh."""

    def __init__(
        self,
        post: Post,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._device = post.device
        self._buses = post.buses
        self._session = post.make_session()
        self._queue = SpeechQueue(max_waiting=SAID_TWICE_UP_TO)
        self._fresh_until: dict[str, datetime] = {}
        self._news = asyncio.Event()
        self._now = now
        self._pause = pause

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None or self._device.audio_zone is None:
            log.warning("%s: needs [mqtt] and `audio_zone` to have something to say", self._device.id)
            await self._session.run()
            return
        await run_together(
            self._session.run(), self._listen(self._buses.site, self._device.audio_zone), self._speak()
        )

    async def _listen(self, bus: Bus, zone: str) -> None:
        async for message in await bus.subscribe(topics.audio_say(self._buses.site_name, zone), Announce):
            expires_at = message.envelope.expires_at or message.envelope.at + DEFAULT_LIFE
            self._forget_stale()
            self._fresh_until[message.body.key] = expires_at
            self._queue.add(message.body, expires_at, self._now())
            self._news.set()

    async def _speak(self) -> None:
        while True:
            said = self._queue.next(self._now())
            if said is None:
                await self._news.wait()
                self._news.clear()
                continue
            await self._say(said)

    async def _say(self, said: Announce) -> None:
        try:
            async with self._session.using() as driver:
                await driver.say(said.text, language=said.language, repeat=said.repeat)
        except DeviceError as error:
            log.warning("%s: not said (%s), will try while it is fresh", self._device.id, error.code)
            await self._pause(RETRY_S)
            again = said.model_copy(update={"recall": True})
            self._queue.add(again, self._fresh_until.get(said.key, self._now()), self._now())

    def _forget_stale(self) -> None:
        now = self._now()
        self._fresh_until = {key: until for key, until in self._fresh_until.items() if until >= now}
