"""What bars, screens and loudspeakers are told; at least once, whatever breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from devices.bus.base import BusClosed
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.base import Envelope
from devices.contracts.window_display import WindowDisplay
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.outbox_relay import EventStream, OutboxRelay
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.call_next import call_next
from queue_server.application.finish_service import finish_service
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Tx
from queue_server.application.recall import recall
from queue_server.application.sign import pause, sign_in
from queue_server.application.start_service import start_service
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.hall import Hall
from tests.queue_server.halls import MONDAY, small_hall


class FlakyBus(MemoryBus):
    """A bus that remembers, takes `takes` messages and then is away until `takes` is None."""

    def __init__(self) -> None:
        super().__init__()
        self.takes: int | None = None
        self._sent: list[tuple[str, Any]] = []
        self.retained: dict[str, Any] = {}

    def take(self, pattern: str) -> list[Any]:
        """Return what was sent under `pattern` since the last time, and forget it."""
        found = [body for topic, body in self._sent if topics.matches(pattern, topic)]
        self._sent = [(topic, body) for topic, body in self._sent if not topics.matches(pattern, topic)]
        return found

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        if self.takes is not None:
            if self.takes == 0:
                raise BusClosed("away")
            self.takes -= 1
        await super().publish(topic, envelope, retain=retain)
        self._sent.append((topic, envelope.body))
        if retain:
            self.retained[topic] = envelope.body


@dataclass
class World:
    """A store, a bus and the two consumers of the outbox."""

    store: SqliteStore
    clock: FixedClock
    bus: FlakyBus
    hall: Hall

    async def relays(self) -> tuple[OutboxRelay, EventStream]:
        """Return new ones, as after a start of the server."""
        relay = OutboxRelay(self.store, self.hall, self.clock, self.bus)
        stream = EventStream(self.store, self.hall, self.clock, self.bus)
        await relay.load()
        await stream.load()
        return relay, stream

    async def tell(self) -> None:
        """Let new relays tell all there is."""
        for relay in await self.relays():
            while await relay.step():
                pass
            await relay.save()

    async def issue(self, language: str = "zh") -> None:
        wanted = TicketIn(service_id="A", channel=Channel.KIOSK, language=language)
        await self.store.change(lambda tx: issue_ticket(tx, wanted))

    async def call(self, window: str = "1") -> None:
        await self.store.change(lambda tx: call_next(tx, window))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    hall, clock = small_hall(), FixedClock(MONDAY)
    store = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))

    def open_windows(tx: Tx) -> None:
        for window in hall.windows:
            sign_in(tx, window, f"clerk{window}")

    await store.change(open_windows)
    yield World(store, clock, FlakyBus(), hall)
    await store.close()


SAY, EVENTS = topics.audio_say("test", "AZ1"), topics.queue_event("test", "+")
COUNTS, BAR = topics.service_waiting("test", "A"), topics.window_display("test", "3")


def display(world: World, window: str) -> WindowDisplay:
    return cast(WindowDisplay, world.bus.retained[topics.window_display("test", window)])


async def test_a_called_ticket_is_on_the_bar_the_screen_and_in_the_air(world: World) -> None:
    await world.issue()
    await world.call()
    await world.tell()

    bar = display(world, "1")
    zone = world.bus.take(topics.zone_calls("test", "Z1"))
    voices = world.bus.take(SAY)
    assert (bar.text, bar.state, bar.number, bar.calls) == ("请A001到1号窗口", "calling", "A001", 1)
    assert [(call.number, call.window) for call in zone[-1].calls] == [("A001", "1")]
    assert [(voice.text, voice.recall) for voice in voices] == [("请A001号到1号窗口办理", False)]


async def test_who_chose_english_hears_english_after_the_chinese(world: World) -> None:
    await world.issue("en")
    await world.call()
    await world.tell()

    assert [(one.language, one.text) for one in world.bus.take(SAY)] == [
        ("zh", "请A001号到1号窗口办理"),
        ("en", "Number A 0 0 1, please go to window 1."),
    ]


async def test_a_recall_is_said_again_and_flashes_again(world: World) -> None:
    await world.issue()
    await world.call()
    await world.tell()
    await world.store.change(lambda tx: recall(tx, "1"))
    await world.tell()

    assert [one.recall for one in world.bus.take(SAY)] == [False, True]
    assert (display(world, "1")).calls == 2


async def test_a_call_that_grew_old_while_the_broker_was_away_is_not_said(world: World) -> None:
    await world.issue()
    await world.call()
    world.clock.advance(61)
    await world.tell()

    assert world.bus.take(SAY) == []
    assert (display(world, "1")).number == "A001"


async def test_a_call_whose_ticket_has_left_the_window_is_not_said(world: World) -> None:
    await world.issue()
    await world.call()
    await world.store.change(lambda tx: start_service(tx, "1"))
    await world.store.change(lambda tx: finish_service(tx, "1"))
    await world.tell()

    assert world.bus.take(SAY) == []
    assert (display(world, "1")).ask_rating is True


async def test_at_the_start_every_window_is_told_anew(world: World) -> None:
    await world.store.change(lambda tx: pause(tx, "2", "lunch"))
    await world.tell()
    texts = {window: (display(world, window)).text for window in world.hall.windows}

    assert texts == {"1": "欢迎光临!", "2": "暂停服务", "3": "欢迎光临!"}


async def test_waiting_counts_follow_the_line(world: World) -> None:
    await world.tell()
    world.bus.take(COUNTS)
    await world.issue()
    await world.issue()
    await world.tell()

    assert (world.bus.take(COUNTS))[-1].waiting == 2
    assert [(display(world, window)).waiting for window in ("1", "2", "3")] == [2, 2, 0]


async def test_every_event_is_told_once_and_in_order_when_nothing_breaks(world: World) -> None:
    await world.issue()
    await world.call()
    await world.tell()
    await world.tell()

    assert [event.seq for event in world.bus.take(EVENTS)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("takes", [0, 1, 3])
async def test_what_the_broker_did_not_take_is_told_when_it_is_back(world: World, takes: int) -> None:
    await world.issue()
    _, stream = await world.relays()
    world.bus.takes = takes
    with pytest.raises(BusClosed):
        await stream.step()
    world.bus.takes = None
    await stream.step()

    seqs = [event.seq for event in world.bus.take(EVENTS)]
    assert set(seqs) == {1, 2, 3, 4}
    assert seqs[-4:] == [1, 2, 3, 4]


async def test_a_crash_between_telling_and_remembering_tells_again(world: World) -> None:
    await world.tell()
    await world.issue()
    _, stream = await world.relays()
    await stream.step()
    await world.store.change(lambda tx: tx.set_cursor(stream.name, 3))  # our commit never reached the disk
    await world.tell()

    assert [event.seq for event in world.bus.take(EVENTS)] == [1, 2, 3, 4, 4]


async def test_retained_state_is_told_again_after_the_broker_lost_its_memory(world: World) -> None:
    relay, _ = await world.relays()
    while await relay.step():
        pass
    world.bus.take(BAR)
    await relay.step()
    assert world.bus.take(BAR) == []
    relay.refresh()
    await relay.step()

    assert [one.text for one in world.bus.take(BAR)] == ["欢迎光临!"]
