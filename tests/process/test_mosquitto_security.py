"""On a hall's broker as shipped only the queue server commands machines, and nobody speaks for another."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from devices.agent.access import acl_block
from devices.agent.app import Agent
from devices.agent.settings import AgentSettings, MqttSettings
from devices.bus.base import Bus, Subscription, envelope_of
from devices.bus.guard import GuardedBus, Refusal
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.base import Message
from devices.contracts.call_pad import Beep, KeyPressed, PadKey
from devices.contracts.health import AgentState, DeviceHealth, DeviceStatus
from devices.contracts.speaker import Announce
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.sim.runner import Host
from devices.sim.speaker import SimSpeaker
from tests.brokers import free_port
from tests.process.hall_server import HallServer
from tests.process.secure_broker import SecureBroker, adapt, running, secure_broker

pytestmark = pytest.mark.process
PATIENCE_S = 20
ACCOUNTS = {
    "queue-server": "pw-server",
    "hall-1f": "pw-hall",
    "terminal-qk01": "pw-terminal",
    "button-9": "pw-button",
    "stranger": "pw-stranger",  # an account of the broker that is nobody's machine
}
DISPLAY = WindowDisplay(window="3", state=WindowState.CALLING, text="x", number="A001", seq=1)


def agent_settings(name: str, port: int, ca: Path | None, *devices: dict[str, Any]) -> AgentSettings:
    broker = {"port": port, "username": name, "password": ACCOUNTS[name], "tls": ca is not None, "ca": ca}
    return AgentSettings.model_validate({"id": name, "mqtt": broker, "device": list(devices)})


PADS = {"id": "pads-1f", "driver": "padline-ff68", "wire": "tcp://127.0.0.1:9", "windows": {1: "3"}}
PRINTER = {"id": "printer-1", "driver": "printer-escpos", "wire": "tcp://127.0.0.1:9"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Any:
    blocks = acl_block(agent_settings("hall-1f", 1, None, PADS)) + acl_block(
        agent_settings("terminal-qk01", 1, None, PRINTER)
    )
    blocks += "topic readwrite tingtong/v1/local/#\n"  # so that the bridge alone keeps local what is local
    with secure_broker(tmp_path_factory.mktemp("broker"), ACCOUNTS, blocks) as made:
        yield made


@asynccontextmanager
async def as_user(broker: SecureBroker, name: str, **options: Any) -> AsyncIterator[MqttBus]:
    tls = MqttSettings(tls=True, ca=options.pop("ca", broker.ca), **options).tls_context()
    bus = MqttBus("127.0.0.1", broker.port, f"test-{name}", name, ACCOUNTS[name], tls=tls)
    await bus.connect(PATIENCE_S)
    try:
        yield bus
    finally:
        await bus.close()


async def arrives(
    speaker: Bus, topic: str, body: Message, ears: Subscription[Any], marker: tuple[Bus, str, Message]
) -> bool:
    """Publish, then a marker that is sure to arrive: whatever was to arrive has arrived before it."""
    await speaker.publish(topic, envelope_of(body, expires_in_s=30))
    sure, sure_topic, last = marker
    ending = envelope_of(last, expires_in_s=30)
    await sure.publish(sure_topic, ending)
    heard = []
    while True:
        message = await ears.get(PATIENCE_S)
        if message.envelope.id == ending.id:
            return bool(heard)
        heard.append(message)


COMMANDS: list[tuple[str, Message]] = [
    (topics.device_command("demo", "pads-1f", "beep"), Beep(window="3")),
    (topics.audio_say("demo", "AZ1"), Announce(key="k", text="x")),
    (topics.window_display("demo", "3"), DISPLAY),
]


@pytest.mark.parametrize("who", ["stranger", "terminal-qk01", "button-9", "queue-server"])
@pytest.mark.parametrize("topic, body", COMMANDS)
async def test_only_the_queue_server_commands_machines(
    broker: SecureBroker, who: str, topic: str, body: Message
) -> None:
    async with (
        as_user(broker, "hall-1f") as machine,
        as_user(broker, who) as speaker,
        as_user(broker, "queue-server") if who != "queue-server" else as_user(broker, "stranger") as other,
    ):
        server = speaker if who == "queue-server" else other
        ears = await machine.subscribe(topic, type(body))

        heard = await arrives(speaker, topic, body, ears, (server, topic, body))

    assert heard == (who == "queue-server")


PRESS = KeyPressed(device_id="pads-1f", window="3", key=PadKey.CALL_NEXT, boot="b", seq=1)
ONLINE = DeviceHealth(
    device_id="pads-1f", kind="x", driver="x", status=DeviceStatus.ONLINE, since_at=datetime.now(UTC)
)
SPOKEN: list[tuple[str, Message]] = [
    (topics.device_event("demo", "pads-1f", "key-pressed"), PRESS),
    (topics.device_state("demo", "pads-1f"), ONLINE),
    (topics.device_result("demo", "pads-1f", "c1"), Beep(window="3")),
    (topics.agent_state("demo", "hall-1f"), AgentState(agent_id="hall-1f", status=DeviceStatus.ONLINE)),
]


@pytest.mark.parametrize("who", ["stranger", "terminal-qk01", "button-9", "hall-1f"])
@pytest.mark.parametrize("topic, body", SPOKEN)
async def test_an_account_speaks_for_its_own_machines_only(
    broker: SecureBroker, who: str, topic: str, body: Message
) -> None:
    async with (
        as_user(broker, "queue-server") as server,
        as_user(broker, who) as speaker,
        as_user(broker, "hall-1f") if who != "hall-1f" else as_user(broker, "stranger") as other,
    ):
        owner = speaker if who == "hall-1f" else other
        ears = await server.subscribe(topic, type(body))

        heard = await arrives(speaker, topic, body, ears, (owner, topic, body))

    assert heard == (who == "hall-1f")


async def test_a_machine_with_its_own_account_speaks_for_itself(broker: SecureBroker) -> None:
    topic = topics.device_event("demo", "button-9", "key-pressed")
    async with as_user(broker, "queue-server") as server, as_user(broker, "button-9") as button:
        ears = await server.subscribe(topic, KeyPressed)
        await button.publish(topic, envelope_of(PRESS))

        assert (await ears.get(PATIENCE_S)).body == PRESS


async def test_nobody_overhears_the_commands_of_another(broker: SecureBroker) -> None:
    own, others = (topics.device_command("demo", name, "beep") for name in ("printer-1", "pads-1f"))
    async with as_user(broker, "queue-server") as server, as_user(broker, "terminal-qk01") as terminal:
        ears = await terminal.subscribe("tingtong/v1/demo/device/+/cmd/beep", Beep)
        await server.publish(others, envelope_of(Beep(window="secret"), expires_in_s=30))
        await server.publish(own, envelope_of(Beep(window="mine"), expires_in_s=30))

        assert (await ears.get(PATIENCE_S)).body.window == "mine"


def connect_packet(name: str, password: str) -> bytes:
    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    login = text(name) + text(password) if name else b""
    body = text("MQTT") + bytes((5, 0xC2 if name else 2, 0, 60, 0)) + text("test-raw") + login
    return bytes((0x10, len(body))) + body


async def is_let_in(port: int, tls: ssl.SSLContext | None, name: str = "", password: str = "") -> bool:
    """Say whether the broker answers a CONNECT with success; it may refuse at any stage."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            writer.write(connect_packet(name, password))
            answer = await reader.read(64)
            writer.close()
        except OSError:
            return False
    return answer[:1] == b"\x20" and answer[3] == 0


