"""Interprets the flow's effects on the asyncio thread; owns the state.

`take` is the only way in.  Whatever an effect leads to comes back as an event with the id of the request
it answers; the flow decides whether it still matters.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from uuid import uuid4

from devices.runtime.tasks import end
from kiosk.flows import intake_words as w
from kiosk.flows.hall import Hall
from kiosk.flows.intake import advance
from kiosk.flows.intake_state import Intake, next_wake_s
from kiosk.flows.intake_words import Effect, Event, Ticket
from kiosk.ports import CardProblem, DeviceGateway, Printed, QueueApi, Refused, Unreachable

POLL_S = 5.0
POLL_AGAIN_S = 2.0  # while the server is away
LOST_AFTER = 2  # polls that failed in a row: one lost answer is no outage
READ_AGAIN_S = 0.7  # a card that cannot be read must not keep the reader spinning
SETTLE_S = (1.0, 3.0, 10.0, 20.0)
SETTLE_TRIES = 30  # the last pause repeats: about ten minutes, then staff must look
KEEP_S = 60.0  # how long a citizen's data may wait in memory for an answer to their order
ASKING_S = 20.0  # what one call of QueueApi.issue may take (adapters/queue_http.py: four tries of 4 s)
HELD = "ticket-already-waiting"
log = logging.getLogger(__name__)


class Runner:
    """One kiosk.  `show` gets every new state; `now_s` is a steady clock; `sleep` is there for tests."""

    def __init__(
        self,
        state: Intake,
        queue: QueueApi,
        devices: DeviceGateway,
        show: Callable[[Intake], None],
        *,
        now_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.state = state
        self._queue = queue
        self._devices = devices
        self._show = show
        self._now_s = now_s
        self._sleep = sleep
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._wake: asyncio.TimerHandle | None = None

    def take(self, event: Event) -> None:
        """Let `event` happen.  On the loop's thread only."""
        before = self.state
        for one in (w.Tick(self._now_s()), event):
            self.state, effects = advance(self.state, one)
            for effect in effects:
                self._begin(effect)
        if self.state.step is not before.step:
            log.info("screen", extra={"step": self.state.step.value, "request": self.state.request_id})
        self._show(self.state)
        self._set_alarm()

    async def run(self) -> None:
        """Watch server and machines until cancelled."""
        self._show(self.state)
        self._spawn(self._watch_machines())
        self._spawn(self._watch_scanner())
        try:
            await self._watch_server()
        finally:
            await end(self._tasks)

    # -- watching ----------------------------------------------------------------------------------------

    async def _watch_server(self) -> None:
        failed = 0
        known: Hall | None = None
        while True:
            try:
                hall = await self._queue.hall()
                if hall != known or failed or not self.state.terminal.server_up:
                    self.take(w.HallLoaded(hall))
                failed, known = 0, hall
            except (Unreachable, Refused) as error:
                failed += 1
                if failed == LOST_AFTER:
                    log.error("queue server lost", extra={"cause": str(error)})
                    self.take(w.ServerLost())
            await self._sleep(POLL_S if not failed else POLL_AGAIN_S)

    async def _watch_machines(self) -> None:
        async for machine, reason in self._devices.health():
            log.info("machine", extra={"machine": machine, "reason": reason or "ok"})
            self.take(w.MachineChanged(machine, reason))

    async def _watch_scanner(self) -> None:
        async for text in self._devices.scans():
            self.take(w.CodeScanned(uuid4().hex, text))

    def _set_alarm(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        due = next_wake_s(self.state)
        if due is not None:
            delay = max(0.0, due - self._now_s())
            self._wake = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self.take(w.Tick(self._now_s()))

    # -- effects ---------------------------------------------------------------------------------------------

    def _begin(self, effect: Effect) -> None:
        match effect:
            case w.ReadCard():
                self._drop_reading()
                self._reading = self._spawn(self._read(effect))
            case w.StopReading():
                self._drop_reading()
                self._spawn(self._devices.stop_reading())
            case w.IssueTicket() | w.OrderCheckIn():
                self._spawn(self._issue(effect))
            case w.FindPlaces() | w.FindTicket():
                self._spawn(self._find(effect))
            case w.PrintTicket():
                self._spawn(self._print(effect))
            case w.CancelTicket(request_id, ticket_id):
                log.info("giving a ticket back", extra={"request": request_id, "ticket": ticket_id})
                self._spawn(self._insist(lambda: self._queue.cancel(request_id, ticket_id), "cancel"))
            case w.ReportPrint(request_id, ticket_id, job, outcome, proof, reason):
                printed = Printed(outcome, proof, reason)
                report = lambda: self._queue.report_print(request_id, ticket_id, job, printed)  # noqa: E731
                self._spawn(self._insist(report, "print-result"))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # a task nobody holds may vanish
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The type only: the text of an unforeseen error could quote a card.
            log.error("an effect failed", extra={"error_type": type(error).__name__})

    def _drop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    async def _read(self, order: w.ReadCard) -> None:
        if order.attempt > 1:
            await self._sleep(READ_AGAIN_S)
        try:
            citizen = await self._devices.read_card()
        except CardProblem as problem:
            self._reading = None
            self.take(w.CardFailed(order.request_id, problem.error))
            return
        self._reading = None
        self.take(w.CardSeen(order.request_id, citizen))

    async def _find(self, order: w.FindPlaces | w.FindTicket) -> None:
        try:
            if isinstance(order, w.FindTicket):
                tickets: tuple[Ticket, ...] = (await self._queue.place_of(order.token),)
            else:
                tickets = await self._queue.places(order.citizen)
        except Refused as no:
            self.take(w.IssueRefused(order.request_id, no.code, no.title, no.detail))
        except Unreachable:
            self.take(w.IssueFailed(order.request_id))
        else:
            self.take(w.PlacesTold(order.request_id, tickets))

    async def _ask(self, order: w.IssueTicket | w.OrderCheckIn) -> Ticket:
        if isinstance(order, w.OrderCheckIn):
            key = f"{order.request_id}-in-{order.attempt}"
            return await self._queue.check_in(key, order.citizen, order.code, order.language)
        wanted = (order.request_id, order.service_id, order.citizen, order.language)
        return await self._queue.issue(*wanted, package=order.package)

    async def _held(self, order: w.IssueTicket | w.OrderCheckIn, code: str) -> Ticket | None:
        """Return the ticket because of which an order was refused; with the card alone it may be printed."""
        if code != HELD or order.citizen is None or isinstance(order, w.OrderCheckIn):
            return None
        try:
            held = await self._queue.places(order.citizen)
        except (Refused, Unreachable):
            return None  # the refusal itself is told all the same
        return next((one for one in held if one.service_id == order.service_id), None)

    async def _issue(self, order: w.IssueTicket | w.OrderCheckIn) -> None:
        """Issue.  Without an answer the citizen hears so, and we ask on: the number may exist.

        The server finds a ticket again by the whole order only, so asking on keeps the citizen's data:
        never beyond KEEP_S.
        """
        until_s = self._now_s() + KEEP_S - ASKING_S
        tries = 0
        while True:
            try:
                ticket = await self._ask(order)
            except Refused as no:
                held = await self._held(order, no.code)
                told = (order.request_id, no.code, no.title, no.detail, no.moment)
                self.take(w.IssueRefused(*told, held=held))
                return
            except Unreachable:
                if tries == 0:
                    self.take(w.IssueFailed(order.request_id))
            else:
                self.take(w.TicketIssued(order.request_id, ticket))
                return
            pause_s = SETTLE_S[min(tries, len(SETTLE_S) - 1)]
            if self._now_s() + pause_s > until_s:
                log.error("never learnt whether a ticket was issued", extra={"request": order.request_id})
                return
            tries += 1
            await self._sleep(pause_s)

    async def _print(self, order: w.PrintTicket) -> None:
        printed = await self._devices.print_ticket(
            f"{order.request_id}-{order.job}",
            order.ticket.slip,
            order.masked_name,
            large=order.large,
            again=order.job > 1,
        )
        log.info("print", extra={"ticket": order.ticket.number, "outcome": printed.outcome.value})
        self.take(
            w.PrintDone(
                order.request_id, order.ticket.id, order.job, printed.outcome, printed.proof, printed.reason
            )
        )

    async def _insist(self, say: Callable[[], Awaitable[None]], what: str) -> None:
        """Say it until the server has heard it; a refusal is an answer."""
        for tries in range(SETTLE_TRIES):
            try:
                await say()
            except Refused as no:
                log.warning("refused", extra={"what": what, "code": no.code})
            except Unreachable:
                await self._sleep(SETTLE_S[min(tries, len(SETTLE_S) - 1)])
                continue
            return
        log.error("the server was never told", extra={"what": what})
