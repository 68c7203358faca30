"""The role of a line of digit displays, on a memory bus with displays that do what the test says."""

from __future__ import annotations

import asyncio

from devices.agent.buses import Buses
from devices.agent.roles.digit_line import DigitLineRole
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.errors import DeviceFault
from tests.devices.test_board_role import Told
from tests.devices.test_roles import PATIENCE_S, post, running


class FakeLine:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []
        self.silent: set[int] = set()
        self.news = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def check_unit(self, addr: int) -> None:
        if addr in self.silent:
            raise DeviceFault("display-silent", "gone")

    async def show_number(self, addr: int, number: str) -> None:
        await self.check_unit(addr)
        self.told.append((addr, number))
        self.news.set()
        if number == "IMPOSSIBLE":
            raise DeviceFault("board-text-impossible", "no")

    async def has_told(self, one: tuple[int, str]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while one not in self.told:
                self.news.clear()
                await self.news.wait()


async def call(site: MemoryBus, window: str, number: str, seq: int) -> None:
    display = WindowDisplay(window=window, state=WindowState.CALLING, text="x", number=number, seq=seq)
    await site.publish(topics.window_display("demo", window), envelope_of(display), retain=True)


async def test_each_window_has_its_own_number_and_the_newest_only() -> None:
    site, line = MemoryBus(), FakeLine()
    await call(site, "3", "A001", 5)

    async with running(DigitLineRole(post(line, Buses("demo", site), windows={7: "3", 8: "4"}))):
        await line.has_told((7, "A001"))
        await call(site, "3", "A000", 4)
        await call(site, "4", "B001", 6)
        await line.has_told((8, "B001"))
        await call(site, "3", "", 7)
        await line.has_told((7, ""))

    assert line.told == [(7, "A001"), (8, "B001"), (7, "")]


async def test_a_silent_display_does_not_stop_the_others() -> None:
    site, line = MemoryBus(), FakeLine()
    line.silent = {7}
    await call(site, "3", "A001", 1)
    await call(site, "4", "B001", 2)

    async with running(DigitLineRole(post(line, Buses("demo", site), windows={7: "3", 8: "4"}))):
        await line.has_told((8, "B001"))

    assert line.told == [(8, "B001")]


async def test_a_display_that_was_silent_at_a_check_is_told_again() -> None:
    site, line = MemoryBus(), FakeLine()
    await call(site, "3", "A001", 1)
    role = DigitLineRole(post(line, Buses("demo", site), windows={7: "3"}, check_s=0.01))

    async with running(role):
        await line.has_told((7, "A001"))
        line.told.clear()
        line.silent = {7}
        await role.check_now()
        line.silent = set()
        await role.check_now()
        await line.has_told((7, "A001"))

    assert line.told == [(7, "A001")]


async def test_a_display_that_went_dark_unseen_is_told_again() -> None:
    site, line = MemoryBus(), FakeLine()
    await call(site, "3", "A001", 1)

    async with running(DigitLineRole(post(line, Buses("demo", site), windows={7: "3"}, retell_s=0.01))):
        await line.has_told((7, "A001"))
        line.told.clear()
        await line.has_told((7, "A001"))

    assert set(line.told) == {(7, "A001")}


async def test_a_number_that_cannot_be_shown_is_tried_once_and_said_in_the_health() -> None:
    site, line, told = MemoryBus(), FakeLine(), Told()
    await call(site, "3", "IMPOSSIBLE", 1)
    role = DigitLineRole(told.watch(post(line, Buses("demo", site), windows={7: "3"}), line))

    async with running(role):
        await line.has_told((7, "IMPOSSIBLE"))
        await role.check_now()
        await told.has("board-text-impossible")
        await call(site, "3", "A001", 2)
        await line.has_told((7, "A001"))
        await role.check_now()
        await told.has("")

    assert line.told == [(7, "IMPOSSIBLE"), (7, "A001")]
