"""One day of the hall in virtual time, through the real use cases and the real store.

Events wait in a heap; the clock stands at each in turn.  Nothing here chooses a ticket: windows press their
keys, and the store's transactions answer as in a real hall.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count

from queue_server.adapters.clock import FixedClock
from queue_server.application import sign
from queue_server.application.call_next import call_next
from queue_server.application.expire_day import expire_day
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.no_show import no_show
from queue_server.application.ports import Store
from queue_server.application.recall import recall
from queue_server.application.requeue import requeue
from queue_server.application.start_service import start_service
from queue_server.contracts.tickets import Channel, CitizenIn, TicketIn
from queue_server.domain.errors import QueueError
from queue_server.domain.estimate import Estimate
from queue_server.domain.hall import Hall
from queue_server.simulation.demand import Demand, Visit

NOTHING_TOLD = Estimate()
Act = Callable[[], Awaitable[None]]
LUNCH_S, LUNCH_ENDS_S, CLOSES_S = 12 * 3600.0, 13 * 3600.0, 17 * 3600.0
BORN_LONG_AGO = date(1940, 1, 1)


@dataclass(slots=True)
class Journey:
    """What became of a visit; times in seconds since midnight.  `called_s` is the first call."""

    visit: Visit
    issued_s: float | None = None
    called_s: float | None = None
    done: bool = False
    told: Estimate = NOTHING_TOLD
    """What the ticket said of the wait."""

    @property
    def wait_s(self) -> float | None:
        """From the ticket to its first call."""
        return None if self.issued_s is None or self.called_s is None else self.called_s - self.issued_s


@dataclass(slots=True)
class DayLog:
    """Everything a day left behind.  `turned_away` counts refusals by code, `finals` tickets by state."""

    journeys: list[Journey]
    busy_s: dict[str, float]
    open_s: dict[str, float]
    whys: Counter[str] = field(default_factory=Counter)
    turned_away: Counter[str] = field(default_factory=Counter)
    finals: Counter[str] = field(default_factory=Counter)
    ended_s: float = 0.0


class VirtualDay:
    """Runs one day.  `store` must use `clock`; `pace` is told how far the day has come, before each event."""

    def __init__(
        self,
        hall: Hall,
        store: Store,
        clock: FixedClock,
        demand: Demand,
        day: date,
        pace: Callable[[float], None] = lambda at_s: None,
    ) -> None:
        self._hall, self._store, self._clock, self._demand, self._pace = hall, store, clock, demand, pace
        self._midnight = datetime(day.year, day.month, day.day, tzinfo=hall.timezone).astimezone(UTC)
        self._heap: list[tuple[float, int, Act]] = []
        self._order = count()
        self._now_s = 0.0
        self._free: dict[str, None] = {}
        self._pauses: dict[str, list[float]] = {}
        self._by_ticket: dict[str, Journey] = {}
        self._log = DayLog([], dict.fromkeys(hall.windows, 0.0), {})

    async def run(self, visits: list[Visit], pauses: dict[str, list[float]]) -> DayLog:
        """Live through the day and the next morning; return what happened."""
        self._pauses = {window: list(times) for window, times in pauses.items()}
        self._log.journeys = [Journey(visit) for visit in visits]
        for journey in self._log.journeys:
            self._at(journey.visit.at_s, partial(self._arrive, journey))
        for window in self._hall.windows.values():
            off = 0.0 if window.lunch_duty else LUNCH_ENDS_S - LUNCH_S
            self._log.open_s[window.id] = CLOSES_S - 9 * 3600 - off
            self._at(9 * 3600.0, partial(self._sit_down, window.id))
            if not window.lunch_duty:
                self._at(LUNCH_S, partial(self._if_free, window.id))
        while self._heap:
            at_s, _, act = heapq.heappop(self._heap)
            self._pace(at_s)
            self._move_to(at_s)
            await act()
        self._log.ended_s = self._now_s
        await self._night()
        return self._log

    def _at(self, at_s: float, act: Act) -> None:
        heapq.heappush(self._heap, (at_s, next(self._order), act))

    def _after(self, seconds: float, act: Act) -> None:
        self._at(self._now_s + seconds, act)

    def _move_to(self, at_s: float) -> None:
        self._now_s = at_s
        self._clock.move_to(self._midnight + timedelta(seconds=at_s))

    async def _arrive(self, journey: Journey) -> None:
        visit = journey.visit
        is_elder = visit.priority == "ELDER"
        wanted = TicketIn(
            service_id=visit.service_id,
            channel=Channel.KIOSK,
            citizen=CitizenIn(
                id_type="other", id_number=f"SIM{visit.n:06d}", birth=BORN_LONG_AGO if is_elder else None
            ),
            priority=None if is_elder else visit.priority,
        )
        try:
            ticket = await self._store.change(lambda tx: issue_ticket(tx, wanted), "simulation")
        except QueueError as refusal:
            self._turn_away(journey, refusal)
            return
        journey.issued_s = self._now_s
        journey.told = Estimate(ticket.est_low_s, ticket.est_likely_s, ticket.est_high_s)
        self._by_ticket[ticket.id] = journey
        await self._somebody_waits(visit.service_id)

    def _turn_away(self, journey: Journey, refusal: QueueError) -> None:
        """Let somebody who came at noon wait for the doors; whoever comes too late goes home."""
        now = self._clock.now()
        opens = self._hall.opens_at(now, journey.visit.service_id)
        today = self._hall.business_day(now)
        if (
            refusal.error_code == "service-closed"
            and opens is not None
            and self._hall.business_day(opens) == today
        ):
            again = (opens - self._midnight).total_seconds() + journey.visit.patience_s
            self._at(again, lambda: self._arrive(journey))
        else:
            self._log.turned_away[refusal.error_code] += 1

    async def _somebody_waits(self, service_id: str) -> None:
        """Let the window that is free longest call, if it handles the service and does not pause."""
        for window in list(self._free):
            if service_id in self._hall.windows[window].skills and await self._call(window):
                return

    async def _sit_down(self, window: str) -> None:
        await self._store.change(lambda tx: sign.sign_in(tx, window, f"clerk {window}"), "simulation")
        await self._call(window)

    async def _if_free(self, window: str) -> None:
        if window in self._free:
            await self._call(window)

    async def _call(self, window: str) -> bool:
        """Go to a pause that is due, else press the call key; say whether it was pressed."""
        self._free.pop(window, None)
        away_s = self._away_s(window)
        if away_s:
            await self._store.change(lambda tx: sign.pause(tx, window, "暂离"), "simulation")
            self._after(away_s, lambda: self._come_back(window))
            return False
        ticket = await self._store.change(lambda tx: call_next(tx, window), "simulation")
        if ticket is None:
            self._free[window] = None
            return True
        journey = self._by_ticket[ticket.id]
        self._log.whys[ticket.why.split()[0]] += 1
        is_first = journey.called_s is None
        journey.called_s = self._now_s if is_first else journey.called_s
        if is_first and journey.visit.misses_call:
            half = self._demand.no_show_wait_s / 2
            self._after(half, lambda: self._recall(window, journey, ticket.id))
        else:
            self._after(self._demand.walk_s, lambda: self._serve(window, journey))
        return True

    def _away_s(self, window: str) -> float:
        """Return for how long the clerk goes away now, 0 for not at all."""
        if LUNCH_S <= self._now_s < LUNCH_ENDS_S and not self._hall.windows[window].lunch_duty:
            return LUNCH_ENDS_S - self._now_s
        due = self._pauses.get(window, [])
        if due and due[0] <= self._now_s < CLOSES_S:
            due.pop(0)
            return self._demand.pause_min * 60
        return 0.0

    async def _come_back(self, window: str) -> None:
        await self._store.change(lambda tx: sign.resume(tx, window), "simulation")
        await self._call(window)

    async def _serve(self, window: str, journey: Journey) -> None:
        await self._store.change(lambda tx: start_service(tx, window), "simulation")
        self._log.busy_s[window] += self._demand.walk_s + journey.visit.service_s
        self._after(journey.visit.service_s, lambda: self._finish(window, journey))

    async def _finish(self, window: str, journey: Journey) -> None:
        await self._store.change(lambda tx: finish_service(tx, window), "simulation")
        journey.done = True
        await self._call(window)

    async def _recall(self, window: str, journey: Journey, ticket_id: str) -> None:
        await self._store.change(lambda tx: recall(tx, window), "simulation")
        self._after(self._demand.no_show_wait_s / 2, lambda: self._nobody_came(window, journey, ticket_id))

    async def _nobody_came(self, window: str, journey: Journey, ticket_id: str) -> None:
        await self._store.change(lambda tx: no_show(tx, window), "simulation")
        self._log.busy_s[window] += self._demand.no_show_wait_s
        if journey.visit.comes_back:
            self._after(self._demand.return_after_min * 60, lambda: self._bring_back(journey, ticket_id))
        await self._call(window)

    async def _bring_back(self, journey: Journey, ticket_id: str) -> None:
        await self._store.change(lambda tx: requeue(tx, ticket_id), "simulation")
        await self._somebody_waits(journey.visit.service_id)

    async def _night(self) -> None:
        """Sign everybody out; the next morning what is still open expires."""
        for window in self._hall.windows:
            await self._store.change(partial(sign.sign_out, window_id=window), "simulation")
        self._move_to(32 * 3600.0)
        await self._store.change(expire_day, "simulation")
        ids = list(self._by_ticket)
        states = await self._store.read(lambda view: [view.ticket(one).state.value for one in ids])
        self._log.finals.update(states)
