"""Serial scanners: frames, lines, encodings, codes read twice, and what stays on the terminal."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices import registry
from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.scanner import ScannerRole
from devices.bus.base import ScopeViolation, envelope_of
from devices.bus.memory import MemoryBus
from devices.codecs import gm65
from devices.codecs.gm65 import Reply, Request, RequestCodec, ScannerCodec
from devices.codecs.scan_text import ScanText, decode, split_aim
from devices.contracts import topics
from devices.contracts.scanner import CodeScanned, StartScan
from devices.drivers.scanner_gm65 import Gm65Scanner, Gm65Settings
from devices.errors import DeviceFault, WireTimeout
from devices.sim.runner import Host
from devices.sim.scanner import SimScanner
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted
from tests.devices.test_roles import no_pause, post, running
from tests.golden import golden, vectors

VECTORS = "scanner.json"
REQUESTS = {
    "gm_trigger": gm65.trigger(),
    "gm_save": Request(gm65.SAVE, 0, b"\x00"),
    "gm_read_baud": Request(gm65.READ, 0x002A, b"\x02"),
    "gm_heartbeat": gm65.heartbeat(),
}
LINES = st.binary(min_size=1, max_size=40).filter(
    lambda line: not set(line) & set(b"\r\n") and b"\x00\x00" not in line and line[-1] not in (2, 3, 0)
)


def scanner(machine: Any, **settings_: Any) -> tuple[Gm65Scanner, MemoryWire]:
    wire = MemoryWire(machine)
    return Gm65Scanner("scanner-1", wire, Gm65Settings(**settings_)), wire


def saying(*parts: tuple[float, bytes]) -> Scripted:
    machine = Scripted(lambda request: [])
    machine.due = list(parts)
    return machine


async def heard(driver: Gm65Scanner, looks: int = 12) -> list[ScanText]:
    return [scan for _ in range(looks) if (scan := await driver.look(0.5)) is not None]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_we_send_is_the_published_frame(name: str) -> None:
    assert REQUESTS[name].encode() == golden(VECTORS, name)
    assert RequestCodec().feed(golden(VECTORS, name)) == [REQUESTS[name]]


def test_a_scanner_takes_a_frame_without_a_checksum() -> None:
    assert RequestCodec().feed(golden(VECTORS, "gm_trigger_nocrc")) == [gm65.trigger()]


@pytest.mark.parametrize("name, kind", [("gm_write_ok", gm65.ANSWERED), ("gm_heartbeat_rsp", gm65.ALIVE)])
def test_the_published_answers_are_understood(name: str, kind: int) -> None:
    assert ScannerCodec().feed(golden(VECTORS, name)) == [Reply(kind, b"\x00")]
    assert Reply(kind, b"\x00").encode() == golden(VECTORS, name)


@pytest.mark.parametrize(
    "name, scan",
    [
        ("data_cr", ScanText("6901028075687")),
        ("data_utf8", ScanText("票号A001")),
        ("data_gbk", ScanText("票号A001")),
        ("data_aim", ScanText("https://a.cn", "qr")),
    ],
)
async def test_each_published_text_is_read(name: str, scan: ScanText) -> None:
    driver, _ = scanner(saying((0.0, golden(VECTORS, name))))

    assert await heard(driver) == [scan]
    assert driver.discarded_bytes == 0


def test_every_vector_is_asserted_here() -> None:
    source = Path(__file__).read_text("utf-8")

    assert [name for name in vectors(VECTORS) if f'"{name}"' not in source] == []


@settings(max_examples=150)
@given(
    st.lists(st.one_of(LINES, st.just(Reply(2, b"\x00")), st.just(Reply(3, b"\x00"))), max_size=6), st.data()
)
def test_lines_and_answers_come_out_in_order_in_any_chunking(parts: list[Any], data: Any) -> None:
    stream = b"".join(part.encode() if isinstance(part, Reply) else part + b"\r\n" for part in parts)
    codec, found = ScannerCodec(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += codec.feed(stream[:size])
        stream = stream[size:]

    assert found == parts
    assert codec.discarded == 0


@settings(max_examples=150)
@given(st.lists(st.binary(max_size=60), max_size=30), st.booleans())
def test_noise_never_raises_and_never_piles_up(chunks: list[bytes], settled: bool) -> None:
    codec = ScannerCodec(most=32)
    for chunk in chunks:
        codec.feed(chunk)
        if settled:
            codec.settle()

        assert codec.held <= 32


async def test_the_same_code_left_under_the_scanner_is_told_once_and_later_again() -> None:
    code = b"A001\r"
    driver, _ = scanner(saying((0.0, code), (2.0, code), (4.0, code), (9.0, code)))

    assert await heard(driver, 30) == 2 * [ScanText("A001")]


async def test_two_different_codes_at_once_are_two_codes() -> None:
    driver, _ = scanner(saying((0.0, b"A001\rA002\rA001\r")))

    assert [scan.text for scan in await heard(driver)] == ["A001", "A002", "A001"]


async def test_the_rest_of_a_line_that_stood_still_is_not_told_as_a_code() -> None:
    driver, _ = scanner(saying((0.0, b"TICKET-A0"), (3.0, b"01\r"), (6.0, b"A002\r")))

    assert [scan.text for scan in await heard(driver, 20)] == ["A002"]
    assert driver.discarded_bytes == len(b"TICKET-A001")


async def test_a_glitch_when_the_plug_goes_in_does_not_cost_the_first_code() -> None:
    driver, _ = scanner(saying((0.0, b"\x00"), (3.0, b"A002\r")))

    assert [scan.text for scan in await heard(driver, 20)] == ["A002"]


@pytest.mark.parametrize("raw", [b"A0\x0701", b"\xff\xff\xff", "A\ue000".encode()])
async def test_a_line_that_no_code_can_hold_is_dropped_and_counted(raw: bytes) -> None:
    driver, _ = scanner(saying((0.0, raw + b"\r"), (1.0, b"A002\r")))

    assert [scan.text for scan in await heard(driver)] == ["A002"]
    assert (driver.garbled_lines, driver.discarded_bytes) == (1, len(raw))


async def test_a_line_that_never_ends_is_dropped_and_the_next_one_read() -> None:
    driver, _ = scanner(saying((0.0, 500 * b"x"), (0.1, b"yyy\rA002\r")), most_bytes=64)

    assert [scan.text for scan in await heard(driver)] == ["A002"]


async def test_a_prefix_is_left_alone_where_the_hall_says_so() -> None:
    driver, _ = scanner(saying((0.0, golden(VECTORS, "data_aim"))), aim_ids=False)

    assert await heard(driver) == [ScanText("]Q1https://a.cn")]


def test_gs1_separators_belong_to_the_text() -> None:
    assert decode(b"01\x1d21") == "01\x1d21"
    assert split_aim("]?1x") == ScanText("]?1x")


async def test_settings_are_written_once_and_the_heartbeat_is_asked_each_time() -> None:
    sim = SimScanner()
    driver, wire = scanner(sim, zones={0x002A: 3})
    await driver.probe()
    await driver.probe()

    assert sim.zones == {0x002A: b"\x03"}
    assert wire.sent.count(golden(VECTORS, "gm_heartbeat")) == 2
    assert wire.sent.count(b"\x7e\x00\x08") == 1


async def test_codes_that_come_between_a_question_and_its_answer_are_kept() -> None:
    sim = SimScanner()
    driver, wire = scanner(sim)
    sim.do("scan", {"text": "A001"}, wire.now_s())
    await driver.probe()

    assert await driver.look(0) == ScanText("A001")


async def test_three_missed_heartbeats_are_a_lost_scanner_unless_it_knows_none() -> None:
    driver, wire = scanner(SimScanner(answers=False))
    other, _ = scanner(SimScanner(answers=False), heartbeat=False)
    with pytest.raises(WireTimeout):
        await driver.probe()
    await other.probe()

    assert wire.sent == 3 * golden(VECTORS, "gm_heartbeat")


async def test_a_trigger_reaches_the_scanner_and_a_refusal_is_told() -> None:
    sim = SimScanner()
    driver, wire = scanner(sim)
    await driver.trigger()
    refusing, _ = scanner(Scripted(lambda request: [(0.01, Reply(gm65.ANSWERED, b"\x01").encode())]))
    with pytest.raises(DeviceFault) as refused:
        await refusing.trigger()

    assert wire.sent == golden(VECTORS, "gm_trigger")
    assert sim.triggers == 1
    assert refused.value.code == "setting-refused"


@pytest.mark.parametrize(
    "wrong", [{"zones": {70000: 1}}, {"zones": {1: 256}}, {"most_bytes": 1}, {"baud": 9600}]
)
def test_a_setting_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Gm65Settings(**wrong)


async def test_a_code_goes_to_the_local_bus_only_and_into_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    local, site = MemoryBus(), MemoryBus()
    overheard = await site.subscribe("#", CodeScanned)
    told = await local.subscribe(topics.local_event("m-1", "code-scanned"), CodeScanned)
    sim = SimScanner(baud=None)
    driver, _ = scanner(sim)
    sim.do("scan", {"text": "身份 990000199001011239"}, 0)
    async with running(ScannerRole(post(driver, Buses("s", site, local)), no_pause)):
        message = await told.get(10)

    assert (message.body.text, message.body.seq) == ("身份 990000199001011239", 1)
    with pytest.raises(TimeoutError):
        await overheard.get(0.001)
    with pytest.raises(ScopeViolation):
        await site.publish("tingtong/v1/s/device/m-1/event/code-scanned", envelope_of(message.body))
    assert "990000" not in caplog.text + repr(message.body) + repr(ScanText("990000"))


async def test_the_terminal_can_ask_for_one_scan() -> None:
    local = MemoryBus()
    sim = SimScanner(baud=None)
    driver, _ = scanner(sim)
    async with running(ScannerRole(post(driver, Buses("s", None, local)), no_pause)):
        await local.publish(topics.local_command("m-1", "start-scan"), envelope_of(StartScan()))
        told = await local.subscribe(topics.local_event("m-1", "code-scanned"), CodeScanned)
        sim.do("scan", {"text": "A001"}, 0)
        await told.get(10)

    assert sim.triggers == 1


async def test_a_code_comes_over_a_serial_line_and_its_trace_is_masked(tmp_path: Path) -> None:
    host = Host("scanner-1", SimScanner(baud=None), f"pty:{tmp_path}/scanner.pty")
    await host.start()
    spec = registry.find("scanner-gm65")
    wire = await open_wire(spec, host.wire)
    try:
        driver: Any = spec.build("scanner-1", wire, spec.settings())
        await driver.probe()
        host.do("scan", {"text": "票号A001"})
        scan = await driver.look(5)
    finally:
        await wire.close()
        await host.stop()

    assert scan == ScanText("票号A001")
    assert host.frames[-1]["text"] == "a text of 10 bytes"
    assert set(host.frames[-1]["hex"]) <= {"·", " "}
    assert "A001" not in str(host.sim.state())
