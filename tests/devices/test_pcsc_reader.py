"""The smart-card driver on a reader in memory, and its role on buses in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from devices.agent.app import BadDevice, check_device
from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.card_reader import CardReaderRole, card_hash
from devices.agent.settings import AgentSettings, DeviceSettings
from devices.bus.base import envelope_of, request
from devices.bus.memory import MemoryBus
from devices.codecs import ssc
from devices.contracts import persons, topics
from devices.contracts.card_advice import SENTENCES
from devices.contracts.id_reader import (
    CardInserted,
    CardKind,
    CardMedium,
    CardRead,
    ReadCard,
    StaffCardShown,
    StopReading,
    Validity,
)
from devices.drivers.cardreader_pcsc import SPEC, PcscCardReader, PcscSettings
from devices.errors import DeviceFault
from devices.session import Parts, Session
from devices.sim.smart_card import make_smart_card
from devices.transports.memory_apdu import MemoryChannel

PATIENCE_S = 10
SALT = "a site's long secret"
CITIZEN = {"name": "张三丰", "id_number": "11010519491231002X", "expires": "2030-01-01"}
STAFF = {"kind": "staff-card", "uid": "04A1B2C3D4E5F6"}
ALL = ["social-security", "t-union", "staff-card"]


def reader(card: dict[str, str] | None = None, **settings: Any) -> tuple[PcscCardReader, MemoryChannel]:
    channel = MemoryChannel(make_smart_card(card, 1) if card is not None else None)
    return PcscCardReader("card-1", channel, PcscSettings(**settings)), channel


async def test_a_social_security_card_comes_in_the_shape_of_an_identity_card() -> None:
    driver, _ = reader(CITIZEN)

    card = await driver.poll_card()

    assert card is not None
    assert (card.kind, card.medium) == (CardKind.CITIZEN, CardMedium.SOCIAL_SECURITY)
    assert (card.name, card.id_number, card.birth) == ("张三丰", "11010519491231002X", date(1949, 12, 31))
    assert card.valid_to == date(2030, 1, 1)


@pytest.mark.parametrize(
    "number, kind",
    [
        ("810000199003071237", CardKind.HMT),
        ("911840198001011235", CardKind.FOREIGNER_2023),
        ("99000019900101001" + persons.check_character("99000019900101001"), CardKind.CITIZEN),
    ],
)
async def test_the_sort_of_number_is_told_by_its_first_digits(number: str, kind: CardKind) -> None:
    channel = MemoryChannel(card := make_smart_card(CITIZEN, 1))
    card.values[ssc.ID_NUMBER] = number.encode()
    card.values[ssc.BIRTH] = bytes.fromhex(number[6:14])
    driver = PcscCardReader("card-1", channel, PcscSettings())

    read = await driver.poll_card()

    assert read is not None
    assert read.kind is kind


async def test_a_card_is_read_once_until_it_is_put_in_anew() -> None:
    driver, channel = reader(CITIZEN)
    first, again = await driver.poll_card(), await driver.poll_card()
    channel.insert(make_smart_card(CITIZEN, 2))

    assert first is not None
    assert again is None
    assert await driver.poll_card() is not None


async def test_a_card_without_a_name_is_told_to_be_the_wrong_one() -> None:
    driver, _ = reader({"kind": "t-union"})

    with pytest.raises(DeviceFault) as caught:
        await driver.poll_card()
    assert (caught.value.code, caught.value.advice) == ("not-usable", "other-card")


async def test_a_card_in_motion_is_tried_three_times_before_it_is_given_up() -> None:
    driver, channel = reader(CITIZEN)
    channel.mute = True

    assert await driver.look(0.25) is None
    assert await driver.look(0.25) is None
    with pytest.raises(DeviceFault):
        await driver.look(0.25)
    assert await driver.look(0.25) is None
    channel.mute = False
    channel.insert(make_smart_card(CITIZEN, 2))
    assert await driver.look(0.25) is not None


async def test_a_card_that_needs_a_second_try_is_told_once() -> None:
    driver, channel = reader(CITIZEN)
    channel.mute = True
    await driver.look(0.25)
    channel.mute = False

    assert (await driver.look(0.25)) is not None
    assert (await driver.look(0.25)) is None


@pytest.mark.parametrize("uid", ["08A1B2C3", "04A1B2"])
async def test_a_serial_number_that_names_no_card_is_no_staff_card(uid: str) -> None:
    driver, _ = reader({"kind": "staff-card", "uid": uid}, reads=["staff-card"])

    came = await driver.look(0)

    assert came is not None
    assert came.medium is CardMedium.UNKNOWN


async def test_a_reader_for_staff_asks_no_card_for_a_name() -> None:
    driver, channel = reader(STAFF, reads=["staff-card"])
    await driver.look(0)

    assert await driver.poll_card() is None
    assert [command.hex() for command in channel.sent] == ["ffca000000"]


async def test_unusable_data_are_told_without_their_content() -> None:
    channel = MemoryChannel(card := make_smart_card(CITIZEN, 1))
    card.values[ssc.ID_NUMBER] = b"110105194912310021"

    with pytest.raises(DeviceFault) as caught:
        await PcscCardReader("card-1", channel, PcscSettings()).poll_card()
    assert (caught.value.code, caught.value.advice) == ("card-data", "place-again")
    assert "1949" not in str(caught.value)


def test_every_advice_is_a_sentence_in_two_languages() -> None:
    for zh, en in SENTENCES.values():
        assert zh.endswith("。")
        assert en.endswith(".")


# --- at work ---------------------------------------------------------------------------------------------


class Desk:
    """A role with a reader in memory; `local` and `site` are its buses."""

    def __init__(self, reads: list[str]) -> None:
        self.local, self.site, self.channel = MemoryBus(), MemoryBus(), MemoryChannel()
        device = DeviceSettings(
            id="card-1",
            driver=SPEC.name,
            wire="pcsc:*",
            window="3",
            joins="id-reader-1",
            settings={"reads": reads},
        )
        settings = PcscSettings.model_validate(device.settings)

        def make_session(**hooks: Any) -> Session:
            async def tell(_health: object) -> None:
                return None

            async def open_wire() -> MemoryChannel:
                return self.channel

            return Session(
                Parts(
                    device_id="card-1",
                    kind=SPEC.kind,
                    driver=SPEC.name,
                    open_wire=open_wire,
                    build=lambda wire: SPEC.build("card-1", wire, settings),
                    tell=tell,
                    **hooks,
                )
            )

        post = Post(device, Buses("demo", self.site, self.local), make_session, SALT)
        self.role = CardReaderRole(post, no_pause, lambda: date(2026, 11, 23))


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def at_work(reads: list[str]) -> AsyncIterator[Desk]:
    desk = Desk(reads)
    working = asyncio.create_task(desk.role.run())
    for _ in range(20):
        await asyncio.sleep(0)  # let it subscribe; everything here is in this loop
    yield desk
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def ask(desk: Desk, reader_id: str) -> asyncio.Task[CardRead]:
    order = ReadCard(timeout_s=PATIENCE_S)
    return asyncio.create_task(
        request(desk.local, reader_id, "read-card", order, CardRead, timeout_s=PATIENCE_S)
    )


@pytest.mark.parametrize("asked", ["card-1", "id-reader-1"])
async def test_a_card_answers_a_request_to_its_reader_and_to_the_one_it_joins(asked: str) -> None:
    async with at_work(ALL) as desk:
        stops = await desk.local.subscribe(topics.local_command("id-reader-1", "stop-reading"), StopReading)
        asking = ask(desk, asked)
        desk.channel.insert(make_smart_card(CITIZEN, 1))
        said = await asking
        if asked == "id-reader-1":
            await stops.get(PATIENCE_S)  # the other reader need not wait any more

    assert said.card is not None
    assert said.card.id_number == "11010519491231002X"
    assert said.validity is Validity.VALID


async def test_an_expired_card_is_read_and_told_to_be_expired() -> None:
    async with at_work(ALL) as desk:
        desk.channel.insert(make_smart_card({**CITIZEN, "expires": "2026-11-22"}, 1))
        said = await ask(desk, "card-1")

    assert said.card is not None
    assert (said.validity, said.advice) == (Validity.EXPIRED, "renew-card")


async def test_a_request_that_was_answered_before_it_came_here_is_not_read_for() -> None:
    async with at_work(ALL) as desk:
        command = envelope_of(ReadCard(timeout_s=600))
        topic = topics.local_result("id-reader-1", command.id)
        await desk.local.publish(topic, envelope_of(CardRead(error="reader-fault"), reply_to=command.id))
        for _ in range(20):
            await asyncio.sleep(0)
        await desk.local.publish(topics.local_command("id-reader-1", "read-card"), command)
        for _ in range(20):
            await asyncio.sleep(0)
        desk.channel.insert(make_smart_card(CITIZEN, 1))
        said = await ask(desk, "card-1")

    assert said.card is not None  # the card is still there for the next request


async def test_what_the_joined_reader_answers_first_ends_the_wait_for_a_card() -> None:
    async with at_work(ALL) as desk:
        command = envelope_of(ReadCard(timeout_s=600))
        topic = topics.local_result("id-reader-1", command.id)
        heard = await desk.local.subscribe(topic, CardRead)
        await desk.local.publish(topics.local_command("id-reader-1", "read-card"), command)
        await desk.local.publish(topic, envelope_of(CardRead(error="stopped"), reply_to=command.id))
        for _ in range(20):
            await asyncio.sleep(0)
        inserted = await desk.local.subscribe(topics.local_event("card-1", "card-inserted"), CardInserted)
        desk.channel.insert(make_smart_card(CITIZEN, 1))
        await inserted.get(PATIENCE_S)
        await heard.close()

        assert [message.body.error async for message in heard] == ["stopped"]


async def test_a_staff_card_goes_to_the_site_as_a_hash_and_no_card_number_goes_there(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with at_work(["t-union", "staff-card"]) as desk:
        shown = await desk.site.subscribe(
            topics.device_event("demo", "card-1", "staff-card-shown"), StaffCardShown
        )
        told = await desk.local.subscribe(topics.local_event("card-1", "card-inserted"), CardInserted)
        desk.channel.insert(make_smart_card(STAFF, 1))
        event = (await shown.get(PATIENCE_S)).body
        staff = (await told.get(PATIENCE_S)).body
        desk.channel.insert(make_smart_card({"kind": "t-union", "number": "3105170010170907984"}, 1))
        transport = (await told.get(PATIENCE_S)).body
        await shown.close()
        others = [message async for message in shown]

    assert event.card == card_hash(SALT, bytes.fromhex(STAFF["uid"]))
    assert (event.window, event.seq) == ("3", 1)
    assert (staff.medium, staff.number) == (CardMedium.STAFF_CARD, "")
    assert (transport.medium, transport.number) == (CardMedium.T_UNION, "3105170010170907984")
    assert others == []
    written = caplog.text + event.model_dump_json() + repr(transport)
    assert STAFF["uid"].lower() not in written.lower()
    assert "3105170010170907984" not in written


def test_another_salt_gives_another_name_to_the_same_card() -> None:
    uid = bytes.fromhex(STAFF["uid"])

    assert card_hash(SALT, uid) != card_hash(SALT + "!", uid)
    assert len(card_hash(SALT, uid)) == 64


# --- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["window", "staff_card_salt"])
def test_a_reader_of_staff_cards_needs_a_window_and_a_salt(missing: str) -> None:
    device = {"id": "card-1", "driver": SPEC.name, "wire": "pcsc:*", "settings": {"reads": ["staff-card"]}}
    agent = {"id": "desk-3", "staff_card_salt": SALT, "device": [{**device, "window": "3"}]}
    AgentSettings.model_validate(agent)
    if missing == "window":
        agent["device"] = [device]
    else:
        del agent["staff_card_salt"]

    with pytest.raises(ValidationError, match="staff_card_salt"):
        AgentSettings.model_validate(agent)


def test_the_salt_is_not_shown_with_the_settings() -> None:
    settings = AgentSettings(id="desk-3", staff_card_salt=SALT)

    assert SALT not in repr(settings)
    assert json.loads(settings.model_dump_json())["id"] == "desk-3"


@pytest.mark.parametrize("driver, wire", [(SPEC.name, "tcp://h:1"), ("idreader-samv", "pcsc:*")])
def test_a_driver_on_the_wrong_wire_is_refused_before_anything_starts(driver: str, wire: str) -> None:
    with pytest.raises(BadDevice, match=driver):
        check_device(DeviceSettings(id="card-1", driver=driver, wire=wire))