async def test_without_the_right_name_password_and_authority_nobody_gets_in(broker: SecureBroker) -> None:
    right = MqttSettings(tls=True, ca=broker.ca).tls_context()
    wrong = MqttSettings(tls=True, ca=broker.folder / "other-ca.crt").tls_context()
    name, password = "hall-1f", ACCOUNTS["hall-1f"]

    assert await is_let_in(broker.port, right, name, password)
    assert not await is_let_in(broker.port, right)
    assert not await is_let_in(broker.port, right, name, "guess")
    assert not await is_let_in(broker.port, right, "nobody", password)
    assert not await is_let_in(broker.port, wrong, name, password)
    assert not await is_let_in(broker.port, MqttSettings(tls=True).tls_context(), name, password)
    assert not await is_let_in(broker.port, None, name, password)


async def test_where_certificates_are_required_a_password_is_not_enough(
    broker: SecureBroker, tmp_path: Path
) -> None:
    name, password, port = "hall-1f", ACCOUNTS["hall-1f"], free_port()
    text = (broker.folder / "site.conf").read_text().replace(f"listener {broker.port}", f"listener {port}")
    strict = text.replace("# require_certificate true", "require_certificate true")
    assert strict != text
    own = {"certificate": broker.folder / "client.crt", "key": broker.folder / "client.key"}

    with running(tmp_path, "strict", strict, port):
        known = MqttSettings(tls=True, ca=broker.ca, **own).tls_context()
        assert await is_let_in(port, known, name, password)
        assert not await is_let_in(port, MqttSettings(tls=True, ca=broker.ca).tls_context(), name, password)


