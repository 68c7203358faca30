"""Keys of call pads and stars of evaluators: each press is done once, whatever the line repeats.

`(device, boot, seq)` names a press for ever and is the idempotency key of its use case.  What cannot be done
is answered with a beep, since a pad has no other voice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from devices.bus.base import Bus, BusClosed, envelope_of
from devices.contracts import topics
from devices.contracts.call_pad import Beep, KeyPressed, PadKey, RatingGiven
from devices.contracts.printer import PrintResult
from queue_server.adapters.machine_jobs import DONE, NOBODY, done_once, each, request_of
from queue_server.application import sign
from queue_server.application.audit import Told
from queue_server.application.call_next import call_next
from queue_server.application.evaluate import Rating, evaluate_at_window
from queue_server.application.finish_service import finish_by_pad
from queue_server.application.hold import hold
from queue_server.application.no_show import no_show
from queue_server.application.ports import Outcome, RequestKey, Store, Tx
from queue_server.application.print_result import print_result
from queue_server.application.recall import recall
from queue_server.application.resume_held import resume_held
from queue_server.application.transfer import transfer
from queue_server.domain.errors import Refused

log = logging.getLogger(__name__)
BEEP_FOR_S = 5


def _to_the_back(tx: Tx, window: str) -> object:
    """转移(重置): a pad cannot say where to, so the ticket goes back to its own line's end."""
    ticket = tx.at_window(window)
    service = ticket.service_id if ticket else next(iter(tx.hall.window(window).skills))
    return transfer(tx, window, service, None, "back")


def _unused(tx: Tx, window: str) -> object:
    raise Refused("not-allowed", number=f"window {window}", state="-", action="cancel")


KEYS: dict[PadKey, Callable[[Tx, str], object]] = {
    PadKey.CALL_NEXT: call_next,
    PadKey.RECALL: recall,
    PadKey.ASK_RATING: finish_by_pad,
    PadKey.NO_SHOW: no_show,
    PadKey.HOLD: hold,
    PadKey.RESUME_HELD: resume_held,
    PadKey.PAUSE: sign.toggle_pause,
    PadKey.TRANSFER: _to_the_back,
    PadKey.CANCEL: _unused,  # 取消 does nothing on the real pads either (domain dossier, section 2.7)
}


class PadListener:
    """Runs use cases for what the machines of a hall tell."""

    def __init__(self, store: Store, site: str, bus: Bus) -> None:
        self._store, self._site, self._bus = store, site, bus

    async def open(self) -> None:
        """Begin to listen; what comes from now on is handled once `run_forever` runs."""
        subscribe, site = self._bus.subscribe, self._site
        self._keys = await subscribe(topics.device_event(site, "+", "key-pressed"), KeyPressed)
        self._stars = await subscribe(topics.device_event(site, "+", "rating-given"), RatingGiven)
        self._papers = await subscribe(topics.device_result(site, "+", "+"), PrintResult)

    async def run_forever(self) -> None:
        """Handle what comes, one message after the other of each kind, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(each(self._keys, self.on_key))
            group.create_task(each(self._stars, self.on_rating))
            group.create_task(each(self._papers, self.on_paper))

    async def on_key(self, press: KeyPressed) -> None:
        """Do what a key means; beep when it cannot be done."""
        act = KEYS[press.key]

        def job(tx: Tx) -> Outcome:
            return Outcome(DONE if act(tx, press.window) is not None else NOBODY)

        request = request_of(press.device_id, press.boot, press.seq, f"{press.window} {press.key.value}")
        told = Told(f"key {press.key.value}", press.device_id, window=press.window)
        status = await self._do(request, job, told)
        if status != DONE:
            await self._beep(press.device_id, press.window)

    async def on_rating(self, given: RatingGiven) -> None:
        """Keep a rating of the ticket finished last at the window; one for nobody is dropped."""

        def job(tx: Tx) -> Outcome:
            rated = evaluate_at_window(tx, given.window, Rating(given.level, channel="evaluator"))
            return Outcome(DONE if rated is not None else NOBODY)

        request = request_of(given.device_id, given.boot, given.seq, f"{given.window} rating {given.level}")
        await self._do(request, job, Told("rating", given.device_id, window=given.window))

    async def on_paper(self, said: PrintResult) -> None:
        """Keep what became of a reprint; its job id is `TICKET:…`."""
        ticket_id, colon, _ = said.job_id.partition(":")
        if not colon or not ticket_id.startswith("t_"):
            return

        def job(tx: Tx) -> Outcome:
            print_result(tx, ticket_id, said.outcome.value, said.reason)
            return Outcome(DONE)

        request = RequestKey(said.job_id, "printer", said.outcome.value)
        await self._do(request, job, Told("reprint-result", "printer", ticket=ticket_id))

    async def _do(self, request: RequestKey, job: Callable[[Tx], Outcome], told: Told) -> int:
        return await done_once(self._store, request, job, told)

    async def _beep(self, device_id: str, window: str) -> None:
        topic = topics.device_command(self._site, device_id, "beep")
        try:
            await self._bus.publish(topic, envelope_of(Beep(window=window), expires_in_s=BEEP_FOR_S))
        except BusClosed:
            log.warning("no beep: the broker is away", extra={"device": device_id})
