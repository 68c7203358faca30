"""A command is obeyed once, in time, or not at all."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import queue_server.__main__ as queue_server
from devices.agent import __main__ as device_agent
from devices.agent.access import acl_block
from devices.agent.settings import AgentSettings, MqttSettings
from devices.bus.base import BusClosed, Envelope, envelope_of
from devices.bus.guard import CommandGuard, GuardedBus, Refusal
from devices.bus.memory import MemoryBus
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.call_pad import Beep
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.runtime.toml_settings import SettingsError
from tests.brokers import embedded_broker, mosquitto

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SAY = topics.audio_say("demo", "AZ1")
PATIENCE_S = 20
DEMO_HALL = Path(__file__).parents[2] / "config" / "demo" / "hall.toml"


def command(at_s: float = 0, life_s: float | None = 60, window: str = "3") -> Envelope[Beep]:
    return envelope_of(Beep(window=window), expires_in_s=life_s, now=NOW + timedelta(seconds=at_s))


def test_a_command_is_obeyed_once() -> None:
    guard, one = CommandGuard(), command()

    assert guard.judge(one, NOW) is None
    assert guard.judge(one, NOW) is Refusal.REPLAYED
    assert guard.judge(command(), NOW) is None


@pytest.mark.parametrize(
    "at_s, life_s, refusal",
    [
        (-60, 60, None),
        (-60.1, 60, Refusal.EXPIRED),
        (-60.1, None, Refusal.EXPIRED),  # one that does not say lives a minute
        (5, 60, None),
        (5.1, 60, Refusal.FUTURE),
        (0, -1, Refusal.MALFORMED),
    ],
)
def test_a_command_is_obeyed_in_its_time_only(
    at_s: float, life_s: float | None, refusal: Refusal | None
) -> None:
    assert CommandGuard(skew_s=5).judge(command(at_s, life_s), NOW) is refusal


def test_more_skew_lets_a_faster_clock_command() -> None:
    assert CommandGuard(skew_s=30).judge(command(29), NOW) is None


@pytest.mark.parametrize("name", ["", "x" * 129, "#", "a/b", "+", "a b", "a\n", "a\0", "中"])
def test_an_id_that_nobody_of_ours_gives_is_refused(name: str) -> None:
    assert CommandGuard().judge(command().model_copy(update={"id": name}), NOW) is Refusal.MALFORMED


def test_a_date_at_the_end_of_time_is_refused_and_breaks_nothing() -> None:
    last = command().model_copy(update={"at": datetime.max.replace(tzinfo=UTC), "expires_at": None})

    assert CommandGuard().judge(last, NOW) is Refusal.MALFORMED


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(-70, 10), st.integers(1, 90), st.integers(0, 20)),
        max_size=60,
    ),
    st.integers(1, 6),
)
@settings(max_examples=200)
def test_nothing_is_obeyed_twice_however_small_the_memory(
    steps: list[tuple[int, int, int, int]], most: int
) -> None:
    guard, sent, obeyed, now = CommandGuard(most=most), {}, set(), NOW
    for name, at_s, life_s, later_s in steps:
        now += timedelta(seconds=later_s)
        fresh = envelope_of(Beep(window="3"), expires_in_s=life_s, now=now + timedelta(seconds=at_s))
        one = sent.setdefault(name, fresh.model_copy(update={"id": f"{name}"}))
        if guard.judge(one, now) is None:
            assert name not in obeyed
            assert now <= one.expires_at
            obeyed.add(name)
        assert len(guard) <= most


async def test_refusals_are_counted_each_and_logged_once_without_what_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner = MemoryBus()
    bus = GuardedBus(inner, now=lambda: NOW)
    ears = await bus.subscribe(SAY, Beep)

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await inner.publish(SAY, command(-300, window="A017"))
        await inner.publish(SAY, command(window="4"))
        heard = await ears.get(PATIENCE_S)

    assert heard.body.window == "4"
    assert bus.refused == {Refusal.EXPIRED: 3}
    assert len(caplog.records) == 1
    assert "A017" not in caplog.text


async def test_what_is_no_command_passes_however_old() -> None:
    inner = MemoryBus()
    topic = topics.window_display("demo", "3")
    old = envelope_of(
        WindowDisplay(window="3", state=WindowState.CALLING, text="x", number="A001", seq=1),
        expires_in_s=1,
        now=NOW - timedelta(days=1),
    )
    await inner.publish(topic, old, retain=True)

    bars = await GuardedBus(inner, now=lambda: NOW).subscribe(topic, WindowDisplay)

    assert (await bars.get(PATIENCE_S)).envelope.id == old.id
    await inner.close()
    with pytest.raises(BusClosed):
        await bars.get(PATIENCE_S)


async def test_a_command_tells_the_broker_its_life_and_where_the_answer_goes(tmp_path: Path) -> None:
    topic = topics.device_command("demo", "pads-1f", "beep")
    with mosquitto(tmp_path) as broker:
        server = MqttBus("127.0.0.1", broker.port, "server", listens=False)
        await server.connect(PATIENCE_S)
        async with aiomqtt.Client(
            "127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=PATIENCE_S
        ) as raw:
            await raw.subscribe(topic)
            sent = envelope_of(Beep(window="3"), expires_in_s=60)
            await server.publish(topic, sent)
            async with asyncio.timeout(PATIENCE_S):
                told = (await anext(aiter(raw.messages))).properties
        await server.close()

    assert told is not None
    properties = told.json()
    assert 30 <= properties["MessageExpiryInterval"] <= 60
    assert properties["ResponseTopic"] == topics.device_result("demo", "pads-1f", sent.id)


@pytest.mark.parametrize("start", [mosquitto, embedded_broker])
async def test_what_is_said_while_an_agent_is_away_reaches_it_when_it_is_back(
    start: object, tmp_path: Path
) -> None:
    with start(tmp_path) as broker:  # type: ignore[operator]
        server = MqttBus("127.0.0.1", broker.port, "server")
        await server.connect(PATIENCE_S)
        first = MqttBus("127.0.0.1", broker.port, "agent", session_s=60)
        await first.connect(PATIENCE_S)
        await first.subscribe(SAY, Beep)
        await first.close()
        await server.publish(SAY, envelope_of(Beep(window="meanwhile"), expires_in_s=60))

        second = MqttBus("127.0.0.1", broker.port, "agent", session_s=60)
        await second.connect(PATIENCE_S)
        ears = await second.subscribe(SAY, Beep)

        assert (await ears.get(PATIENCE_S)).body.window == "meanwhile"
        await second.close()
        await server.close()


@pytest.mark.parametrize(
    "keys, message",
    [
        ({"ca": "/x"}, "without tls"),
        ({"tls": True, "ca": "x.crt"}, "absolute"),
        ({"tls": True, "certificate": "/x"}, "belong together"),
    ],
)
def test_tls_keys_that_do_not_fit_together_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MqttSettings.model_validate(keys)


def test_an_unreadable_authority_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "ca.crt"
    bad.write_text("not PEM")

    for path in (bad, tmp_path / "missing.crt"):
        with pytest.raises(SettingsError, match=str(path)):
            MqttSettings(tls=True, ca=path).tls_context()
    assert MqttSettings().tls_context() is None


@pytest.mark.parametrize("main", [queue_server.main, device_agent.main])
def test_both_programs_name_an_unreadable_authority_before_they_start(
    main: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "settings.toml"
    first = f'hall = "{DEMO_HALL}"' if main is queue_server.main else 'id = "a"'
    config.write_text(f'{first}\n[mqtt]\ntls = true\nca = "/no/ca.crt"\n')
    monkeypatch.setattr("sys.argv", ["x", "check-config", "--config", str(config)])

    assert main() == 1
    assert "/no/ca.crt" in capsys.readouterr().err


def test_an_agents_block_names_its_machines_and_no_other() -> None:
    device = {"id": "led-3", "driver": "ledboard-onbon-font", "wire": "tcp://127.0.0.1:1"}
    settings = AgentSettings.model_validate({"id": "hall-1f", "device": [device]})

    assert acl_block(settings).splitlines() == [
        "user hall-1f",
        "topic write tingtong/v1/demo/agent/hall-1f/state",
        "topic write tingtong/v1/demo/device/led-3/state",
        "topic write tingtong/v1/demo/device/led-3/event/#",
        "topic write tingtong/v1/demo/device/led-3/res/#",
        "topic read tingtong/v1/demo/device/led-3/cmd/#",
    ]


def test_a_block_allows_what_machines_of_other_makers_say_in_their_own_topics() -> None:
    boxes = [{"family": "zigbee2mqtt", "name": "button-3", "presses": {"single": "call-next"}}]
    buttons = {"id": "b", "driver": "buttons-mqtt", "wire": "mqtt:site", "settings": {"boxes": boxes}}
    strip = {"id": "s", "driver": "light-wled-mqtt", "wire": "mqtt:site", "settings": {"topic": "wled/3"}}
    settings = AgentSettings.model_validate(
        {"id": "hall-1f", "device": [buttons, strip], "home_assistant": {"enabled": True}}
    )

    lines = acl_block(settings).splitlines()

    for line in (
        "topic read zigbee2mqtt/button-3",
        "topic read zigbee2mqtt/button-3/availability",
        "topic read wled/3/status",
        "topic write wled/3/#",
    ):
        assert line in lines
    assert sum(line.startswith("topic write homeassistant/device/") for line in lines) == 2