async def test_an_agent_behind_tls_says_what_the_server_says_and_refuses_the_same_again(
    broker: SecureBroker, tmp_path: Path
) -> None:
    sim = SimSpeaker(speed=500.0)
    host = Host("speaker-1", sim, "tcp:0")
    await host.start()
    speaker = {"id": "speaker-1", "driver": "speaker-espeak", "wire": host.wire, "audio_zone": "AZ1"}
    agent = asyncio.create_task(Agent(agent_settings("hall-1f", broker.port, broker.ca, speaker)).run())
    topic = topics.audio_say("demo", "AZ1")
    try:
        async with as_user(broker, "queue-server") as server, as_user(broker, "stranger") as stranger:
            seen = await server.subscribe(topics.agent_state("demo", "hall-1f"), AgentState)
            while (await seen.get(PATIENCE_S)).body.status is not DeviceStatus.ONLINE:
                pass
            first = envelope_of(Announce(key="a", text="第一"), expires_in_s=60)
            await stranger.publish(topic, envelope_of(Announce(key="s", text="生人"), expires_in_s=60))
            await server.publish(topic, first)
            await server.publish(topic, first)  # as somebody who recorded it would
            await server.publish(topic, envelope_of(Announce(key="b", text="第二"), expires_in_s=60))
            async with asyncio.timeout(PATIENCE_S):
                while len(sim.said) < 2:
                    await asyncio.sleep(0.02)
    finally:
        agent.cancel()
        await asyncio.gather(agent, return_exceptions=True)
        await host.stop()

    assert [one.text for one in sim.said] == ["第一", "第二"]


async def test_a_retained_command_is_refused_and_a_retained_display_is_not(broker: SecureBroker) -> None:
    say, show = topics.audio_say("demo", "AZ9"), topics.window_display("demo", "9")
    async with as_user(broker, "queue-server") as server, as_user(broker, "hall-1f") as machine:
        old = envelope_of(Announce(key="old", text="x"), expires_in_s=60)
        await server.publish(say, old, retain=True)
        await server.publish(show, envelope_of(DISPLAY), retain=True)
        guarded = GuardedBus(machine)
        voices = await guarded.subscribe(say, Announce)
        bars = await guarded.subscribe(show, WindowDisplay)
        await server.publish(say, envelope_of(Announce(key="new", text="x"), expires_in_s=60))

        assert (await voices.get(PATIENCE_S)).body.key == "new"
        assert (await bars.get(PATIENCE_S)).retained
        assert guarded.refused == {Refusal.RETAINED: 1}


async def test_a_command_that_waited_too_long_at_the_broker_is_not_obeyed(broker: SecureBroker) -> None:
    topic = topics.device_command("demo", "pads-1f", "beep")
    tls = MqttSettings(tls=True, ca=broker.ca).tls_context()
    login = {"username": "hall-1f", "password": ACCOUNTS["hall-1f"], "tls": tls}
    away = MqttBus("127.0.0.1", broker.port, "sleeper", session_s=60, **login)  # type: ignore[arg-type]
    await away.connect(PATIENCE_S)
    await away.subscribe(topic, Beep)
    await away.close()
    async with as_user(broker, "queue-server") as server:
        now = datetime.now(UTC)
        late = envelope_of(Beep(window="late"), expires_in_s=-30, now=now - timedelta(seconds=60))
        await server.publish(topic, late)  # its life in MQTT is one second
        await server.publish(topic, envelope_of(Beep(window="fresh"), expires_in_s=60))
        back = MqttBus("127.0.0.1", broker.port, "sleeper", session_s=60, **login)  # type: ignore[arg-type]
        ears = await GuardedBus(back).subscribe(topic, Beep)
        await back.connect(PATIENCE_S)
        heard = await ears.get(PATIENCE_S)
        await back.close()

    assert heard.body.window == "fresh"


