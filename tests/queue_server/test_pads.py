"""Call pads and evaluators on the bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.base import Envelope
from devices.contracts.call_pad import Beep, KeyPressed, PadKey, RatingGiven
from devices.contracts.printer import PrintOutcome, PrintResult
from queue_server.adapters.clock import FixedClock
from queue_server.adapters.identity import Identity
from queue_server.adapters.pad_listener import KEYS, PadListener
from queue_server.adapters.store_sqlite import SqliteStore
from queue_server.application.issue_ticket import issue_ticket
from queue_server.application.ports import Tx
from queue_server.application.sign import sign_in
from queue_server.contracts.tickets import Channel, TicketIn
from queue_server.domain.ticket import State, Ticket
from tests.queue_server.halls import MONDAY, small_hall


class RecordingBus(MemoryBus):
    """A bus that remembers what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, Any]] = []

    async def publish(self, topic: str, envelope: Envelope[Any], *, retain: bool = False) -> None:
        await super().publish(topic, envelope, retain=retain)
        self.sent.append((topic, envelope.body))


@dataclass
class Pad:
    """One pad line, one evaluator, and the listener they talk to."""

    store: SqliteStore
    clock: FixedClock
    listener: PadListener
    bus: RecordingBus
    seq: int = 0
    tickets: list[str] = field(default_factory=list)

    async def issue(self) -> Ticket:
        ticket = await self.store.change(
            lambda tx: issue_ticket(tx, TicketIn(service_id="A", channel=Channel.KIOSK))
        )
        self.tickets.append(ticket.id)
        return ticket

    async def press(self, key: PadKey, window: str = "1", seq: int | None = None) -> None:
        self.seq = seq or self.seq + 1
        self.clock.advance(5)
        await self.listener.on_key(
            KeyPressed(device_id="pads-1", window=window, key=key, boot="b1", seq=self.seq)
        )

    async def rate(self, level: int, seq: int) -> None:
        await self.listener.on_rating(
            RatingGiven(device_id="pads-1", window="1", level=level, boot="b1", seq=seq)
        )

    def beeped(self) -> list[str]:
        return [body.window for topic, body in self.bus.sent if topic.endswith("/cmd/beep")]

    async def states(self) -> list[State]:
        return [await self.store.read(lambda view, one=one: view.ticket(one).state) for one in self.tickets]  # type: ignore[misc]


@pytest.fixture
async def pad(tmp_path: Path) -> AsyncIterator[Pad]:
    hall, clock, bus = small_hall(), FixedClock(MONDAY), RecordingBus()
    store = SqliteStore(tmp_path / "hall.db", hall, clock, Identity(b"k" * 32))

    def open_windows(tx: Tx) -> None:
        for window in ("1", "2"):
            sign_in(tx, window, f"clerk{window}")

    await store.change(open_windows)
    yield Pad(store, clock, PadListener(store, "test", bus), bus)
    await store.close()


async def test_a_press_that_the_line_repeats_calls_one_ticket(pad: Pad) -> None:
    await pad.issue()
    await pad.issue()
    for _ in range(3):
        await pad.press(PadKey.CALL_NEXT, seq=7)

    assert await pad.states() == [State.CALLED, State.WAITING]
    assert pad.beeped() == []


async def test_a_pad_beeps_when_nobody_waits_and_when_nobody_is_signed_in(pad: Pad) -> None:
    await pad.press(PadKey.CALL_NEXT, "1")
    await pad.press(PadKey.CALL_NEXT, "3")
    await pad.press(PadKey.CALL_NEXT, "99")
    await pad.press(PadKey.CANCEL, "1")

    assert pad.beeped() == ["1", "3", "99", "1"]


async def test_a_pad_alone_serves_a_whole_visit(pad: Pad) -> None:
    await pad.issue()
    await pad.press(PadKey.CALL_NEXT)
    await pad.press(PadKey.RECALL)
    await pad.press(PadKey.ASK_RATING)
    await pad.rate(4, seq=90)
    await pad.rate(4, seq=90)

    rated = await pad.store.read(lambda view: view.ticket(pad.tickets[0]))
    assert (rated.state, rated.rated, rated.calls) == (State.DONE, True, 2)
    assert pad.beeped() == []


async def test_a_rating_for_nobody_is_dropped(pad: Pad) -> None:
    await pad.issue()
    await pad.rate(1, seq=3)

    assert await pad.states() == [State.WAITING]


@pytest.mark.parametrize(
    "keys, state",
    [
        ([PadKey.NO_SHOW], State.PASSED),
        ([PadKey.HOLD], State.HELD),
        ([PadKey.HOLD, PadKey.RESUME_HELD], State.CALLED),
        ([PadKey.TRANSFER], State.WAITING),
    ],
)
async def test_each_key_does_what_stands_on_it(pad: Pad, keys: list[PadKey], state: State) -> None:
    await pad.issue()
    await pad.press(PadKey.CALL_NEXT)
    for key in keys:
        await pad.press(key)

    assert await pad.states() == [state]
    assert pad.beeped() == []


async def test_the_pause_key_pauses_and_goes_on(pad: Pad) -> None:
    told = []
    for _ in range(2):
        await pad.press(PadKey.PAUSE)
        told.append((await pad.store.read(lambda view: view.desks()))["1"].paused)

    assert told == [True, False]


def test_every_key_of_the_contract_has_a_meaning() -> None:
    assert set(KEYS) == set(PadKey)


async def test_the_printers_word_on_a_reprint_reaches_the_ticket(pad: Pad) -> None:
    ticket = await pad.issue()
    said = PrintResult(job_id=f"{ticket.id}:ab12", outcome=PrintOutcome.FAILED, reason="paper-out")
    await pad.listener.on_paper(said)
    await pad.listener.on_paper(PrintResult(job_id="test:1", outcome=PrintOutcome.PRINTED))

    kept = await pad.store.read(lambda view: view.ticket(ticket.id))
    assert (kept.print_state, kept.print_reason) == ("failed", "paper-out")


async def test_keys_arrive_over_the_bus(tmp_path: Path) -> None:
    from tests.queue_server.serving import running

    async with running(tmp_path) as run:
        beeps = await run.bus.subscribe(topics.device_command("demo", "pads-1", "beep"), Beep)
        press = KeyPressed(device_id="pads-1", window="4", key=PadKey.CALL_NEXT, boot="b", seq=1)
        topic = topics.device_event("demo", "pads-1", "key-pressed")
        await run.bus.publish(topic, envelope_of(press))

        assert (await beeps.get(20)).body.window == "4"


@pytest.mark.parametrize("name", ["#", "pads-2", ""])
async def test_a_key_in_another_machines_name_is_dropped_and_the_next_one_heard(
    tmp_path: Path, name: str
) -> None:
    from tests.queue_server.serving import running

    async with running(tmp_path) as run:
        beeps = await run.bus.subscribe(topics.device_command("demo", "+", "beep"), Beep)
        topic = topics.device_event("demo", "pads-1", "key-pressed")
        for device_id, window in ((name, "9"), ("pads-1", "4")):
            press = KeyPressed(device_id=device_id, window=window, key=PadKey.CALL_NEXT, boot="b", seq=1)
            await run.bus.publish(topic, envelope_of(press))

        assert (await beeps.get(20)).body.window == "4"
