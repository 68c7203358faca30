"""Lights above windows: the DDP and ASCII codecs, their drivers, UDP as a wire, and the role."""

from __future__ import annotations

import asyncio
import base64
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from devices import registry
from devices.agent.app import BadDevice, check_device, open_wire
from devices.agent.buses import Buses
from devices.agent.roles.light import LightRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.codecs import ddp
from devices.codecs.ascii_lamps import LampCodec, LampCommand
from devices.codecs.ddp import DdpCodec, DdpPacket
from devices.contracts import topics
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.drivers.light_ascii import AsciiLight, AsciiLightSettings
from devices.drivers.light_wled import COLOURS, WledLight, WledSettings
from devices.errors import DeviceError, WireClosed
from devices.sim.base import NotPossible
from devices.sim.light import SimAsciiLamps, SimWled
from devices.sim.runner import Host
from devices.transports.memory import MemoryWire
from devices.transports.places import Place, parse_place
from tests.devices.test_roles import PATIENCE_S, post, running
from tests.golden import golden
from tests.strategies import chunked

colours = st.tuples(*[st.integers(0, 255)] * 3)
commands = st.builds(LampCommand, st.integers(0, 99), st.integers(0, 9), st.integers(0, 99))


def test_two_pixels_are_the_published_packet():
    assert ddp.packets([(255, 0, 0), (0, 255, 0)]) == [golden("led_misc.json", "ddp_rgb_2px")]


def test_a_long_strip_is_shown_when_its_last_packet_is_there():
    sim = SimWled(pixels=700)
    first, last = ddp.packets([(1, 2, 3)] * 700)
    sim.receive(first, 0)
    before = set(sim.shown)
    sim.receive(last, 0)

    assert before == {(0, 0, 0)}
    assert set(sim.shown) == {(1, 2, 3)}


@settings(max_examples=60)
@given(st.lists(colours, max_size=1500), st.data())
def test_a_strip_of_any_length_arrives_pixel_by_pixel_in_any_chunking(pixels, data):
    datagrams = ddp.packets(pixels)
    codec = DdpCodec()

    heard = [one for chunk in data.draw(chunked(b"".join(datagrams))) for one in codec.feed(chunk)]

    assert b"".join(one.data for one in heard) == b"".join(map(bytes, pixels))
    assert [one.push for one in heard] == [False] * (len(datagrams) - 1) + [True]
    assert all(len(datagram) <= 1450 for datagram in datagrams)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from([b"", b"x", b"\r\n", b"O(", b"O(00,1"]), commands), max_size=6),
    st.data(),
)
def test_every_lamp_command_survives_noise_and_any_chunking(parts, data):
    wire = b"".join(noise + command.encode() for noise, command in parts)
    codec = LampCodec()

    heard = [one for chunk in data.draw(chunked(wire)) for one in codec.feed(chunk)]

    assert heard == [command for _, command in parts]


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_break_the_codecs_of_the_lights(chunks):
    for codec in (DdpCodec(), LampCodec()):
        for chunk in chunks:
            for heard in codec.feed(chunk):
                assert isinstance(heard, (DdpPacket, LampCommand))
        assert codec.discarded <= sum(map(len, chunks))


@pytest.mark.parametrize("command", [LampCommand(100, 1), LampCommand(1, 10), LampCommand(1, 1, 100)])
def test_a_lamp_command_with_too_large_a_number_is_refused(command):
    with pytest.raises(ValueError, match="two digits"):
        command.encode()


@pytest.mark.parametrize(
    "state, sent", [(WindowState.CALLING, b"O(00,15,2)E"), (WindowState.SERVING, b"O(00,15,0)E")]
)
async def test_the_lamp_blinks_while_the_window_calls_and_is_out_else(state, sent):
    wire = MemoryWire(SimAsciiLamps())

    await AsciiLight("light-1", wire, AsciiLightSettings()).show_state(state)

    assert wire.sent == sent


async def test_lamps_of_the_state_before_are_put_out():
    sim = SimAsciiLamps()
    states = {"free": {13: 1}, "serving": {11: 1}}
    driver = AsciiLight("light-1", MemoryWire(sim), AsciiLightSettings(lamps=(11, 13), states=states))

    await driver.show_state(WindowState.FREE)
    await driver.show_state(WindowState.SERVING)

    assert sim.state()["lamps"] == {"11": 1}


