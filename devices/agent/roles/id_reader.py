"""Reads a card when somebody waits for it; the card goes to the terminal's own bus only."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

from devices.agent.roles.base import Post
from devices.agent.tasks import run_together
from devices.bus.base import Bus, Received, envelope_of
from devices.contracts import topics
from devices.contracts.base import Envelope
from devices.contracts.card_advice import RENEW_CARD
from devices.contracts.id_reader import CardRead, IdCard, ReadCard, StopReading, Validity
from devices.errors import DeviceError, DeviceFault
from devices.session import NotThere

POLL_S = 0.3  # between two looks; protocols section 1.3 says 0.3 to 1 s
log = logging.getLogger(__name__)


class IdReaderRole:
    """Commands `read-card`, `stop-reading`; one reading at a time, a new one stops the one before."""

    def __init__(
        self,
        post: Post,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        today: Callable[[], date] = lambda: datetime.now(UTC).astimezone().date(),
    ) -> None:
        self._id = post.device.id
        self._bus = post.buses.local
        self._session = post.make_session()
        self._sleep = sleep
        self._today = today
        self._reading: asyncio.Task[None] | None = None
        self._command: Envelope[ReadCard] | None = None

    async def run(self) -> None:
        """Work until cancelled."""
        if self._bus is None:
            log.warning("%s: no local_socket is set, so nobody can ask for a card", self._id)
            await self._session.run()
            return
        await run_together(self._session.run(), self._take_commands(self._bus), self._take_stops(self._bus))

    async def _take_commands(self, bus: Bus) -> None:
        commands = await bus.subscribe(topics.local_command(self._id, "read-card"), ReadCard)
        async for command in commands:
            await self._stop(bus)
            self._command = command.envelope
            self._reading = asyncio.create_task(self._answer(bus, command))

    async def _take_stops(self, bus: Bus) -> None:
        stops = await bus.subscribe(topics.local_command(self._id, "stop-reading"), StopReading)
        async for _ in stops:
            await self._stop(bus)

    async def _stop(self, bus: Bus) -> None:
        if self._reading is None or self._command is None or self._reading.done():
            return
        self._reading.cancel()
        ended = await asyncio.gather(self._reading, return_exceptions=True)
        if isinstance(ended[0], asyncio.CancelledError):  # it had not answered yet, perhaps not even begun
            await self._reply(bus, self._command, CardRead(error="stopped"))

    async def _answer(self, bus: Bus, command: Received[ReadCard]) -> None:
        try:
            async with asyncio.timeout(command.body.timeout_s):
                result = await self._read()
        except TimeoutError:
            result = CardRead(error="timeout")
        await self._reply(bus, command.envelope, result)

    async def _read(self) -> CardRead:
        while True:
            try:
                async with self._session.using() as driver:
                    card = await driver.poll_card()
            except DeviceFault as fault:
                return CardRead(error="read-failed", advice=fault.advice or "place-again")
            except NotThere:
                return CardRead(error="reader-fault", advice="call-staff")
            except DeviceError:
                card = None  # the session reconnects; the citizen's time limit goes on
            if card is not None:
                return self._found(card)
            await self._sleep(POLL_S)

    def _found(self, card: IdCard) -> CardRead:
        """Tell the card with whether it is within its dates: an expired one is not hidden."""
        validity = card.validity(self._today())
        return CardRead(
            card=card, validity=validity, advice=None if validity is Validity.VALID else RENEW_CARD
        )

    async def _reply(self, bus: Bus, command: Envelope[ReadCard], result: CardRead) -> None:
        topic = topics.local_result(self._id, command.id)
        await bus.publish(topic, envelope_of(result, reply_to=command.id))
