"""A printer's character device as a wire; a pseudo-terminal plays the kernel's `usblp`."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.contracts.printer import PrintOutcome
from devices.drivers.printer_escpos import EscPosPrinter, EscPosSettings
from devices.errors import TransportError, WireClosed, WireTimeout
from devices.sim.printer import SimPrinter
from devices.transports.places import Place, parse_place
from devices.transports.usb_printer import UsbPrinterWire, open_usb_printer
from tests.devices.slips import SLIP

PATIENCE_S = 10


@dataclass
class Cable:
    """Both ends of a cable: `printer` is a file number, `path` what the driver opens."""

    printer: int
    path: str
    _host: int

    def unplug(self) -> None:
        if self.printer >= 0:
            os.close(self.printer)
            self.printer = -1

    def close(self) -> None:
        self.unplug()
        os.close(self._host)


@pytest.fixture
def cable() -> Iterator[Cable]:
    printer, host = os.openpty()
    tty.setraw(host)
    os.set_blocking(printer, False)
    made = Cable(printer, os.ttyname(host), host)
    yield made
    made.close()


@asynccontextmanager
async def wire_on(cable: Cable, write_s: float = 0.2) -> AsyncIterator[UsbPrinterWire]:
    wire = await open_usb_printer(cable.path, write_s)
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield wire
    finally:
        await wire.close()


async def test_bytes_go_both_ways_and_all_of_them(cable: Cable) -> None:
    sent = os.urandom(20_000)
    async with wire_on(cable, PATIENCE_S) as wire:
        got = asyncio.create_task(asyncio.to_thread(read_all, cable.printer, len(sent)))
        await wire.write(sent)
        os.write(cable.printer, b"\x12")

        assert await wire.read(1.0) == b"\x12"
        assert await got == sent


def read_all(file: int, length: int) -> bytes:
    os.set_blocking(file, True)
    data = b""
    while len(data) < length:
        data += os.read(file, 4096)
    return data


async def test_a_silent_printer_times_out_and_the_wire_stays_good(cable: Cable) -> None:
    async with wire_on(cable) as wire:
        with pytest.raises(WireTimeout):
            await wire.read(0)
        os.write(cable.printer, b"\x16")

        assert await wire.read(1.0) == b"\x16"


async def test_an_unplugged_printer_closes_the_wire_for_reader_and_writer(cable: Cable) -> None:
    async with wire_on(cable) as wire:
        reading = asyncio.create_task(wire.read())
        await asyncio.sleep(0)
        cable.unplug()

        with pytest.raises(WireClosed, match="unplugged"):
            await reading
        with pytest.raises(WireClosed, match="unplugged"):
            await wire.write(b"\x10\x04\x01")


async def test_an_unplugged_printer_is_noticed_though_nobody_reads(cable: Cable) -> None:
    async with wire_on(cable) as wire:
        watching = asyncio.create_task(wire.gone())
        await asyncio.sleep(0)
        cable.unplug()

        with pytest.raises(WireClosed, match="unplugged"):
            await watching


async def test_who_reads_when_the_wire_is_closed_hears_it_at_once(cable: Cable) -> None:
    async with wire_on(cable) as wire:
        reading = asyncio.create_task(wire.read())
        for _ in range(3):
            await asyncio.sleep(0)
        await wire.close()

        with pytest.raises(WireClosed, match="closed"):
            await reading


async def test_a_printer_that_takes_no_bytes_does_not_hold_the_writer(cable: Cable) -> None:
    async with wire_on(cable, write_s=0.05) as wire:
        with pytest.raises(WireClosed, match="takes no bytes"):
            await wire.write(bytes(1_000_000))


async def test_a_closed_wire_says_so(cable: Cable) -> None:
    async with wire_on(cable) as wire:
        await wire.close()

        with pytest.raises(WireClosed, match="closed"):
            await wire.write(b"a")


async def test_what_cannot_be_opened_or_is_no_device_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "lp0").touch()

    with pytest.raises(TransportError, match="group dialout"):
        await open_usb_printer(str(tmp_path / "lp1"))
    with pytest.raises(TransportError, match="character device"):
        await open_usb_printer(str(tmp_path / "lp0"))


async def test_a_ticket_is_printed_and_proved_over_it(cable: Cable) -> None:
    sim = SimPrinter(speed_mm_s=5000, baud=10_000_000)
    loop = asyncio.get_running_loop()

    def play() -> None:
        sim.receive(os.read(cable.printer, 4096), loop.time())
        tick()

    def tick() -> None:
        if data := sim.poll(loop.time()):
            os.write(cable.printer, data)
        if (due_s := sim.next_due_s()) is not None:
            loop.call_at(due_s, tick)

    loop.add_reader(cable.printer, play)
    async with wire_on(cable, PATIENCE_S) as wire:
        result = await EscPosPrinter("p", wire, EscPosSettings()).print_ticket("job-1", SLIP)
    loop.remove_reader(cable.printer)

    assert result.outcome is PrintOutcome.PRINTED
    assert [SLIP.hall in ticket.text for ticket in sim.tickets] == [True]


def test_its_address_is_a_form_of_its_own() -> None:
    assert parse_place("usblp:/dev/usb/lp0") == Place("usblp", "/dev/usb/lp0")
