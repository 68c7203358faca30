"""Every Bus keeps the same promises: memory, the terminal's socket, the embedded broker, Mosquitto."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from devices.bus.base import Bus, BusClosed, ScopeViolation, envelope_of, request
from devices.bus.local import LocalBusClient, LocalBusServer
from devices.bus.memory import MemoryBus
from devices.bus.mqtt import MqttBus
from devices.contracts import topics
from devices.contracts.call_pad import Beep
from devices.contracts.id_reader import CardKind, CardRead, IdCard, ReadCard
from devices.contracts.window_display import WindowDisplay, WindowState
from tests.brokers import Broker, embedded_broker, mosquitto

PATIENCE_S = 10  # a bound on failure, not a wait


@dataclass
class Pair:
    """Two ends of one bus: what one says, the other hears."""

    one: Bus
    other: Bus


@pytest.fixture(params=["memory", "local-socket", "embedded-broker", "mosquitto"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    if request.param == "memory":
        bus = MemoryBus()
        yield Pair(bus, bus)
        await bus.close()
    elif request.param == "local-socket":
        server, client = LocalBusServer(tmp_path / "bus.sock"), LocalBusClient(tmp_path / "bus.sock")
        await server.start()
        await client.connect(PATIENCE_S)
        yield Pair(server, client)
        await client.close()
        await server.close()
    else:
        start: Callable[[Path], Broker] = {"embedded-broker": embedded_broker, "mosquitto": mosquitto}[
            request.param
        ]
        with start(tmp_path) as broker:
            ends = [MqttBus("127.0.0.1", broker.port, name) for name in ("one", "other")]
            for end in ends:
                await end.connect(PATIENCE_S)
            yield Pair(*ends)
            for end in ends:
                await end.close()


def display(seq: int) -> WindowDisplay:
    return WindowDisplay(
        window="3", state=WindowState.CALLING, text="请A001到3号窗口", number="A001", seq=seq
    )


async def test_what_is_published_arrives_unchanged_and_in_order(pair: Pair) -> None:
    heard = await pair.other.subscribe(topics.window_display("demo", "+"), WindowDisplay)

    for seq in range(20):
        await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(seq)))

    got = [await heard.get(PATIENCE_S) for _ in range(20)]
    assert [message.body for message in got] == [display(seq) for seq in range(20)]
    assert {topics.window_of(message.topic) for message in got} == {"3"}


async def test_a_late_listener_gets_the_last_retained_message_only(pair: Pair) -> None:
    for seq in (1, 2):
        await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(seq)), retain=True)
    await pair.one.publish(topics.window_display("demo", "4"), envelope_of(display(9)))

    heard = await pair.other.subscribe(topics.window_display("demo", "+"), WindowDisplay)
    await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(3)))

    assert [(await heard.get(PATIENCE_S)).body.seq for _ in range(2)] == [2, 3]


async def test_a_filter_keeps_other_topics_out(pair: Pair) -> None:
    heard = await pair.other.subscribe(topics.window_display("demo", "3"), WindowDisplay)

    await pair.one.publish(topics.window_display("demo", "33"), envelope_of(display(33)))
    await pair.one.publish(topics.window_display("other", "3"), envelope_of(display(34)))
    await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(3)))

    assert (await heard.get(PATIENCE_S)).body.seq == 3


async def test_a_payload_of_another_class_is_dropped_not_raised(pair: Pair) -> None:
    heard = await pair.other.subscribe(topics.window_display("demo", "3"), WindowDisplay)

    await pair.one.publish(topics.window_display("demo", "3"), envelope_of(Beep(window="3")))
    await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(1)))

    assert (await heard.get(PATIENCE_S)).body.seq == 1


async def test_a_card_is_refused_on_a_site_topic(pair: Pair) -> None:
    card = IdCard(kind=CardKind.CITIZEN, name="张伟", id_number="990000199001011239", birth=date(1990, 1, 1))

    with pytest.raises(ScopeViolation):
        await pair.one.publish(
            topics.device_event("demo", "id-reader-1", "card"), envelope_of(CardRead(card=card))
        )


async def test_closing_a_subscription_lets_its_reader_go(pair: Pair) -> None:
    heard = await pair.other.subscribe(topics.window_display("demo", "3"), WindowDisplay)
    reader = asyncio.create_task(_all(heard))

    await heard.close()

    assert await asyncio.wait_for(reader, PATIENCE_S) == []


async def test_a_closed_bus_refuses_to_publish(pair: Pair) -> None:
    await pair.other.close()

    if pair.other is not pair.one:
        with pytest.raises(BusClosed):
            await pair.other.publish(topics.window_display("demo", "3"), envelope_of(display(1)))
    else:
        with pytest.raises(BusClosed):
            await pair.one.publish(topics.window_display("demo", "3"), envelope_of(display(1)))


async def _all(heard: object) -> list[object]:
    return [message async for message in heard]  # type: ignore[attr-defined]


async def test_a_command_is_answered_over_the_terminals_socket(tmp_path: Path) -> None:
    server, client = LocalBusServer(tmp_path / "bus.sock"), LocalBusClient(tmp_path / "bus.sock")
    await server.start()
    await client.connect(PATIENCE_S)
    commands = await server.subscribe(topics.local_command("id-reader-1", "read-card"), ReadCard)

    async def answer() -> None:
        command = await commands.get(PATIENCE_S)
        topic = topics.local_result("id-reader-1", command.envelope.id)
        await server.publish(topic, envelope_of(CardRead(error="timeout"), reply_to=command.envelope.id))

    answering = asyncio.create_task(answer())
    result = await request(client, "id-reader-1", "read-card", ReadCard(), CardRead, timeout_s=PATIENCE_S)
    await answering

    assert result.error == "timeout"
    await client.close()
    await server.close()


async def test_the_socket_belongs_to_one_user_only(tmp_path: Path) -> None:
    server = LocalBusServer(tmp_path / "bus.sock")
    await server.start()

    assert (tmp_path / "bus.sock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError, match="another agent"):
        await LocalBusServer(tmp_path / "bus.sock").start()
    await server.close()


async def test_a_program_hears_again_after_the_agent_restarted(tmp_path: Path) -> None:
    path = tmp_path / "bus.sock"
    server, client = LocalBusServer(path), LocalBusClient(path)
    await server.start()
    await client.connect(PATIENCE_S)
    heard = await client.subscribe("tingtong/v1/local/#", WindowDisplay)

    await server.close()
    while client.connected.is_set():
        await asyncio.sleep(0)
    again = LocalBusServer(path)
    await again.start()
    await asyncio.wait_for(client.connected.wait(), PATIENCE_S)
    marker = await client.subscribe("tingtong/v1/local/marker", Beep)  # its ok comes after the renewed ones
    await again.publish(topics.local_state("x"), envelope_of(display(7)))

    assert (await heard.get(PATIENCE_S)).body.seq == 7
    await marker.close()
    await client.close()
    await again.close()


async def test_a_site_bus_hears_again_after_the_broker_restarted(tmp_path: Path) -> None:
    with embedded_broker(tmp_path) as broker:
        back = asyncio.Event()

        async def on_connect() -> None:
            back.set()

        bus = MqttBus("127.0.0.1", broker.port, "one", on_connect=on_connect)
        await bus.connect(PATIENCE_S)
        await asyncio.wait_for(back.wait(), PATIENCE_S)
        heard = await bus.subscribe(topics.window_display("demo", "3"), WindowDisplay)
        back.clear()

        broker.restart()
        await asyncio.wait_for(back.wait(), PATIENCE_S)
        await bus.publish(topics.window_display("demo", "3"), envelope_of(display(5)))

        assert (await heard.get(PATIENCE_S)).body.seq == 5
        await bus.close()
