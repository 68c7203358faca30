"""Our smart-card driver against a real pcscd: its library, its service, its virtual reader.

Only the card is ours, and it answers with published bytes.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.card_reader import CardReaderRole, card_hash
from devices.agent.settings import DeviceSettings
from devices.bus.base import Subscription, request
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.id_reader import (
    CardInserted,
    CardKind,
    CardMedium,
    CardRead,
    CardRemoved,
    ReadCard,
    StaffCardShown,
)
from devices.drivers.cardreader_pcsc import SPEC, PcscCardReader, PcscSettings
from devices.errors import DeviceError, WireTimeout
from devices.session import Parts, Session
from devices.sim.card_reader import SimCardReader
from devices.sim.vpcd import VpcdHost
from devices.transports.pcsc import PcscChannel, open_pcsc
from tests.golden import golden, vectors
from tests.process.pcscd import PATIENCE_S, PcscDaemon

FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
CITIZEN = {"name": "张三丰", "id_number": "11010519491231002X", "expires": "2030-01-01"}
SALT = "a site's long secret"

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def daemon() -> Iterator[PcscDaemon]:
    with tempfile.TemporaryDirectory(prefix="pcsc") as room:
        daemon = PcscDaemon(Path(room))
        daemon.start()
        yield daemon
        daemon.stop()


@asynccontextmanager
async def slot(daemon: PcscDaemon, number: int = 0) -> AsyncIterator[VpcdHost]:
    host = VpcdHost(f"slot-{number}", SimCardReader(), f"vpcd:{daemon.port + number}")
    await host.start()
    try:
        yield host
    finally:
        await host.stop()


@asynccontextmanager
async def reader(name: str, **settings: Any) -> AsyncIterator[tuple[PcscCardReader, PcscChannel]]:
    channel = await until(lambda: open_pcsc(name))
    try:
        yield PcscCardReader("card-1", channel, PcscSettings(**settings)), channel
    finally:
        await channel.close()


async def until(attempt: Callable[[], Awaitable[Any]]) -> Any:
    """Try again while a DeviceError or None comes back; bounded."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                if (got := await attempt()) is not None:
                    return got
            except DeviceError:
                pass
            await asyncio.sleep(0.05)


async def test_published_commands_and_answers_pass_through_the_real_service(daemon: PcscDaemon) -> None:
    async with slot(daemon) as host, reader(FIRST) as (driver, channel):
        host.do(
            "insert",
            {"card": {"kind": "staff-card", "uid": vectors("vpcd.json")["apdu_rsp"]["decoded"]["uid"]}},
        )
        came = await until(lambda: driver.look(0.25))
        await channel.connect()
        answer = await channel.transmit(golden("pcsc_ssc.json", "uid"), 2.0)

    assert came.medium is CardMedium.UNKNOWN  # this reader is not for staff
    assert answer == golden("vpcd.json", "apdu_rsp")[2:]


async def test_each_sort_of_card_is_told_from_the_others_and_read(daemon: PcscDaemon) -> None:
    everything = ("social-security", "t-union", "staff-card")
    async with slot(daemon) as host, reader(FIRST, reads=everything) as (driver, _):
        host.do("insert", {"card": CITIZEN})
        citizen = await until(lambda: driver.look(0.25))
        card = await driver.poll_card()
        again = await driver.poll_card()
        host.do("remove", {})
        gone = await until(lambda: driver.look(0.25))
        host.do("insert", {"card": {"kind": "t-union", "number": "3105170010170907984"}})
        transport = await until(lambda: driver.look(0.25))

    assert citizen.medium is CardMedium.SOCIAL_SECURITY
    assert (card.kind, card.name, card.id_number) == (CardKind.CITIZEN, "张三丰", "11010519491231002X")
    assert again is None
    assert gone.medium is None
    assert (transport.medium, transport.number) == (CardMedium.T_UNION, "3105170010170907984")


