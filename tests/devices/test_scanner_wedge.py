"""Input devices: records, typing scanners, and the wire that reads and grabs them."""

from __future__ import annotations

import errno
import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices import registry
from devices.agent.app import BadDevice, check_device, open_wire
from devices.agent.settings import DeviceSettings
from devices.codecs import input_event, wedge_text
from devices.codecs.input_event import DROPPED, EV_KEY, EV_SYN, PRESSED, RELEASED, InputCodec, InputEvent
from devices.codecs.scan_text import ScanText
from devices.drivers.scanner_wedge import WedgeScanner, WedgeSettings
from devices.errors import TransportError, WireClosed, WireTimeout
from devices.sim.keyboard import SimWedge
from devices.sim.runner import Host
from devices.transports import input_device
from devices.transports.input_device import open_input
from devices.transports.memory import MemoryWire
from tests.devices.scripted import Scripted

VECTORS = Path(__file__).parent.parent / "vectors"
NUMBERS = json.loads((VECTORS / "input_keys.json").read_text("utf-8"))["keys"]
KEYS = st.builds(InputEvent, st.just(EV_KEY), st.integers(0, 0x2FF), st.integers(0, 2))
EVENTS = st.one_of(KEYS, st.just(InputEvent(EV_SYN, 0, 0)), st.just(InputEvent(4, 4, 0x7001E)))
TYPABLE = st.text(sorted({*wedge_text.PLAIN.values(), *wedge_text.SHIFTED.values()}), min_size=1, max_size=30)


def typed(text: str, at_s: float = 0.0) -> bytes:
    """The records of a text and Enter, as a device gives them."""
    groups = ((InputEvent(EV_KEY, *key), InputEvent(EV_SYN, 0, 0)) for key in wedge_text.keystrokes(text))
    return b"".join(input_event.encode(event, at_s) for group in groups for event in group)


def key(code: int, value: int) -> bytes:
    return input_event.encode(InputEvent(EV_KEY, code, value), 0)


def scanner(*parts: tuple[float, bytes], **settings_: Any) -> WedgeScanner:
    machine = Scripted(lambda request: [])
    machine.due = list(parts)
    return WedgeScanner("scanner-2", MemoryWire(machine), WedgeSettings(**settings_))


async def heard(driver: WedgeScanner, looks: int = 20) -> list[str]:
    return [scan.text for _ in range(looks) if (scan := await driver.look(0.5)) is not None]


def test_a_record_is_what_the_kernel_s_headers_say() -> None:
    record = struct.pack("llHHi", 1_700_000_000, 250_000, EV_KEY, 30, PRESSED)

    assert input_event.encode(InputEvent(EV_KEY, 30, PRESSED), 1_700_000_000.25) == record
    assert InputCodec().feed(record) == [InputEvent(EV_KEY, 30, PRESSED)]


def test_every_key_has_the_number_of_the_kernel_s_headers() -> None:
    names = {"MINUS": "-", "EQUAL": "=", "LEFTBRACE": "[", "RIGHTBRACE": "]", "SEMICOLON": ";", "GRAVE": "`"}
    names |= {"APOSTROPHE": "'", "BACKSLASH": "\\", "COMMA": ",", "DOT": ".", "SLASH": "/", "SPACE": " "}
    names |= {"KPMINUS": "-", "KPPLUS": "+", "KPDOT": ".", "KPASTERISK": "*", "KPSLASH": "/"}
    names |= {char.upper(): char for char in "abcdefghijklmnopqrstuvwxyz"}
    names |= {digit: digit for digit in "0123456789"} | {f"KP{digit}": digit for digit in "0123456789"}

    assert {NUMBERS[f"KEY_{name}"]: char for name, char in names.items()} == wedge_text.PLAIN
    assert {NUMBERS[f"KEY_{name}"] for name in ("TAB", "ENTER", "KPENTER")} == wedge_text.ENDS
    assert {NUMBERS[f"KEY_{name}"] for name in ("LEFTSHIFT", "RIGHTSHIFT")} == wedge_text.SHIFTS


