"""One audio zone's voice: announcements one after another, none lost, none late, softer by the hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from devices.agent.roles.base import Post
from devices.agent.speech_journal import journal_for
from devices.agent.tasks import run_together
from devices.bus.base import Bus
from devices.codecs.loudness import gain_at, parse_hours
from devices.contracts import topics
from devices.contracts.speaker import Announce
from devices.errors import DeviceError
from devices.kinds import Speaker
from devices.session import Detail
from devices.speech_queue import SpeechQueue

DEFAULT_LIFE = timedelta(seconds=60)  # a call older than this misleads (domain, section 2.4)
SAID_TWICE_UP_TO = (
    1  # a call said twice takes 13 s and is stale after 60: who has others behind him is said once
)
RETRY_S = 1.0
log = logging.getLogger(__name__)


class SpeakerRole:
    """Says what comes on `audio/{zone}/say`; an utterance that broke off is said again while it is fresh.

    That holds for the agent's own end, too: with `state_dir`, what is owed outlives it.
    """

    def __init__(
        self,
        post: Post,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        local: Callable[[datetime], datetime] = lambda at: at.astimezone(),
    ) -> None:
        self._device = post.device
        self._buses = post.buses
        self._session = post.make_session(check=_look)
        self._queue = SpeechQueue(max_waiting=SAID_TWICE_UP_TO)
        self._fresh_until: dict[str, datetime] = {}
        self._news = asyncio.Event()
        self._hours = parse_hours(post.device.volume)
        self._journal = journal_for(post.state_dir, post.device.id)
        self._saying: Announce | None = None
        self._now = now
        self._pause = pause
        self._local = local

    async def run(self) -> None:
        """Work until cancelled."""
        if self._buses.site is None or self._device.audio_zone is None:
            log.warning("%s: needs [mqtt] and `audio_zone` to have something to say", self._device.id)
            await self._session.run()
            return
        for announce, expires_at in self._journal.load():
            self._take(announce, expires_at)
        await run_together(
            self._session.run(), self._listen(self._buses.site, self._device.audio_zone), self._speak()
        )

    async def _listen(self, bus: Bus, zone: str) -> None:
        async for message in await bus.subscribe(topics.audio_say(self._buses.site_name, zone), Announce):
            expires_at = message.envelope.expires_at or message.envelope.at + DEFAULT_LIFE
            self._forget_stale()
            self._take(message.body, expires_at)
            self._keep()

    def _take(self, announce: Announce, expires_at: datetime) -> None:
        self._fresh_until[announce.key] = expires_at
        self._queue.add(announce, expires_at, self._now())
        self._news.set()

    async def _speak(self) -> None:
        while True:
            said = self._queue.next(self._now())
            if said is None:
                await self._news.wait()
                self._news.clear()
                continue
            gain = gain_at(self._hours, self._local(self._now()).time())
            if gain > 0:  # in quiet hours the boards and screens speak
                self._saying = said
                await self._say(said, gain)
                self._saying = None
            self._keep()

    async def _say(self, said: Announce, gain: float) -> None:
        try:
            async with self._session.using() as driver:
                await driver.say(said.text, language=said.language, repeat=said.repeat, gain=gain)
        except DeviceError as error:
            log.warning("%s: not said (%s), will try while it is fresh", self._device.id, error.code)
            await self._pause(RETRY_S)
            again = said.model_copy(update={"recall": True})
            self._queue.add(again, self._fresh_until.get(said.key, self._now()), self._now())

    def _keep(self) -> None:
        """Write down what is owed: first what is being said, as it may break off."""
        first = self._saying
        owed = [] if first is None else [(first, self._fresh_until.get(first.key, self._now()))]
        waiting = self._queue.waiting()
        self._journal.save([*owed, *((one, end) for one, end in waiting if end is not None)])

    def _forget_stale(self) -> None:
        now = self._now()
        self._fresh_until = {key: until for key, until in self._fresh_until.items() if until >= now}


async def _look(driver: Speaker) -> Detail:
    return Detail(await driver.look())
