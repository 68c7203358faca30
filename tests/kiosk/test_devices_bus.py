"""The terminal's machines over the memory bus, the agent's part played by the test."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.contracts.health import Paper as PaperLevel
from devices.contracts.id_reader import CardKind, CardRead, IdCard, ReadCard, StopReading
from devices.contracts.printer import PrintNamedTicket, PrintOutcome, PrintResult, Proof, TicketSlip
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
