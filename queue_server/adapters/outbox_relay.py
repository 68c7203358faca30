"""Tells the hall what happened: at least once, in the order of `seq`, the urgent first.

The event table is the outbox.  Two consumers read it, each with its own cursor in the database: the displays
(bars, screens, voices, waiting counts) follow at once and say the present state, so many events need few
messages; the stream `queue/event/…` says every event and gives way to requests when there is a backlog.
A crash between telling and moving a cursor tells again, which is why every message carries `seq`.  A call
that grew old meanwhile is not said any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from devices.bus.base import Bus, BusClosed, envelope_of
from devices.contracts import topics
from devices.contracts.base import Message
from queue_server.application.announce import (
    CALLING_EVENTS,
    SAY_FOR_S,
    announcements,
    public_event,
    waiting_for_window,
    window_display,
    zone_calls,
)
from queue_server.application.ports import Clock, Event, Store, View
from queue_server.contracts.events import EventName, ServiceWaiting
from queue_server.domain.desk import Desk
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket

log = logging.getLogger(__name__)
RETRY_S = 1.0
SAVE_EVERY_S = 0.5
QUIET = frozenset({EventName.TICKET_ISSUED, EventName.TICKET_PRINT})
COUNTS_EVERY_S = 0.5
"""How often waiting counts are told while they change all the time."""


@dataclass(frozen=True, slots=True)
class _Hall:
    """The state that goes with a batch of events."""

    seq: int
    events: Sequence[Event]
    active: list[Ticket]
    desks: dict[str, Desk]
    lines: dict[str, int]
    reserved: dict[str, int]


Publication = tuple[str, Message, bool, float | None]
"""Topic, body, retained?, seconds until it expires."""


class Follower(ABC):
    """Reads the outbox behind its own cursor; `wake` after each commit, `refresh` when the broker is back."""

    name = ""
    batch = 0
    pause_s = 0.02
    """Pause after telling something; an event after a quiet moment is told at once."""
    rest_s = 0.02
    """Pause after a full batch: let the requests have the processor in between."""

    def __init__(self, store: Store, hall: Hall, clock: Clock, bus: Bus) -> None:
        self._store, self._hall, self._clock, self._bus = store, hall, clock, bus
        self._woken = asyncio.Event()
        self._refreshed = asyncio.Event()
        self.cursor = 0
        self._saved, self._saved_at = 0, 0.0
        self.is_behind = False
        """The broker did not take what we had to say."""

    def wake(self, _events: list[Event] | None = None) -> None:
        """There is something to tell."""
        self._woken.set()

    def refresh(self) -> None:
        """The broker is there, perhaps with an empty memory."""
        self._refreshed.set()
        self._woken.set()

    async def load(self) -> None:
        """Find out how far the bus was told before."""
        self.cursor = self._saved = await self._store.read(lambda view: view.cursor(self.name))

    async def run_forever(self) -> None:
        """Tell, for ever."""
        await self.load()
        while True:
            self._woken.clear()
            try:
                told = await self.step()
            except BusClosed:
                if not self.is_behind:
                    log.info("the MQTT broker does not take events; they wait", extra={"relay": self.name})
                self.is_behind = True
                await self._until_retry()
                continue
            self.is_behind = False
            if told == 0:
                await self._rest()
            else:  # who comes next within this moment shares its messages
                await asyncio.sleep(self.rest_s if told >= self.batch else self.pause_s)

    async def _rest(self) -> None:
        """Wait for events; when none come for a while, write down how far we are."""
        try:
            async with asyncio.timeout(self._rest_limit_s()):
                await self._woken.wait()
        except TimeoutError:
            await self.save()

    def _rest_limit_s(self) -> float | None:
        return SAVE_EVERY_S if self.cursor != self._saved else None

    async def _until_retry(self) -> None:
        """Wait a little, or until the broker is said to be there."""
        self._refreshed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RETRY_S):
                await self._refreshed.wait()

    @abstractmethod
    async def step(self) -> int:
        """Tell the next batch and move the cursor; return how many events there were.  Raises BusClosed."""

    async def _advance(self, events: Sequence[Event]) -> None:
        if events:
            self.cursor = events[-1].seq
        if asyncio.get_running_loop().time() - self._saved_at >= SAVE_EVERY_S:
            await self.save()

    async def save(self) -> None:
        """Write the cursor down.  A crash before that tells the last half second again."""
        seq = self.cursor
        self._saved_at = asyncio.get_running_loop().time()
        if seq != self._saved:
            await self._store.change(lambda tx: tx.set_cursor(self.name, seq))
            self._saved = seq

    async def _publish(self, messages: list[Publication]) -> None:
        """Send in order; the bus bounds how many are under way."""
        sends = [
            self._bus.publish(topic, envelope_of(body, expires_in_s=expires_s), retain=retain)
            for topic, body, retain, expires_s in messages
        ]
        results = await asyncio.gather(*sends, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result


class EventStream(Follower):
    """Says every event on `queue/event/{name}`."""

    name = "mqtt-events"
    batch = 64
    pause_s = 0.05
    rest_s = 0.2

    async def step(self) -> int:
        """Tell the next events."""
        after = self.cursor
        events = await self._store.read(lambda view: view.events(after, self.batch))
        await self._publish(
            [
                (topics.queue_event(self._hall.site, one.name.value), public_event(one), False, None)
                for one in events
            ]
        )
        await self._advance(events)
        return len(events)


class OutboxRelay(Follower):
    """Keeps bars, screens, voices and waiting counts true."""

    name = "mqtt"
    batch = 256

    def __init__(self, store: Store, hall: Hall, clock: Clock, bus: Bus) -> None:
        super().__init__(store, hall, clock, bus)
        self._all_due = True
        self._counts_due: dict[str, None] = {}
        self._counted_at = -COUNTS_EVERY_S

    def refresh(self) -> None:
        """Tell all retained state again."""
        self._all_due = True
        super().refresh()

    def _rest_limit_s(self) -> float | None:
        return COUNTS_EVERY_S if self._counts_due else super()._rest_limit_s()

    async def step(self) -> int:
        """Tell what the next events changed."""
        after, everything = self.cursor, self._all_due
        now_s = asyncio.get_running_loop().time()
        counts_now = everything or now_s - self._counted_at >= COUNTS_EVERY_S
        state = await self._store.read(lambda view: self._read(view, after, counts_now))
        services = [event.service_id for event in state.events if event.service_id in self._hall.services]
        self._counts_due |= dict.fromkeys(one for one in services if one)
        counts = list(self._hall.services) if everything else list(self._counts_due) if counts_now else []
        await self._publish(self._publications(state, counts, everything))
        if everything:
            self._all_due = False
        if counts:
            self._counted_at = now_s
            self._counts_due.clear()
        await self._advance(state.events)
        return len(state.events)

    def _read(self, view: View, after: int, counts_now: bool) -> _Hall:
        """Read events, and the state they need: a new ticket alone changes nothing but counts."""
        day = self._hall.business_day(self._clock.now())
        events = view.events(after, self.batch)
        if not counts_now and all(event.name in QUIET for event in events):
            return _Hall(view.seq, events, [], {}, {}, {})
        return _Hall(
            seq=view.seq,
            events=events,
            active=view.active(day),
            desks=view.desks(),
            lines=view.waiting_counts(day),
            reserved=view.reserved_counts(day),
        )

    def _publications(self, state: _Hall, counts: list[str], everything: bool) -> list[Publication]:
        """Return what to say, the most urgent first: bars, voices, screens, then who waits."""
        site, hall = self._hall.site, self._hall
        windows = dict.fromkeys(
            event.window
            for event in state.events
            if event.window and event.window in hall.windows and event.name not in QUIET
        )
        out = [self._display(state, window) for window in windows]
        for event in state.events:
            out += self._voices(state, event)
        zones = set(hall.zones) if everything else {hall.windows[window].zone for window in windows}
        for zone in sorted(zones):
            out.append(
                (topics.zone_calls(site, zone), zone_calls(hall, zone, state.active, state.seq), True, None)
            )
        beside = {window.id: None for one in counts for window in hall.windows_of[one]}
        if everything:
            beside = dict.fromkeys(hall.windows)
        out += [self._display(state, window) for window in beside if window not in windows]
        for service_id in counts:
            waiting = state.lines.get(service_id, 0)
            count = ServiceWaiting(service_id=service_id, waiting=waiting, seq=state.seq)
            out.append((topics.service_waiting(site, service_id), count, True, None))
        return out

    def _display(self, state: _Hall, window: str) -> Publication:
        ticket = next((one for one in state.active if one.window == window), None)
        waiting = waiting_for_window(self._hall, window, state.lines, state.reserved)
        body = window_display(state.desks[window], ticket, waiting, state.seq)
        return topics.window_display(self._hall.site, window), body, True, None

    def _voices(self, state: _Hall, event: Event) -> list[Publication]:
        """Return what to say of a call, unless it is too old or its ticket has left the window."""
        if event.name not in CALLING_EVENTS:
            return []
        left_s = SAY_FOR_S - (self._clock.now() - event.at).total_seconds()
        ticket = next((one for one in state.active if one.id == event.ticket_id), None)
        if left_s <= 0 or ticket is None or ticket.window != event.window or event.zone is None:
            return []
        topic = topics.audio_say(self._hall.site, self._hall.zones[event.zone].audio_zone)
        return [(topic, said, False, left_s) for said in announcements(event, ticket.language)]
