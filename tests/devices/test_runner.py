"""Simulated machines on real wires, ptys and TCP ports, spoken to by the real drivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from devices import registry
from devices.agent.app import open_wire
from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.errors import DeviceError, ProtocolError, WireTimeout
from devices.session import Parts, Session
from devices.sim.base import NotPossible
from devices.sim.id_reader import SimIdReader
from devices.sim.led_board import SimLedBoard
from devices.sim.runner import Host

PATIENCE_S = 20


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Host]:
    sim = SimIdReader(find_s=0, select_s=0, read_s=0)
    host = Host("id-reader-1", sim, f"pty:{tmp_path}/reader.pty")
    await host.start()
    yield host
    await host.stop()


@pytest.fixture
async def board() -> AsyncIterator[Host]:
    host = Host("led-3", SimLedBoard(), "tcp:0")
    await host.start()
    yield host
    await host.stop()


async def driver_on(host: Host) -> Any:
    return (await wired(host))[0]


async def wired(host: Host) -> tuple[Any, Any]:
    """Return a driver and the wire under it, opened as the agent opens it."""
    spec = registry.find(host.sim.driver)
    wire = await open_wire(spec, host.wire)
    return spec.build(host.device_id, wire, spec.settings()), wire


async def test_a_card_is_read_over_a_real_pty(reader: Host) -> None:
    driver = await driver_on(reader)
    reader.do("place-card", {"card": {"name": "张伟"}})

    card = await driver.poll_card()

    assert card is not None
    assert card.name == "张伟"
    assert await driver.poll_card() is None  # the same card is not a new one until it was lifted


async def test_a_board_is_written_over_real_tcp(board: Host) -> None:
    driver = await driver_on(board)

    await driver.show("请A001到3号窗口")

    assert board.sim.state()["text"] == "请A001到3号窗口"


async def test_the_frame_list_masks_the_card(reader: Host) -> None:
    driver = await driver_on(reader)
    reader.do("place-card", {"card": {"name": "欧阳建国"}})

    await driver.poll_card()

    told = " ".join(frame["hex"] + frame["text"] for frame in reader.frames).replace(" ", "")
    assert "欧阳建国" not in told
    assert "欧阳建国".encode("utf-16le").hex() not in told
    assert len(reader.frames) >= 6


@pytest.mark.parametrize("kind", ["silent", "bad-checksum", "half-frame"])
async def test_a_broken_wire_is_an_error_and_never_a_card(reader: Host, kind: str) -> None:
    driver, wire = await wired(reader)
    reader.do("place-card", {"card": {}})
    reader.do("fault", {"kind": kind, "for_s": 60})

    with pytest.raises((WireTimeout, ProtocolError, DeviceError)):
        await driver.poll_card()
    reader.do("heal", {})
    await wire.close()  # a session opens a fresh wire after an error

    assert await (await driver_on(reader)).poll_card() is not None


async def test_noise_before_a_frame_does_not_hide_it(board: Host) -> None:
    driver = await driver_on(board)
    board.do("fault", {"kind": "noise", "for_s": 60})

    await driver.show("暂停服务")

    assert board.sim.state()["text"] == "暂停服务"
    assert driver.discarded_bytes > 0


async def test_two_faults_at_once_are_refused_with_the_reason(board: Host) -> None:
    board.do("fault", {"kind": "slow", "for_s": 60})

    with pytest.raises(NotPossible, match="heal it first"):
        board.do("fault", {"kind": "noise", "for_s": 60})
    with pytest.raises(ValueError, match="kind is one of"):
        board.do("fault", {"kind": "meteor", "for_s": 60})


async def test_an_unplugged_reader_is_told_and_comes_back_by_itself(reader: Host) -> None:
    assert await unplug_and_heal(reader) == [DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.ONLINE]


async def test_an_unplugged_board_is_told_and_comes_back_by_itself(board: Host) -> None:
    assert await unplug_and_heal(board) == [DeviceStatus.ONLINE, DeviceStatus.OFFLINE, DeviceStatus.ONLINE]


async def unplug_and_heal(host: Host) -> list[DeviceStatus]:
    """Return what a session tells while its machine is pulled and put back."""
    spec = registry.find(host.sim.driver)
    told: asyncio.Queue[DeviceStatus] = asyncio.Queue()

    async def tell(health: DeviceHealth) -> None:
        told.put_nowait(health.status)

    session = Session(
        Parts(
            device_id=host.device_id,
            kind=spec.kind,
            driver=spec.name,
            open_wire=lambda: open_wire(spec, host.wire),
            build=lambda wire: spec.build(host.device_id, wire, spec.settings()),
            tell=tell,
            check_s=0.05,
            first_retry_s=0.01,
        )
    )
    task = asyncio.create_task(session.run())
    seen = [await asyncio.wait_for(told.get(), PATIENCE_S)]
    host.do("fault", {"kind": "unplug", "for_s": 60})
    seen.append(await asyncio.wait_for(told.get(), PATIENCE_S))
    host.do("heal", {})
    seen.append(await asyncio.wait_for(told.get(), PATIENCE_S))
    task.cancel()
    return seen
