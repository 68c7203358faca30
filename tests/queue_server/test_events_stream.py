"""Server-sent events: resume, snapshot, heartbeat, slow listeners."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from queue_server.adapters.clock import FixedClock
from queue_server.application.ports import Event
from queue_server.contracts.events import EventName
from queue_server.http.hub import QUEUE, RETRY, RING, Hub
from tests.queue_server.halls import MONDAY


def event(seq: int) -> Event:
    return Event(seq, EventName.TICKET_ISSUED, MONDAY, number=f"A{seq:03d}", actor="kiosk:secret-name")


def hub_with(first: int, last: int) -> Hub:
    return Hub(FixedClock(MONDAY), [event(seq) for seq in range(first, last + 1)])


async def snapshot_at(seq: int) -> tuple[int, bytes]:
    return seq, b'{"seq":%d}' % seq


async def read(stream: AsyncIterator[bytes], chunks: int) -> list[tuple[str, str]]:
    """Return (id, event) of the messages in the next chunks; heartbeats have no id."""
    text = b"".join([await anext(stream) for _ in range(chunks)]).decode()
    told = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
        if "event" in lines:
            json.loads(lines["data"])
            told.append((lines.get("id", ""), lines["event"]))
    return told


async def test_a_listener_that_comes_back_gets_exactly_what_it_missed() -> None:
    hub = hub_with(1, 5)
    stream = hub.stream(3, lambda: snapshot_at(5))

    assert await anext(stream) == RETRY
    assert await read(stream, 1) == [("4", "ticket-issued"), ("5", "ticket-issued")]
    hub.publish([event(6)])
    assert await read(stream, 1) == [("6", "ticket-issued")]


@pytest.mark.parametrize("since", [None, 3, 99])
async def test_who_is_new_or_too_old_or_from_another_database_gets_the_board_first(since: int | None) -> None:
    hub = hub_with(10, 12)
    stream = hub.stream(since, lambda: snapshot_at(12))
    await anext(stream)

    assert await read(stream, 1) == [("12", "snapshot")]
    hub.publish([event(13)])
    assert await read(stream, 1) == [("13", "ticket-issued")]


async def test_an_event_that_is_in_the_snapshot_already_is_not_told_again() -> None:
    hub = hub_with(1, 1)

    async def snapshot() -> tuple[int, bytes]:
        hub.publish([event(2), event(3)])  # committed while the board was being read
        return 2, b"{}"

    stream = hub.stream(None, snapshot)
    await anext(stream)

    assert await read(stream, 2) == [("2", "snapshot"), ("3", "ticket-issued")]
    hub.publish([event(4)])
    assert await read(stream, 1) == [("4", "ticket-issued")]


async def test_an_empty_hall_has_no_past_to_miss() -> None:
    hub = Hub(FixedClock(MONDAY), [])
    stream = hub.stream(0, lambda: snapshot_at(0))
    await anext(stream)
    hub.publish([event(1)])

    assert await read(stream, 1) == [("1", "ticket-issued")]


async def test_a_heartbeat_carries_the_halls_time_and_moves_no_cursor() -> None:
    hub = hub_with(1, 1)
    stream = hub.stream(1, lambda: snapshot_at(1))
    await anext(stream)
    hub.heartbeat()
    text = (await anext(stream)).decode()

    assert "event: heartbeat" in text
    assert "2026-11-23T02:00:00" in text
    assert "id:" not in text


async def test_a_listener_that_does_not_keep_up_is_cut_off_and_others_are_not() -> None:
    hub = hub_with(1, 1)
    slow, quick = (hub.stream(1, lambda: snapshot_at(1)) for _ in range(2))
    await anext(slow)
    await anext(quick)
    for seq in range(2, QUEUE + 3):
        hub.publish([event(seq)])
        await anext(quick)

    assert len([chunk async for chunk in slow]) <= 1
    assert hub.listeners == 1


async def test_events_name_nobody() -> None:
    hub = hub_with(1, 2)
    stream = hub.stream(0, lambda: snapshot_at(0))
    await anext(stream)

    assert b"secret-name" not in await anext(stream)


async def test_only_the_newest_events_are_kept_in_memory() -> None:
    hub = hub_with(1, RING + 10)
    stream = hub.stream(5, lambda: snapshot_at(RING + 10))
    await anext(stream)

    assert await read(stream, 1) == [(str(RING + 10), "snapshot")]


async def test_closing_ends_every_stream() -> None:
    hub = hub_with(1, 1)
    stream = hub.stream(1, lambda: snapshot_at(1))
    await anext(stream)
    hub.close()

    assert [chunk async for chunk in stream] == []
