"""Buttons on a Modbus input module: edges, bouncing contacts, lamps, and pymodbus as the module."""

from __future__ import annotations

import asyncio
import os
import tty
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices.codecs import modbus
from devices.codecs.modbus import Adu, RtuCodec
from devices.contracts.call_pad import PadKey
from devices.drivers.buttons_modbus import ModbusButtons, ModbusButtonsSettings
from devices.errors import DeviceFault, WireTimeout
from devices.kinds import PadPress, PadRating
from devices.sim.input_module import SimInputModule
from devices.sim.runner import Host
from devices.transports.memory import MemoryWire
from devices.transports.stream import open_serial
from tests.devices.scripted import Scripted
from tests.golden import golden

CALL = PadPress(1, PadKey.CALL_NEXT)


def module(machine: Any, **settings: Any) -> tuple[ModbusButtons, MemoryWire]:
    wire = MemoryWire(machine)
    settings = {"inputs": {0: "call-next", 3: "2:rate-4"}, **settings}
    return ModbusButtons("buttons-1", wire, ModbusButtonsSettings(**settings)), wire


async def polls(driver: ModbusButtons, wire: MemoryWire, count: int = 40) -> list[PadPress | PadRating]:
    told = []
    for _ in range(count):
        told += await driver.poll()
        wire.pass_time(0.02)
    return told


def levels(*values: int) -> Scripted:
    """A module whose eight inputs are these bits, one value for each question; the last one stays."""
    left = list(values)

    def answer(_question: bytes) -> list[tuple[float, bytes]]:
        bits = left.pop(0) if len(left) > 1 else left[0]
        return [(0.001, modbus.encode(Adu(1, modbus.READ_INPUTS, bytes((1, bits)))))]

    return Scripted(answer)


def test_switching_a_lamp_is_the_published_frame() -> None:
    assert modbus.encode(modbus.write_coil(1, 0, True)) == golden("modbus_inputs.json", "modbus_coil_on")
    [refusal] = RtuCodec().feed(golden("modbus_inputs.json", "modbus_exception"))

    assert refusal == Adu(1, modbus.READ_INPUTS | modbus.REFUSAL, b"\x02")


async def test_the_published_refusal_is_a_fault_with_the_protocols_own_word() -> None:
    driver, _ = module(Scripted(lambda question: [(0.01, golden("modbus_inputs.json", "modbus_exception"))]))

    with pytest.raises(DeviceFault) as caught:
        await driver.probe()
    assert caught.value.code == "module-unknown-register"


async def test_a_bouncing_press_is_told_once_and_each_button_means_its_own() -> None:
    sim = SimInputModule(bounce_s=0.03)
    driver, wire = module(sim)
    await driver.poll()
    sim.do("press", {"key": "0"}, wire.now_s())
    first = await polls(driver, wire)
    sim.do("press", {"key": 3}, wire.now_s())

    assert first == [CALL]
    assert await polls(driver, wire) == [PadRating(2, 4)]


async def test_a_pulse_shorter_than_the_limit_is_no_press() -> None:
    driver, wire = module(levels(0, 1, 0, 1, 0))

    assert await polls(driver, wire, 8) == []


async def test_a_button_held_when_the_wire_comes_up_was_not_pressed_now() -> None:
    driver, wire = module(levels(1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1))

    assert await polls(driver, wire, 5) == []
    assert await polls(driver, wire, 20) == [CALL]


async def test_buttons_that_open_their_contact_are_read_the_other_way() -> None:
    driver, wire = module(levels(0xFF, 0xFF, 0xFE), opens=True)

    assert await polls(driver, wire, 10) == [CALL]


async def test_a_lamp_is_lit_while_somebody_waits_and_again_after_a_silence() -> None:
    sim = SimInputModule()
    driver, _ = module(sim, lamps={1: 5})
    await driver.show_waiting(1, 2)
    await driver.show_waiting(7, 2)
    await driver.poll()
    lit = set(sim.lit)
    sim.lit.clear()
    sim.unit = 9  # it lost power: silent, then back and dark
    await driver.poll()
    sim.unit = 1
    await driver.poll()
    again = set(sim.lit)
    await driver.show_waiting(1, 0)
    await driver.poll()

    assert (lit, again, sim.lit) == ({5}, {5}, set())


async def test_so_many_silent_polls_in_a_row_are_a_lost_module() -> None:
    sim = SimInputModule(unit=9)
    driver, _ = module(sim, misses=3)
    assert await driver.poll() == await driver.poll() == []

    with pytest.raises(WireTimeout):
        await driver.poll()
    with pytest.raises(WireTimeout):
        await driver.probe()