async def test_a_terminals_bridge_carries_the_sites_tree_and_nothing_local(
    broker: SecureBroker, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_bytes(broker.ca.read_bytes())
    for name in ("tingtong.passwd", "tingtong.acl"):
        (tmp_path / name).write_bytes((broker.folder / name).read_bytes())
    port = free_port()
    text = adapt(
        "terminal.conf",
        tmp_path,
        listener__1883=f"listener {port}",
        SITE="demo",
        TERMINAL="terminal-qk01",
        PASSWORD=ACCOUNTS["terminal-qk01"],
        **{"queue.example.org:8883": f"127.0.0.1:{broker.port}"},
    )
    with running(tmp_path, "terminal", text, port):
        name = "terminal-qk01"
        agent = MqttBus("127.0.0.1", port, "agent", name, ACCOUNTS[name])
        await agent.connect(PATIENCE_S)
        bars = await agent.subscribe(topics.window_display("demo", "7"), WindowDisplay)
        async with as_user(broker, "queue-server") as server:
            states = await server.subscribe("tingtong/v1/+/device/printer-1/state", DeviceHealth)
            await server.publish(topics.window_display("demo", "7"), envelope_of(DISPLAY), retain=True)
            shown = await bars.get(PATIENCE_S)  # so the bridge is up
            await agent.publish(topics.local_state("printer-1"), envelope_of(ONLINE))
            await agent.publish(topics.device_state("demo", "printer-1"), envelope_of(ONLINE), retain=True)
            first = await states.get(PATIENCE_S)
        await agent.close()

    assert shown.body == DISPLAY
    assert first.topic == topics.device_state("demo", "printer-1")


class SecureServer(HallServer):
    """A real server process that goes to the hall's broker."""

    broker: SecureBroker

    @property
    def config(self) -> Path:
        """Write the settings; return the file."""
        path = super().config
        login = f'tls = true\nca = "{self.broker.ca}"\nusername = "queue-server"\npassword = "pw-server"'
        text = path.read_text("utf-8").replace("embedded = true", f"embedded = false\n{login}")
        path.write_text(text, "utf-8")
        return path


async def test_a_real_server_may_say_and_hear_all_that_it_needs_and_a_key_moves_the_hall(
    broker: SecureBroker, tmp_path: Path
) -> None:
    server = SecureServer(tmp_path, mqtt=True, mqtt_port=broker.port)
    server.broker = broker
    try:
        async with as_user(broker, "hall-1f") as cabinet:
            said = await cabinet.subscribe(topics.audio_say("demo", "AZ1"), Announce)
            bars = await cabinet.subscribe(topics.window_display("demo", "4"), WindowDisplay)
            await server.start()
            await bars.get(PATIENCE_S)  # the server is on the broker
            connection = await server.connect()
            body = {"service_id": "A", "channel": "kiosk"}
            await server.send(connection, "POST", "/api/v1/tickets", body, Authorization=server.kiosk)
            connection.writer.close()
            press = PRESS.model_copy(update={"window": "4"})
            await cabinet.publish(
                topics.device_event("demo", "pads-1f", "key-pressed"), envelope_of(press, expires_in_s=10)
            )
            text = (await said.get(PATIENCE_S)).body.text
            while (await bars.get(PATIENCE_S)).body.number != "A001":
                pass
    finally:
        server.kill()

    assert text == "请A001号到4号窗口办理"
    lines = broker.log.read_text("utf-8", "replace").splitlines()
    assert any("queue-server-demo" in line for line in lines)
    assert [line for line in lines if "Denied" in line and "queue-server-demo" in line] == []