async def test_a_card_that_never_answers_holds_neither_the_agent_nor_another_reader(
    daemon: PcscDaemon,
) -> None:
    async with (
        slot(daemon, 0) as dead,
        slot(daemon, 1) as well,
        reader(FIRST, apdu_timeout_s=0.3) as (stuck, _),
        reader(SECOND) as (other, _),
    ):
        dead.do("fault", {"kind": "silent", "for_s": 60})
        dead.do("insert", {"card": {}})
        well.do("insert", {"card": CITIZEN})
        with pytest.raises(WireTimeout):
            await look_on(stuck)
        came = await until(lambda: other.look(0.25))
        card = await other.poll_card()

    assert came.medium is CardMedium.SOCIAL_SECURITY
    assert card.name == "张三丰"


async def look_on(driver: PcscCardReader) -> None:
    """Look until something is wrong; bounded."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await driver.look(0.25)


class Desk:
    """A smart-card reader at work as in an agent, with what its buses heard."""

    def __init__(self, local: MemoryBus, site: MemoryBus) -> None:
        self.local, self.site = local, site
        self.device = DeviceSettings(
            id="card-1",
            driver=SPEC.name,
            wire=f"pcsc:{FIRST}",
            window="3",
            joins="id-reader-1",
            check_s=0.1,
            settings={"reads": ["social-security", "staff-card"]},
        )
        self.role = CardReaderRole(Post(self.device, Buses("demo", site, local), self._session, SALT))

    def _session(self, **hooks: Any) -> Session:
        async def tell(_health: object) -> None:
            return None

        settings = PcscSettings.model_validate(self.device.settings)
        return Session(
            Parts(
                device_id=self.device.id,
                kind=SPEC.kind,
                driver=SPEC.name,
                open_wire=lambda: open_wire(SPEC, self.device.wire),
                build=lambda wire: SPEC.build(self.device.id, wire, settings),
                tell=tell,
                check_s=self.device.check_s,
                **hooks,
            )
        )


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    made = Desk(MemoryBus(), MemoryBus())
    working = asyncio.create_task(made.role.run())
    for _ in range(20):
        await asyncio.sleep(0)  # let it subscribe; everything on this bus is in this loop
    try:
        yield made
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def next_of(heard: Subscription[Any]) -> Any:
    return (await heard.get(PATIENCE_S)).body


async def test_a_social_security_card_answers_the_kiosks_request_to_the_id_reader(daemon: PcscDaemon) -> None:
    async with slot(daemon) as host, desk() as at:
        came = await at.local.subscribe(topics.local_event("card-1", "card-inserted"), CardInserted)
        went = await at.local.subscribe(topics.local_event("card-1", "card-removed"), CardRemoved)
        asking = asyncio.create_task(
            request(at.local, "id-reader-1", "read-card", ReadCard(), CardRead, timeout_s=PATIENCE_S)
        )
        host.do("insert", {"card": CITIZEN})
        said = await asking
        inserted = await next_of(came)
        host.do("remove", {})
        await next_of(went)

    assert said.card is not None
    assert (said.card.kind, said.card.id_number) == (CardKind.CITIZEN, "11010519491231002X")
    assert (inserted.medium, inserted.number) == (CardMedium.SOCIAL_SECURITY, "")


async def test_the_reader_comes_back_by_itself_when_the_service_was_restarted(daemon: PcscDaemon) -> None:
    async with slot(daemon) as host, desk() as at:
        shown = await at.site.subscribe(
            topics.device_event("demo", "card-1", "staff-card-shown"), StaffCardShown
        )
        host.do("insert", {"card": {"kind": "staff-card", "uid": "04A1B2C3"}})
        first = await next_of(shown)
        host.do("remove", {})
        daemon.stop()
        daemon.start()
        host.do("insert", {"card": {"kind": "staff-card", "uid": "04A1B2C3"}})
        second = await next_of(shown)

    assert first.card == second.card == card_hash(SALT, bytes.fromhex("04A1B2C3"))
    assert (first.window, first.seq, second.seq) == ("3", 1, 2)
    assert "04a1b2c3" not in first.model_dump_json().lower()
