"""A smart-card reader: tells of cards that come and go, reads one when asked, and signs staff in by card.

What goes where: a person's data answer `read-card` on the terminal's own bus; `card-inserted` and
`card-removed` go there too; `staff-card-shown` goes to the site, with a keyed hash in place of the card's
serial number.  A reader that `joins` the terminal's ID reader answers that one's requests as well, so that
the kiosk takes either card without knowing of the second reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from itertools import count
from uuid import uuid4

from devices.agent.roles.base import Post
from devices.agent.roles.id_reader import POLL_S, IdReaderRole
from devices.agent.tasks import run_together
from devices.bus.base import Bus, BusClosed, Received, Subscription, envelope_of
from devices.contracts import topics
from devices.contracts.id_reader import (
    CardInserted,
    CardMedium,
    CardRead,
    CardRemoved,
    ReadCard,
    StaffCardShown,
    StopReading,
)
from devices.errors import DeviceError, DeviceFault
from devices.kinds import CardChange

LOOK_S = 0.25  # how long one look waits for a card; a request for a card waits at most that long for it
SHOWN_LIVES_S = 10.0  # a sign-in that arrives later than this would surprise the clerk
_ANSWERS_KNOWN = 16
log = logging.getLogger(__name__)


class CardReaderRole(IdReaderRole):
    """Commands `read-card`, `stop-reading`; events `card-inserted`, `card-removed`, `staff-card-shown`."""

    def __init__(
        self,
        post: Post,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        today: Callable[[], date] = lambda: datetime.now(UTC).astimezone().date(),
    ) -> None:
        super().__init__(post, sleep, today)
        self._post = post
        self._joined = post.device.joins
        self._joined_reading: asyncio.Task[None] | None = None
        self._joined_request = ""
        self._answered: deque[str] = deque(maxlen=_ANSWERS_KNOWN)
        self._boot = uuid4().hex[:12]
        self._seq = count(1)

    async def run(self) -> None:
        """Work until cancelled."""
        jobs = [self._session.run(), self._watch()]
        if self._bus is not None:
            jobs += [self._take_commands(self._bus), self._take_stops(self._bus)]
            if self._joined is not None:
                jobs.append(self._take_joined(self._bus, self._joined))
        await run_together(*jobs)

    # --- cards that come and go ---------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            try:
                async with self._session.using() as driver:
                    change = await driver.look(LOOK_S)
            except DeviceFault as fault:
                log.info("%s: a card came and could not be spoken to (%s)", self._id, fault.code)
            except DeviceError:
                await self._sleep(POLL_S)  # the session reconnects
            else:
                if change is not None:
                    with contextlib.suppress(BusClosed):
                        await self._tell(change)
            await asyncio.sleep(0)  # who waits for the reader has his turn

    async def _tell(self, change: CardChange) -> None:
        if self._bus is not None:
            if change.medium is None:
                topic = topics.local_event(self._id, "card-removed")
                await self._bus.publish(topic, envelope_of(CardRemoved(device_id=self._id)))
            else:
                topic = topics.local_event(self._id, "card-inserted")
                came = CardInserted(device_id=self._id, medium=change.medium, number=change.number)
                await self._bus.publish(topic, envelope_of(came))
        if change.medium is CardMedium.STAFF_CARD:
            await self._tell_staff(change.uid)

    async def _tell_staff(self, uid: bytes) -> None:
        site, window, salt = self._post.buses.site, self._post.device.window, self._post.staff_card_salt
        if site is None or window is None or salt is None:
            log.warning("%s: a staff card needs [mqtt], staff_card_salt and the device's window", self._id)
            return
        shown = StaffCardShown(
            device_id=self._id,
            window=window,
            card=card_hash(salt, uid),
            boot=self._boot,
            seq=next(self._seq),
        )
        topic = topics.device_event(self._post.buses.site_name, self._id, "staff-card-shown")
        try:
            await site.publish(topic, envelope_of(shown, expires_in_s=SHOWN_LIVES_S))
        except BusClosed:
            log.warning("%s: the broker is away, a staff card was not told", self._id)

    # --- requests to the reader that this one joins ---------------------------------------------------

    async def _take_joined(self, bus: Bus, joined: str) -> None:
        """Read for each request to `joined` until somebody has answered it."""
        results = await bus.subscribe(topics.local_result(joined, "+"), CardRead)
        commands = await bus.subscribe(topics.local_command(joined, "read-card"), ReadCard)
        try:
            await run_together(self._hear_answers(results), self._read_for(bus, joined, commands))
        finally:
            self._drop_joined()

    async def _hear_answers(self, results: Subscription[CardRead]) -> None:
        async for result in results:
            answered = result.envelope.reply_to or ""
            self._answered.append(answered)  # it may have been quicker than the request on its way to us
            if self._joined_request == answered:
                self._drop_joined()

    async def _read_for(self, bus: Bus, joined: str, commands: Subscription[ReadCard]) -> None:
        async for command in commands:
            self._drop_joined()
            if command.envelope.id not in self._answered:
                self._joined_request = command.envelope.id
                self._joined_reading = asyncio.create_task(self._answer_joined(bus, joined, command))

    def _drop_joined(self) -> None:
        self._joined_request = ""
        if self._joined_reading is not None:
            self._joined_reading.cancel()
            self._joined_reading = None

    async def _answer_joined(self, bus: Bus, joined: str, command: Received[ReadCard]) -> None:
        """Answer in the joined reader's place; its own answers, also that time is up, end this task."""
        try:
            async with asyncio.timeout(command.body.timeout_s):
                result = await self._read_patiently()
        except TimeoutError:
            return
        self._joined_request = ""  # what is heard from now on is our own answer
        with contextlib.suppress(BusClosed):
            topic = topics.local_result(joined, command.envelope.id)
            await bus.publish(topic, envelope_of(result, reply_to=command.envelope.id))
            stop = topics.local_command(joined, "stop-reading")
            await bus.publish(stop, envelope_of(StopReading()))

    async def _read_patiently(self) -> CardRead:
        """Read; while this reader is away the other one may still answer."""
        while (result := await self._read()).error == "reader-fault":
            await self._sleep(POLL_S)
        return result


def card_hash(salt: str, uid: bytes) -> str:
    """Return a card's name on the site's bus: HMAC-SHA256 of its serial number under the site's salt.

    A serial number has 4 to 10 bytes: whoever knows the salt can try them all, so the salt is a secret.
    """
    return hmac.new(salt.encode(), uid, "sha256").hexdigest()
