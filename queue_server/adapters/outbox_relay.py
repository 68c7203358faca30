"""Tells the hall what happened: events go to the bus in order, at least once.

The event table is the outbox; a cursor in the database says how far the bus has been told.  A crash between
telling and moving the cursor tells again, which is why every message carries `seq` and the retained ones say
the present state.  A call that grew old meanwhile is not said any more.
"""

from __future__ import annotations

import asyncio
import logging
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
from queue_server.contracts.events import ServiceWaiting
from queue_server.domain.desk import Desk
from queue_server.domain.hall import Hall
from queue_server.domain.ticket import Ticket

log = logging.getLogger(__name__)
CURSOR = "mqtt"
BATCH = 256
RETRY_S = 1.0
LOADED = 64  # a batch this big means a backlog: let the requests have the processor in between
REST_S = 0.02


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


class OutboxRelay:
    """Publishes for one hall.  `wake` after each commit; `refresh` when the broker may have forgotten."""

    def __init__(self, store: Store, hall: Hall, clock: Clock, bus: Bus) -> None:
        self._store, self._hall, self._clock, self._bus = store, hall, clock, bus
        self._woken = asyncio.Event()
        self._all_due = True
        self.cursor = 0
        self.is_behind = False
        """The broker did not take what we had to say."""

    def wake(self, _events: list[Event] | None = None) -> None:
        """There is something to tell."""
        self._woken.set()

    def refresh(self) -> None:
        """Tell all retained state again."""
        self._all_due = True
        self._woken.set()

    async def run_forever(self) -> None:
        """Tell, for ever."""
        self.cursor = await self._store.read(lambda view: view.cursor(CURSOR))
        while True:
            self._woken.clear()
            try:
                told = await self.step()
            except BusClosed:
                if not self.is_behind:
                    log.warning("the MQTT broker does not take events; they wait")
                self.is_behind = True
                await asyncio.sleep(RETRY_S)
                continue
            if self.is_behind:
                log.info("the MQTT broker takes events again")
            self.is_behind = False
            if told >= LOADED:
                await asyncio.sleep(REST_S)
            elif told == 0:
                await self._woken.wait()

    async def step(self) -> int:
        """Tell the next batch and move the cursor; return how many events there were.  Raises BusClosed."""
        after, everything = self.cursor, self._all_due
        state = await self._store.read(lambda view: self._read(view, after))
        self._all_due = False
        try:
            await self._publish(self._publications(state, everything))
        except BusClosed:
            self._all_due = self._all_due or everything
            raise
        if state.events:
            last = state.events[-1].seq
            await self._store.change(lambda tx: tx.set_cursor(CURSOR, last))
            self.cursor = last
        return len(state.events)

    def _read(self, view: View, after: int) -> _Hall:
        day = self._hall.business_day(self._clock.now())
        return _Hall(
            seq=view.seq,
            events=view.events(after, BATCH),
            active=view.active(day),
            desks=view.desks(),
            lines=view.waiting_counts(day),
            reserved=view.reserved_counts(day),
        )

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

    def _publications(self, state: _Hall, everything: bool) -> list[Publication]:
        """Return what to say, the most urgent first: bars, voices, screens, then the rest."""
        site, hall = self._hall.site, self._hall
        windows, services = self._touched(state, everything)
        zones = {hall.windows[window].zone for window in windows}
        if everything:
            zones = set(hall.zones)
        out: list[Publication] = [self._display(state, window) for window in windows]
        for event in state.events:
            out += self._voices(state, event)
        for zone in sorted(zones):
            body = zone_calls(hall, zone, state.active, state.seq)
            out.append((topics.zone_calls(site, zone), body, True, None))
        for event in state.events:
            told = public_event(event)
            out.append((topics.queue_event(site, event.name.value), told, False, None))
        for service_id in services:
            count = ServiceWaiting(
                service_id=service_id, waiting=state.lines.get(service_id, 0), seq=state.seq
            )
            out.append((topics.service_waiting(site, service_id), count, True, None))
        return out

    def _touched(self, state: _Hall, everything: bool) -> tuple[list[str], list[str]]:
        """Return the windows and services whose retained state may have changed; called windows first."""
        hall = self._hall
        if everything:
            return list(hall.windows), list(hall.services)
        first = [event.window for event in state.events if event.window in hall.windows]
        services = {event.service_id for event in state.events if event.service_id in hall.services}
        beside = [window.id for one in services if one for window in hall.windows_of[one]]
        windows = dict.fromkeys([*(window for window in first if window), *beside])
        return list(windows), sorted(one for one in services if one)

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
