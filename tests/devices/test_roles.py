"""Roles bridge drivers and buses; each is run on a memory bus with a fake driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.board import BoardRole
from devices.agent.roles.id_reader import IdReaderRole
from devices.agent.roles.pads import PadLineRole
from devices.agent.roles.printer import PrinterRole
from devices.agent.roles.speaker import SpeakerRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import envelope_of, request
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.call_pad import KeyPressed, PadKey, RatingGiven
from devices.contracts.id_reader import CardKind, CardRead, IdCard, ReadCard, StopReading
from devices.contracts.printer import PrintNamedTicket, PrintOutcome, PrintResult, PrintTicket, TicketSlip
from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.errors import DeviceFault
from devices.kinds import PadPress, PadRating
from devices.session import Parts, Session

PATIENCE_S = 10
CARD = IdCard(kind=CardKind.CITIZEN, name="张伟", id_number="990000199001011239", birth=date(1990, 1, 1))
SLIP = TicketSlip(hall="示范区政务服务中心", number="A001", service="企业开办", issued_at="2026-11-23 09:41")


class FakeWire:
    async def close(self) -> None:
        return None


def post(driver: Any, buses: Buses, **device: Any) -> Post:
    settings = DeviceSettings(id="m-1", driver="fake", wire="tcp://127.0.0.1:1", **device)

    async def open_wire() -> FakeWire:
        return FakeWire()

    async def tell(_health: object) -> None:
        return None

    def make_session(**hooks: Any) -> Session:
        return Session(
            Parts(
                device_id="m-1",
                kind="x",
                driver="fake",
                open_wire=open_wire,
                build=lambda _w: driver,
                tell=tell,
                **hooks,
            )
        )

    return Post(settings, buses, make_session)


@asynccontextmanager
async def running(role: Any) -> AsyncIterator[None]:
    task = asyncio.create_task(role.run())
    for _ in range(20):
        await asyncio.sleep(0)  # let it subscribe and connect; everything here is in this loop
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class FakeReader:
    discarded_bytes = 0

    def __init__(self, *looks: IdCard | Exception | None) -> None:
        self.looks = list(looks)

    async def probe(self) -> None:
        return None

    async def poll_card(self) -> IdCard | None:
        look = self.looks.pop(0) if self.looks else None
        if isinstance(look, Exception):
            raise look
        return look


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


async def test_a_card_is_read_when_asked_and_goes_to_the_local_bus_only() -> None:
    local, site = MemoryBus(), MemoryBus()
    overheard = await site.subscribe("#", CardRead)
    reader = FakeReader(None, None, CARD)

    async with running(IdReaderRole(post(reader, Buses("demo", site, local)), no_pause)):
        result = await request(local, "m-1", "read-card", ReadCard(), CardRead, timeout_s=PATIENCE_S)

    assert result.card == CARD
    await overheard.close()
    assert [message async for message in overheard] == []


async def test_an_unreadable_card_is_answered_with_the_advice_to_place_it_again() -> None:
    local = MemoryBus()
    reader = FakeReader(DeviceFault("read-failed", "SW 41", advice="place-again"))

    async with running(IdReaderRole(post(reader, Buses("demo", None, local)), no_pause)):
        result = await request(local, "m-1", "read-card", ReadCard(), CardRead, timeout_s=PATIENCE_S)

    assert (result.error, result.advice) == ("read-failed", "place-again")


async def test_reading_that_nobody_waits_for_any_more_is_stopped() -> None:
    local = MemoryBus()

    async with running(IdReaderRole(post(FakeReader(), Buses("demo", None, local)), no_pause)):
        command = envelope_of(ReadCard(timeout_s=600))
        results = await local.subscribe(topics.local_result("m-1", command.id), CardRead)
        await local.publish(topics.local_command("m-1", "read-card"), command)
        await local.publish(topics.local_command("m-1", "stop-reading"), envelope_of(StopReading()))
        result = (await results.get(PATIENCE_S)).body

    assert result.error == "stopped"


class FakePrinter:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str]] = []
        self.ejected: list[bool] = []
        self.outcomes: list[PrintResult] = []

    async def probe(self) -> None:
        return None

    async def status(self) -> Any:
        from devices.contracts.health import Paper
        from devices.kinds import PrinterStatus

        return PrinterStatus(True, Paper.FULL)

    async def print_ticket(
        self, job_id: str, slip: TicketSlip, masked_name: str = "", *, eject_first: bool = False
    ) -> PrintResult:
        self.ejected.append(eject_first)
        self.jobs.append((slip.number, masked_name))
        if self.outcomes:
            return self.outcomes.pop(0)
        return PrintResult(job_id=job_id, outcome=PrintOutcome.PRINTED, started=True)


async def test_the_kiosk_prints_with_the_masked_name_and_staff_reprint_without() -> None:
    local, site, printer = MemoryBus(), MemoryBus(), FakePrinter()

    async with running(PrinterRole(post(printer, Buses("demo", site, local)))):
        named = PrintNamedTicket(job_id="1", slip=SLIP, masked_name="张*")
        await request(local, "m-1", "print-ticket", named, PrintResult, timeout_s=PATIENCE_S)
        command = envelope_of(PrintTicket(job_id="2", slip=SLIP))
        results = await site.subscribe(topics.device_result("demo", "m-1", command.id), PrintResult)
        await site.publish(topics.device_command("demo", "m-1", "print-ticket"), command)
        await results.get(PATIENCE_S)

    assert printer.jobs == [("A001", "张*"), ("A001", "")]


async def test_an_order_to_print_that_comes_too_late_prints_nothing() -> None:
    site, printer = MemoryBus(), FakePrinter()
    now = datetime(2026, 11, 23, 9, 41, tzinfo=UTC)

    async with running(PrinterRole(post(printer, Buses("demo", site)), lambda: now + timedelta(seconds=11))):
        command = envelope_of(PrintTicket(job_id="2", slip=SLIP), expires_in_s=10, now=now)
        results = await site.subscribe(topics.device_result("demo", "m-1", command.id), PrintResult)
        await site.publish(topics.device_command("demo", "m-1", "print-ticket"), command)
        result = (await results.get(PATIENCE_S)).body

    assert (result.outcome, result.reason, printer.jobs) == (PrintOutcome.FAILED, "expired", [])


async def test_a_job_that_was_printed_is_not_printed_again_even_after_a_reconnection() -> None:
    local, printer = MemoryBus(), FakePrinter()

    async with running(PrinterRole(post(printer, Buses("demo", None, local)))):
        named = PrintNamedTicket(job_id="1", slip=SLIP)
        results = [
            await request(local, "m-1", "print-ticket", named, PrintResult, timeout_s=PATIENCE_S)
            for _ in range(2)
        ]

    assert [result.outcome for result in results] == [PrintOutcome.PRINTED, PrintOutcome.PRINTED]
    assert len(printer.jobs) == 1


async def test_what_a_broken_job_left_is_cut_off_before_the_next_citizens_ticket() -> None:
    local, printer = MemoryBus(), FakePrinter()
    printer.outcomes = [
        PrintResult(job_id="1", outcome=PrintOutcome.FAILED, reason="cover-open", started=True),
        PrintResult(job_id="2", outcome=PrintOutcome.FAILED, reason="cover-open"),
    ]

    async with running(PrinterRole(post(printer, Buses("demo", None, local)))):
        for job_id in ("1", "2", "3", "4"):
            named = PrintNamedTicket(job_id=job_id, slip=SLIP)
            await request(local, "m-1", "print-ticket", named, PrintResult, timeout_s=PATIENCE_S)

    assert printer.ejected == [False, True, True, False]


class FakePads:
    discarded_bytes = 0

    def __init__(self, *presses: PadPress | PadRating) -> None:
        self.queue: asyncio.Queue[PadPress | PadRating] = asyncio.Queue()
        for press in presses:
            self.queue.put_nowait(press)
        self.shown: list[tuple[str, int, object]] = []
        self.news = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def presses(self) -> AsyncIterator[PadPress | PadRating]:
        while True:
            yield await self.queue.get()

    async def show_ticket(self, addr: int, number: str) -> None:
        self._note("ticket", addr, number)

    async def show_waiting(self, addr: int, waiting: int) -> None:
        self._note("waiting", addr, waiting)

    async def ask_rating(self, addr: int) -> None:
        self._note("rate", addr, None)

    async def beep(self, addr: int) -> None:
        self._note("beep", addr, None)

    def _note(self, what: str, addr: int, value: object) -> None:
        self.shown.append((what, addr, value))
        self.news.set()


async def test_a_key_becomes_an_event_of_its_window_and_two_keys_are_two_events() -> None:
    site = MemoryBus()
    keys = await site.subscribe(topics.device_event("demo", "m-1", "key-pressed"), KeyPressed)
    ratings = await site.subscribe(topics.device_event("demo", "m-1", "rating-given"), RatingGiven)
    pads = FakePads(PadPress(7, PadKey.CALL_NEXT), PadPress(7, PadKey.CALL_NEXT), PadRating(7, 5))

    async with running(PadLineRole(post(pads, Buses("demo", site), windows={7: "3"}))):
        first, second = [(await keys.get(PATIENCE_S)).body for _ in range(2)]
        rating = (await ratings.get(PATIENCE_S)).body

    assert (first.window, first.key) == ("3", PadKey.CALL_NEXT)
    assert (first.boot, first.seq) != (second.boot, second.seq)
    assert (rating.window, rating.level) == ("3", 5)


async def test_a_pad_shows_its_windows_number_and_wakes_the_evaluator_once() -> None:
    site, pads = MemoryBus(), FakePads()

    async with running(PadLineRole(post(pads, Buses("demo", site), windows={7: "3"}))):
        for number, ask, seq in (("A001", False, 1), ("", True, 2), ("", True, 3)):
            display = WindowDisplay(
                window="3",
                state=WindowState.FREE,
                text="x",
                number=number,
                waiting=4,
                ask_rating=ask,
                seq=seq,
            )
            pads.news.clear()
            await site.publish(topics.window_display("demo", "3"), envelope_of(display), retain=True)
            if seq < 3:
                await asyncio.wait_for(pads.news.wait(), PATIENCE_S)

    assert pads.shown == [
        ("waiting", 7, 4),
        ("ticket", 7, "A001"),
        ("ticket", 7, ""),
        ("waiting", 7, 4),
        ("rate", 7, None),
    ]


class FakeBoard:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.refusals = 0
        self.news = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def show(self, text: str) -> None:
        self.shown.append(text)
        self.news.set()

    async def clear(self) -> None:
        self.shown.append("")


class FakeSpeaker:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.said: list[str] = []
        self.first = asyncio.Event()
        self.go_on = asyncio.Event()
        self.faults: list[Exception | None] = []

    async def probe(self) -> None:
        return None

    async def look(self) -> str:
        return ""

    async def say(self, text: str, *, language: str = "zh", repeat: int = 2, gain: float = 1.0) -> None:
        self.first.set()
        await self.go_on.wait()
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        self.said.append(text)


async def test_a_recall_while_the_call_is_spoken_survives_a_speaker_that_breaks() -> None:
    site, speaker = MemoryBus(), FakeSpeaker()
    speaker.faults = [None, DeviceFault("no-voice", "gone")]

    async def say(text: str, seq: int) -> None:
        body = Announce(key="A009@4", text=text, recall=seq > 1, seq=seq)
        await site.publish(topics.audio_say("demo", "AZ1"), envelope_of(body, expires_in_s=60))

    role = SpeakerRole(post(speaker, Buses("demo", site), audio_zone="AZ1"), pause=no_pause)
    async with running(role):
        await say("call", 1)
        await asyncio.wait_for(speaker.first.wait(), PATIENCE_S)
        await say("recall", 2)
        await asyncio.sleep(0)
        speaker.go_on.set()
        async with asyncio.timeout(PATIENCE_S):
            while len(speaker.said) < 2:
                await asyncio.sleep(0)

    assert speaker.said == ["call", "recall"]


async def test_a_board_shows_the_retained_display_and_each_repeated_call_but_nothing_older() -> None:
    site, board = MemoryBus(), FakeBoard()

    async def say(text: str, calls: int, seq: int) -> None:
        display = WindowDisplay(window="3", state=WindowState.CALLING, text=text, calls=calls, seq=seq)
        board.news.clear()
        await site.publish(topics.window_display("demo", "3"), envelope_of(display), retain=True)

    await say("请A001到3号窗口", 1, 5)
    async with running(BoardRole(post(board, Buses("demo", site), window="3"))):
        await asyncio.wait_for(board.news.wait(), PATIENCE_S)
        await say("旧", 1, 4)
        await say("请A001到3号窗口", 2, 6)
        await asyncio.wait_for(board.news.wait(), PATIENCE_S)

    assert board.shown == ["请A001到3号窗口", "请A001到3号窗口"]
