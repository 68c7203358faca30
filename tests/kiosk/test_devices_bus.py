"""The terminal's machines over the memory bus, the agent's part played by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.contracts.health import Paper as PaperLevel
from devices.contracts.id_reader import CardKind, CardRead, IdCard, ReadCard, StopReading
from devices.contracts.printer import PrintNamedTicket, PrintOutcome, PrintResult, Proof, TicketSlip
from devices.contracts.scanner import CodeScanned
from kiosk.adapters.devices_bus import DevicesOnBus, trouble
from kiosk.flows.intake_words import Paper
from kiosk.ports import CardProblem, Printed

CARD = IdCard(kind=CardKind.CITIZEN, name="张三", birth=date(1990, 1, 1), id_number="990000199001011234")
SLIP = TicketSlip(hall="厅", number="A001", service="业务", issued_at="09:41")


async def answered(bus: MemoryBus, reply: CardRead) -> asyncio.Task[None]:
    orders = await bus.subscribe(topics.local_command("idr", "read-card"), ReadCard)

    async def play() -> None:
        order = await orders.get(5)
        topic = topics.local_result("idr", order.envelope.id)
        await bus.publish(topic, envelope_of(reply, reply_to=order.envelope.id))

    return asyncio.create_task(play())


async def test_a_card_becomes_a_citizen() -> None:
    bus = MemoryBus()
    agent = await answered(bus, CardRead(card=CARD))
    citizen = await DevicesOnBus(bus, "idr", "prn").read_card()
    await agent

    assert (citizen.name, citizen.id_type, citizen.id_number) == ("张三", "resident", "990000199001011234")
    assert "张三" not in repr(citizen)
    assert "9900" not in repr(citizen)


async def test_a_reading_that_failed_says_why() -> None:
    bus = MemoryBus()
    agent = await answered(bus, CardRead(error="read-failed", advice="place-again"))

    with pytest.raises(CardProblem, match="read-failed"):
        await DevicesOnBus(bus, "idr", "prn").read_card()
    await agent


async def test_stop_reading_reaches_the_reader() -> None:
    bus = MemoryBus()
    stops = await bus.subscribe(topics.local_command("idr", "stop-reading"), StopReading)
    await DevicesOnBus(bus, "idr", "prn").stop_reading()

    assert isinstance((await stops.get(5)).body, StopReading)


async def test_the_slip_goes_to_the_printer_with_masked_name_and_large_text() -> None:
    bus = MemoryBus()
    orders = await bus.subscribe(topics.local_command("prn", "print-ticket"), PrintNamedTicket)
    printing = asyncio.create_task(
        DevicesOnBus(bus, "idr", "prn").print_ticket("j1", SLIP, "张*", large=True, again=True)
    )
    order = await orders.get(5)
    result = PrintResult(job_id="j1", outcome=PrintOutcome.PRINTED, proof=Proof.PROCESS_ID)
    await bus.publish(topics.local_result("prn", order.envelope.id), envelope_of(result))

    assert (order.body.job_id, order.body.masked_name, order.body.slip.large) == ("j1", "张*", True)
    assert order.body.slip.labels[-1:] == ("补打",)
    assert await printing == Printed(Paper.PRINTED, "process-id", "")


async def test_health_is_told_by_role() -> None:
    bus = MemoryBus()
    health = DeviceHealth(
        device_id="prn",
        kind="printer",
        status=DeviceStatus.ONLINE,
        since_at=datetime.now(UTC),
        paper=PaperLevel.OUT,
    )
    await bus.publish(topics.local_state("prn"), envelope_of(health), retain=True)
    told = DevicesOnBus(bus, "idr", "prn").health()

    assert await anext(told) == ("printer", "paper-out")
    await told.aclose()  # type: ignore[attr-defined]


async def test_a_scanner_that_is_set_is_told_of_by_its_role() -> None:
    bus = MemoryBus()
    health = DeviceHealth(
        device_id="scn", kind="scanner", status=DeviceStatus.ONLINE, since_at=datetime.now(UTC)
    )
    await bus.publish(topics.local_state("scn"), envelope_of(health), retain=True)
    told = DevicesOnBus(bus, "idr", "prn", "scn").health()

    assert await anext(told) == ("scanner", "")
    await told.aclose()  # type: ignore[attr-defined]


def scan(text: str, seq: int, boot: str = "b1") -> CodeScanned:
    return CodeScanned(device_id="scn", text=text, boot=boot, seq=seq)


async def heard(bus: MemoryBus, told: AsyncIterator[str], *scans: CodeScanned) -> list[str]:
    """Publish; return what was heard up to the last, which must be new."""
    first = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)  # it listens now
    for one in scans:
        topic = topics.local_event("scn", "code-scanned")
        await bus.publish(topic, envelope_of(one, expires_in_s=10))
    texts = [await first]
    while texts[-1] != scans[-1].text:
        texts.append(await anext(told))
    return texts


async def test_each_scan_is_heard_once_however_often_it_is_told() -> None:
    bus = MemoryBus()
    told = DevicesOnBus(bus, "idr", "prn", "scn").scans()
    one, two = scan("one", 1), scan("two", 2)

    assert await heard(bus, told, one, one, two, one, two, scan("one", 1, "b2"), scan("end", 2, "b2")) == [
        "one",
        "two",
        "one",
        "end",
    ]


async def test_a_scan_that_comes_too_late_or_was_kept_is_nobodys() -> None:
    bus, now = MemoryBus(), datetime.now(UTC)
    kept = topics.local_event("scn", "code-scanned")
    await bus.publish(kept, envelope_of(scan("kept", 1)), retain=True)
    told = DevicesOnBus(bus, "idr", "prn", "scn", now=lambda: now).scans()
    first = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0)
    old = now - timedelta(seconds=10)
    await bus.publish(kept, envelope_of(scan("late", 2), expires_in_s=10, now=old))
    await bus.publish(kept, envelope_of(scan("now", 3), expires_in_s=10, now=now))

    assert await first == "now"


async def test_a_terminal_without_a_scanner_hears_none() -> None:
    bus = MemoryBus()

    assert [text async for text in DevicesOnBus(bus, "idr", "prn").scans()] == []


@pytest.mark.parametrize(
    ("status", "paper", "reason", "said"),
    [
        (DeviceStatus.ONLINE, PaperLevel.FULL, "", ""),
        (DeviceStatus.DEVICE_BUSY, None, "", ""),
        (DeviceStatus.ONLINE, PaperLevel.LOW, "paper-low", ""),
        (DeviceStatus.ONLINE, PaperLevel.JAMMED, "", "paper-jammed"),
        (DeviceStatus.OFFLINE, None, "no-answer", "no-answer"),
        (DeviceStatus.HARDWARE_ERROR, None, "", "hardwareError"),
    ],
)
def test_only_what_stops_work_is_trouble(
    status: DeviceStatus, paper: PaperLevel | None, reason: str, said: str
) -> None:
    health = DeviceHealth(
        device_id="x", kind="printer", status=status, since_at=datetime.now(UTC), reason=reason, paper=paper
    )

    assert trouble(health) == said