async def test_presses_come_as_they_are_made_and_a_probe_does_not_disturb_them() -> None:
    sim = SimInputModule()
    driver, wire = module(sim)
    presses = driver.presses()
    await driver.probe()
    await driver.poll()
    sim.do("press", {"key": "0"}, wire.now_s())
    first = await anext(presses)
    await driver.probe()
    wire.pass_time(1)
    await polls(driver, wire, 5)
    sim.do("press", {"key": "0"}, wire.now_s())

    assert [first, await anext(presses)] == [CALL, CALL]


async def test_a_probe_just_before_listening_begins_does_not_read_beside_it(tmp_path: Path) -> None:
    """A session probes, then checks and listens at once; a serial stream has one reader only."""
    sim, link = SimInputModule(), tmp_path / "module.pty"
    host = Host("buttons-1", sim, f"pty:{link}")
    await host.start()
    wire = await open_serial(str(link), 9600)
    driver = ModbusButtons("buttons-1", wire, ModbusButtonsSettings(inputs={0: "call-next"}))
    try:
        await driver.probe()
        await driver.poll()  # so that the contact is known to be open
        checking = asyncio.create_task(driver.probe())
        presses = driver.presses()
        listening = asyncio.ensure_future(anext(presses))
        await checking
        sim.do("press", {"key": "0"}, asyncio.get_running_loop().time())
        async with asyncio.timeout(20):
            assert await listening == PadPress(1, PadKey.CALL_NEXT)
    finally:
        listening.cancel()
        await wire.close()
        await host.stop()


async def test_an_answer_with_another_number_of_inputs_is_none() -> None:
    answer = modbus.encode(Adu(1, modbus.READ_INPUTS, b"\x02\x01\x00"))
    driver, _ = module(Scripted(lambda question: [(0.01, answer)]), misses=1)

    with pytest.raises(WireTimeout):
        await driver.poll()


@pytest.mark.parametrize(
    "wrong",
    [{"inputs": {}}, {"inputs": {64: "hold"}}, {"inputs": {-1: "hold"}}, {"inputs": {0: "dance"}}, {"u": 1}],
)
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ModbusButtonsSettings(**{"inputs": {0: "hold"}, **wrong})


@pytest.mark.parametrize("action, params", [("press", {"key": "8"}), ("press", {}), ("jump", {})])
def test_the_simulated_module_refuses_what_it_cannot_do(action: str, params: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        SimInputModule().do(action, params, 0)


async def test_a_real_modbus_server_is_read_and_its_lamp_lit() -> None:
    ends = [os.openpty(), os.openpty()]
    (master, slave), (cross, theirs) = ends
    for end in (master, slave, cross, theirs):
        tty.setraw(end)
    bits = [SimData(0, count=16, values=False, datatype=DataType.BITS)]
    registers = [SimData(0, count=16, values=0, datatype=DataType.REGISTERS)]
    server = ModbusSerialServer(
        [SimDevice(1, simdata=(bits, bits, registers, registers))],
        framer=FramerType.RTU,
        port=os.ttyname(slave),
        baudrate=9600,
    )
    loop = asyncio.get_running_loop()
    for here, there in ((master, cross), (cross, master)):
        loop.add_reader(here, lambda a=here, b=there: os.write(b, os.read(a, 4096)))
    serving = asyncio.create_task(server.serve_forever())
    try:
        wire = await open_serial(os.ttyname(theirs), 9600)
        settings = ModbusButtonsSettings(inputs={0: "call-next", 9: "recall"}, lamps={1: 3}, reply_s=5)
        driver = ModbusButtons("buttons-1", wire, settings)
        await driver.probe()
        await driver.poll()
        await server.context.async_setValues(1, 2, 9, [True])
        told = await _until_told(driver)
        await driver.show_waiting(1, 4)
        await driver.poll()
        coils = await server.context.async_getValues(1, 1, 0, 4)
        await wire.close()
    finally:
        await server.shutdown()
        serving.cancel()
        for end in (master, cross):
            loop.remove_reader(end)
        for end in (master, slave, cross, theirs):
            os.close(end)

    assert told == [PadPress(1, PadKey.RECALL)]
    assert [bool(coil) for coil in coils] == [False, False, False, True]


async def _until_told(driver: ModbusButtons) -> list[PadPress | PadRating]:
    async with asyncio.timeout(20):
        while not (told := await driver.poll()):
            pass
    return told