@settings(max_examples=100)
@given(st.lists(EVENTS, max_size=12), st.data())
def test_records_come_out_in_order_in_any_chunking(events: list[InputEvent], data: Any) -> None:
    stream = b"".join(input_event.encode(event, 1.5) for event in events)
    codec, found = InputCodec(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += codec.feed(stream[:size])
        stream = stream[size:]

    assert found == events
    assert (codec.discarded, codec.held) == (0, 0)


@settings(max_examples=100)
@given(st.lists(st.binary(max_size=100), max_size=20))
def test_noise_never_raises_and_less_than_a_record_is_kept(chunks: list[bytes]) -> None:
    codec = InputCodec()
    for chunk in chunks:
        codec.feed(chunk)

        assert codec.held < input_event.SIZE


def test_what_is_no_record_is_told_as_a_loss() -> None:
    codec = InputCodec()
    after = InputEvent(EV_KEY, 2, PRESSED)
    events = codec.feed(b"\xff" * 7 + input_event.encode(after, 1.0))

    assert events == [DROPPED, after]
    assert codec.discarded == 7


@settings(max_examples=100)
@given(TYPABLE)
def test_a_text_typed_is_the_text_told(text: str) -> None:
    lines = wedge_text.TypedLines(0.1, 100)
    told = [lines.feed(event, 1.0) for event in InputCodec().feed(typed(text))]

    assert [line for line in told if line] == [text]


def test_capitals_lock_and_shift_undo_each_other_for_letters_only() -> None:
    lines = wedge_text.TypedLines(0.1, 100)
    lines.feed(InputEvent(EV_KEY, 58, PRESSED), 0)
    told = [lines.feed(event, 0) for event in InputCodec().feed(key(58, RELEASED) + typed("aB1!"))]

    assert "Ab1!" in told


async def test_a_code_is_told_once_while_it_stays_there() -> None:
    driver = scanner((0.0, typed("A001")), (1.5, typed("A001")), (9.0, typed("A001")))

    assert await heard(driver) == ["A001", "A001"]
    assert driver.discarded_bytes == 0


async def test_a_prefix_says_what_kind_of_code_it_was() -> None:
    driver = scanner((0.0, typed("]Q1https://a.cn")))

    assert await driver.look(1) == ScanText("https://a.cn", "qr")


async def test_a_text_that_pauses_for_too_long_is_dropped_with_its_rest() -> None:
    whole = typed("A001")
    middle = len(typed("A0")) - 4 * input_event.SIZE
    driver = scanner((0.0, whole[:middle]), (0.3, whole[middle:]), (5.0, typed("A002")))

    assert await heard(driver) == ["A002"]
    assert driver.discarded_bytes == len("A001")


async def test_a_pause_within_the_limit_is_none() -> None:
    whole = typed("A001")
    driver = scanner((0.0, whole[:240]), (0.09, whole[240:]))

    assert await heard(driver) == ["A001"]


@pytest.mark.parametrize(
    "broken",
    [
        input_event.encode(DROPPED, 0),
        key(11, PRESSED) + key(11, PRESSED),  # its going up was lost
        key(11, RELEASED),  # its going down was lost
        key(29, PRESSED) + key(30, PRESSED) + key(30, RELEASED) + key(29, RELEASED),  # Ctrl+A is no text
    ],
)
async def test_a_text_of_which_a_part_was_lost_is_not_told(broken: bytes) -> None:
    end = typed("1")
    driver = scanner((0.0, typed("A0")[: -4 * input_event.SIZE] + broken + end), (5.0, typed("A002")))

    assert await heard(driver) == ["A002"]


async def test_keys_held_over_each_other_are_read() -> None:
    rolled = key(2, PRESSED) + key(3, PRESSED) + key(2, RELEASED) + key(28, PRESSED) + key(3, RELEASED)
    driver = scanner((0.0, rolled + key(28, RELEASED)))

    assert await heard(driver) == ["12"]


async def test_a_text_without_end_is_dropped() -> None:
    endless = b"".join(key(2, PRESSED) + key(2, RELEASED) for _ in range(100))
    driver = scanner((0.0, endless), (0.05, typed("7")), (5.0, typed("A002")), most_chars=16)

    assert await heard(driver) == ["A002"]


async def test_a_code_comes_through_a_pseudo_terminal_and_its_trace_is_masked(tmp_path: Path) -> None:
    host = Host("scanner-2", SimWedge(key_s=0), f"input:{tmp_path}/scanner")
    await host.start()
    spec = registry.find("scanner-wedge")
    wire = await open_wire(spec, host.wire)
    try:
        driver: Any = spec.build("scanner-2", wire, spec.settings())
        await driver.probe()
        host.do("scan", {"text": "9900001990"})
        scan = await driver.look(5)
    finally:
        await wire.close()
        await host.stop()

    assert host.wire == f"input:{tmp_path}/scanner"
    assert scan == ScanText("9900001990")
    assert "9900001990" not in str(list(host.frames)) + str(host.sim.state())
    assert all(set(frame["hex"]) <= {"·", " "} for frame in host.frames)


async def test_a_pipe_carries_records_and_its_end_is_an_unplugged_device(tmp_path: Path) -> None:
    path = tmp_path / "event"
    os.mkfifo(path)
    wire = await open_input(str(path))
    feeder = os.open(path, os.O_WRONLY)
    driver = WedgeScanner("scanner-2", wire, WedgeSettings())
    os.write(feeder, typed("A001"))

    assert await driver.look(5) == ScanText("A001")
    with pytest.raises(WireTimeout):
        await wire.read(0)
    os.close(feeder)
    with pytest.raises(WireClosed):
        await driver.look(5)
    await wire.close()
    with pytest.raises(WireClosed):
        await driver.probe()


async def test_a_device_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="group input"):
        await open_input(str(tmp_path / "none"))


@pytest.mark.parametrize(
    "number, said", [(errno.EBUSY, "in use by another"), (errno.ENODEV, "cannot be grabbed")]
)
async def test_a_device_that_cannot_be_grabbed_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    path = tmp_path / "event"
    os.mkfifo(path)
    asked = []

    def grab(descriptor: int) -> None:
        asked.append(descriptor)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(input_device, "_grab", grab)
    with pytest.raises(TransportError, match=said):
        await open_input(str(path))

    with pytest.raises(OSError):
        os.fstat(asked[0])


def test_the_grab_is_the_request_that_the_kernel_s_headers_make() -> None:
    write, size, kind, number = 1, struct.calcsize("i"), ord("E"), 0x90

    assert write << 30 | size << 16 | kind << 8 | number == input_device.EVIOCGRAB


def test_a_scanner_that_types_is_refused_on_another_wire() -> None:
    good = DeviceSettings(id="s-1", driver="scanner-wedge", wire="input:/dev/input/by-id/usb-x-event-kbd")
    assert check_device(good)[0].name == "scanner-wedge"

    with pytest.raises(BadDevice, match="input:…"):
        check_device(good.model_copy(update={"wire": "serial:/dev/ttyUSB0"}))
