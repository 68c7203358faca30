"""The digit displays' driver, against our simulator and against pymodbus on a pseudo terminal."""

import asyncio
import os
import tty

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from devices.codecs.modbus import Adu, encode
from devices.drivers.ledboard_modbus_digits import ModbusDigitLine, ModbusDigitsSettings
from devices.errors import DeviceFault, WireTimeout
from devices.sim.digit_line import SimDigitLine
from devices.sim.runner import Host
from devices.transports.memory import MemoryWire
from devices.transports.stream import open_serial
from tests.devices.scripted import Scripted
from tests.golden import golden


def line(machine, **settings):
    wire = MemoryWire(machine)
    return ModbusDigitLine("digits-1", wire, ModbusDigitsSettings(**settings)), wire


async def test_a_number_goes_out_as_the_published_frame():
    driver, wire = line(SimDigitLine())

    await driver.show_number(1, "A001")

    assert wire.sent == golden("led_misc.json", "led485_ascii_A001")


async def test_each_display_shows_its_own_number():
    sim = SimDigitLine(addresses=(1, 2, 64))
    driver, _ = line(sim)

    await driver.show_number(1, "A001")
    await driver.show_number(64, "B7")

    assert [sim.shown(unit) for unit in (1, 2, 64)] == ["A001", "", "B7"]
    assert sim.state()["displays"]["64"]["text"] == "B7"


@pytest.mark.parametrize(
    "number, digits, shown", [("A001", 3, "001"), ("AB0123", 6, "AB0123"), ("A12", 3, "A12"), ("", 4, "")]
)
async def test_a_number_too_long_loses_its_letters_and_nothing_else(number, digits, shown):
    sim = SimDigitLine(digits=digits)
    driver, _ = line(sim, digits=digits)

    await driver.show_number(1, number)

    assert sim.shown(1) == shown


@pytest.mark.parametrize("number, too_long", [("A12345", "digits"), ("A0001", "refuse"), ("甲1", "digits")])
async def test_a_number_that_cannot_be_shown_leaves_the_display_dark_and_is_said(number, too_long):
    sim = SimDigitLine()
    driver, _ = line(sim, too_long=too_long)
    await driver.show_number(1, "A001")

    with pytest.raises(DeviceFault) as caught:
        await driver.show_number(1, number)
    assert caught.value.code == "board-text-impossible"
    assert sim.shown(1) == ""


async def test_a_silent_display_is_its_own_fault_and_the_next_one_works():
    sim = SimDigitLine(addresses=(1, 2))
    sim.do("power", {"addr": 1, "on": False}, 0)
    driver, _ = line(sim, units=(1, 2))

    await driver.probe()
    with pytest.raises(DeviceFault) as caught:
        await driver.show_number(1, "A001")
    await driver.show_number(2, "A002")

    assert caught.value.code == "display-silent"
    assert sim.shown(2) == "A002"


async def test_a_line_on_which_nobody_answers_is_a_time_out():
    driver, wire = line(Scripted(lambda request: []), units=(1, 2), tries=2, reply_timeout_s=0.5)

    with pytest.raises(WireTimeout):
        await driver.probe()
    assert wire.now_s() == pytest.approx(4 * 0.505)


async def test_an_answer_to_another_register_or_unit_confirms_nothing():
    others = [Adu(1, 0x10, bytes.fromhex("00710002")), Adu(2, 0x10, bytes.fromhex("00700002"))]
    driver, _ = line(Scripted(lambda request: [(0.01, encode(one)) for one in others]))

    with pytest.raises(DeviceFault):
        await driver.show_number(1, "A001")


async def test_a_refusal_has_the_protocols_own_word_and_a_busy_display_is_asked_again():
    answers = [Adu(1, 0x90, b"\x02"), Adu(1, 0x90, b"\x06")]
    machine = Scripted(lambda request: [(0.01, encode(answers.pop()))])
    driver, _ = line(machine)

    with pytest.raises(DeviceFault) as caught:
        await driver.show_number(1, "A001")
    assert caught.value.code == "board-unknown-register"
    assert len(machine.heard) == 2


async def test_a_real_modbus_server_on_a_serial_line_takes_what_we_send():
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    registers = [SimData(0, count=0x100, values=0, datatype=DataType.REGISTERS)]
    server = ModbusSerialServer(
        [SimDevice(unit, simdata=registers) for unit in (1, 2)],
        framer=FramerType.RTU,
        port=os.ttyname(slave),
        baudrate=9600,
    )
    cross, theirs = os.openpty()
    tty.setraw(cross)
    tty.setraw(theirs)
    loop = asyncio.get_running_loop()
    for here, there in ((master, cross), (cross, master)):
        loop.add_reader(here, lambda a=here, b=there: os.write(b, os.read(a, 4096)))
    serving = asyncio.create_task(server.serve_forever())
    try:
        wire = await open_serial(os.ttyname(theirs), 9600)
        settings = ModbusDigitsSettings(units=(1, 2), reply_timeout_s=5)
        driver = ModbusDigitLine("digits-1", wire, settings)
        await driver.probe()
        await driver.show_number(2, "A023")
        held = await server.context.async_getValues(2, 3, 0x70, 2)
        await wire.close()
    finally:
        await server.shutdown()
        serving.cancel()
        for end in (master, cross):
            loop.remove_reader(end)
        for end in (master, slave, cross, theirs):
            os.close(end)

    assert b"".join(word.to_bytes(2, "big") for word in held) == b"A023"


async def test_a_real_modbus_client_can_speak_to_our_simulated_display(tmp_path):
    sim = SimDigitLine(addresses=(1, 7))
    host = Host("digits-1", sim, f"pty:{tmp_path}/digits.pty")
    await host.start()
    client = AsyncModbusSerialClient(
        f"{tmp_path}/digits.pty", framer=FramerType.RTU, baudrate=9600, timeout=5
    )
    try:
        assert await client.connect()
        wrote = await client.write_registers(0x70, [0x4230, 0x3132], device_id=7)
        read = await client.read_holding_registers(0x70, count=2, device_id=7)
    finally:
        client.close()
        await host.stop()

    assert (wrote.isError(), read.registers) == (False, [0x4230, 0x3132])
    assert (sim.shown(7), sim.shown(1)) == ("B012", "")