@pytest.mark.parametrize("state", WindowState)
async def test_a_strip_has_the_colour_of_the_state_dimmed_as_set(state):
    sim = SimWled(pixels=700)
    driver = WledLight("light-1", MemoryWire(sim), WledSettings(pixels=700, brightness=51))

    await driver.show_state(state)

    assert set(sim.shown) == {tuple(part // 5 for part in bytes.fromhex(COLOURS[state][1:]))}


async def test_a_light_without_power_is_dark_until_it_is_told_again():
    sim = SimWled(pixels=4)
    driver = WledLight("light-1", MemoryWire(sim), WledSettings(pixels=4))
    await driver.show_state(WindowState.FREE)
    sim.do("power", {"on": False}, 0)
    await driver.show_state(WindowState.FREE)
    dark = sim.state()
    with pytest.raises(NotPossible):
        sim.do("power", {"on": False}, 0)
    sim.do("power", {"on": True}, 0)
    await driver.show_state(WindowState.FREE)

    assert (dark["lit"], sim.state()["colour"]) == (False, "#00ff00")


def test_the_picture_of_a_strip_has_its_colour():
    sim = SimWled(pixels=4)
    sim.receive(ddp.packets([(0, 255, 0)] * 4)[0], 0)

    picture = Image.open(io.BytesIO(base64.b64decode(sim.state()["png"].partition(",")[2]))).convert("RGB")

    assert sum(picture.getchannel("G").histogram()[180:]) > 40
    assert sum(picture.getchannel("R").histogram()[180:]) == 0


@pytest.mark.parametrize(
    "make, bad",
    [
        (WledSettings, {"colours": {"free": "green"}}),
        (WledSettings, {"colours": {"asleep": "#000000"}}),
        (WledSettings, {"pixels": 0}),
        (AsciiLightSettings, {"states": {"free": {11: 10}}}),
        (AsciiLightSettings, {"lamps": ()}),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(make, bad):
    with pytest.raises(ValidationError):
        make(**bad)


def test_a_strip_is_reached_by_datagrams_only():
    good = DeviceSettings(id="light-1", driver="light-wled", wire="udp://127.0.0.1:4048")
    bad = good.model_copy(update={"wire": "tcp://127.0.0.1:80"})

    assert parse_place(good.wire) == Place("udp", "127.0.0.1", 4048)
    assert check_device(good)[0].name == "light-wled"
    with pytest.raises(BadDevice, match="udp://"):
        check_device(bad)
    with pytest.raises(BadDevice, match="serial"):
        check_device(good.model_copy(update={"driver": "light-ascii"}))


async def test_a_strip_is_told_over_real_datagrams_and_a_strip_that_is_gone_is_noticed():
    sim = SimWled(pixels=4)
    host = Host("light-1", sim, "udp:0")
    await host.start()
    wire = await open_wire(registry.find("light-wled"), host.wire)
    driver = WledLight("light-1", wire, WledSettings(pixels=4, refusal_s=0.05))
    await driver.probe()
    await driver.show_state(WindowState.SERVING)
    async with asyncio.timeout(PATIENCE_S):
        while sim.state()["colour"] != "#ff0000":
            await asyncio.sleep(0)
    await host.stop()

    with pytest.raises(DeviceError):
        await driver.probe()
    await wire.close()
    with pytest.raises(WireClosed):
        await wire.write(b"x")


async def test_an_unplugged_strip_listens_again_on_the_same_port_when_it_is_back():
    host = Host("light-1", SimWled(pixels=4), "udp:0")
    await host.start()
    before = host.wire
    host.do("fault", {"kind": "unplug", "for_s": 60})
    host.heal()
    async with asyncio.timeout(PATIENCE_S):
        await host._replugging
    after = host.wire
    await host.stop()

    assert after == before


class FakeLight:
    discarded_bytes = 0

    def __init__(self, refresh_s: float) -> None:
        self.refresh_s = refresh_s
        self.told: list[WindowState] = []
        self.broken = False
        self.news = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def show_state(self, state: WindowState) -> None:
        if self.broken:
            self.broken = False
            raise WireClosed("unplugged")
        self.told.append(state)
        self.news.set()

    async def has_told(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while len(self.told) < count:
                self.news.clear()
                await self.news.wait()


async def say(site: MemoryBus, state: WindowState, seq: int) -> None:
    display = WindowDisplay(window="3", state=state, text="x", seq=seq)
    await site.publish(topics.window_display("demo", "3"), envelope_of(display), retain=True)


async def test_a_light_follows_the_newest_state_of_its_window() -> None:
    site, light = MemoryBus(), FakeLight(refresh_s=600)
    await say(site, WindowState.FREE, 5)

    async with running(LightRole(post(light, Buses("demo", site), window="3"))):
        await light.has_told(1)
        await say(site, WindowState.PAUSED, 4)
        await say(site, WindowState.CALLING, 6)
        await light.has_told(2)

    assert light.told == [WindowState.FREE, WindowState.CALLING]


async def test_a_light_is_told_again_though_nothing_changed() -> None:
    site, light = MemoryBus(), FakeLight(refresh_s=0.001)
    await say(site, WindowState.SERVING, 1)

    async with running(LightRole(post(light, Buses("demo", site), window="3"))):
        await light.has_told(4)

    assert set(light.told) == {WindowState.SERVING}


async def test_a_light_that_was_away_is_told_when_it_is_back() -> None:
    site, light = MemoryBus(), FakeLight(refresh_s=600)
    light.broken = True
    await say(site, WindowState.SERVING, 1)

    async with running(LightRole(post(light, Buses("demo", site), window="3"))):
        await light.has_told(1)

    assert light.told == [WindowState.SERVING]
