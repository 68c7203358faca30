"""What the server knows of machines from the states they tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.health import DeviceHealth, DeviceStatus, Storage, SupplyLevel
from queue_server.adapters.machines import BusMachines
from queue_server.http.routes.devices import _out

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def health(name: str, kind: str, **more: object) -> DeviceHealth:
    values = {"device_id": name, "kind": kind, "status": DeviceStatus.ONLINE, "since_at": NOW, **more}
    return DeviceHealth.model_validate(values)


@pytest.fixture
async def machines() -> AsyncIterator[BusMachines]:
    bus = MemoryBus()
    known = BusMachines("test", bus, {})
    await known.open()
    following = asyncio.create_task(known.run_forever())
    for one in (health("printer-1", "printer"), health("a4-1", "document-printer")):
        await bus.publish(topics.device_state("test", one.device_id), envelope_of(one), retain=True)
    async with asyncio.timeout(5):
        while len(known.all()) < 2:
            await asyncio.sleep(0)
    yield known
    following.cancel()


async def test_a_state_told_in_another_machines_name_is_not_believed() -> None:
    bus = MemoryBus()
    known = BusMachines("test", bus, {})
    await known.open()
    following = asyncio.create_task(known.run_forever())
    for topic_of, said in (("liar", "printer-1"), ("a4-1", "a4-1")):
        await bus.publish(topics.device_state("test", topic_of), envelope_of(health(said, "printer")))
    async with asyncio.timeout(5):
        while not known.all():
            await asyncio.sleep(0)
    following.cancel()

    assert [one.device_id for one in known.all()] == ["a4-1"]


async def test_a_ticket_is_never_sent_to_a_printer_of_documents(machines: BusMachines) -> None:
    assert machines.printer_of("QK01") == "printer-1"
    assert machines.printer_of("a4") == "printer-1"


def test_staff_see_what_a_machine_has_left() -> None:
    told = health(
        "cards-1",
        "dispenser",
        storage={"stacker": Storage.LOW},
        supplies={"card": SupplyLevel(capacity=100, used=90, left_percent=10)},
    )

    shown = _out(told)
    assert shown.storage == {"stacker": Storage.LOW}
    assert shown.supplies["card"].left_percent == 10
