"""The role of a board, where the board refuses or comes back: a text that is over never stands."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from devices.agent.buses import Buses
from devices.agent.roles import board as board_role
from devices.agent.roles.base import Post
from devices.agent.roles.board import BoardRole
from devices.bus.base import envelope_of
from devices.bus.memory import MemoryBus
from devices.contracts import topics
from devices.contracts.health import DeviceHealth
from devices.contracts.window_display import WindowDisplay, WindowState
from devices.errors import DeviceFault, WireClosed
from devices.session import Parts, Session
from tests.devices.test_roles import PATIENCE_S, FakeWire, post, running


class FakeBoard:
    discarded_bytes = 0

    def __init__(self) -> None:
        self.now = "old"
        self.faults: list[Exception] = []
        self.news = asyncio.Event()

    async def probe(self) -> None:
        return None

    async def show(self, text: str) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self._set(text)

    async def clear(self) -> None:
        self._set("")

    def _set(self, text: str) -> None:
        self.now = text
        self.news.set()

    async def has(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.now != text:
                self.news.clear()
                await self.news.wait()


class Told:
    """The reasons of a board's health, one after the other."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self._news = asyncio.Event()

    async def tell(self, health: DeviceHealth) -> None:
        self.reasons.append(health.reason)
        self._news.set()

    def watch(self, one: Post, driver: Any) -> Post:
        """Return the post with sessions that tell their health here."""

        async def open_wire() -> FakeWire:
            return FakeWire()

        def make_session(**hooks: Any) -> Session:
            return Session(Parts("m-1", "x", "fake", open_wire, lambda _w: driver, self.tell, **hooks))

        return replace(one, make_session=make_session)

    async def has(self, *reasons: str) -> None:
        """Wait until the health had these reasons at last."""
        async with asyncio.timeout(PATIENCE_S):
            while tuple(self.reasons[-len(reasons) :]) != reasons:
                self._news.clear()
                await self._news.wait()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_role, "RETRY_S", 0.0)


async def say(site: MemoryBus, text: str, seq: int) -> None:
    display = WindowDisplay(window="3", state=WindowState.CALLING, text=text, calls=1, seq=seq)
    await site.publish(topics.window_display("demo", "3"), envelope_of(display), retain=True)


def on_a_board(site: MemoryBus, board: Any) -> Any:
    return running(BoardRole(post(board, Buses("demo", site), window="3")))


async def test_a_board_that_refuses_a_text_is_dark_instead_of_showing_the_one_before() -> None:
    site, board = MemoryBus(), FakeBoard()
    board.faults = [DeviceFault("board-text-impossible", "no")] * 10_000
    await say(site, "请A001到3号窗口", 1)

    async with on_a_board(site, board):
        await board.has("")

    assert board.now == ""


async def test_a_refused_text_is_told_as_the_boards_health_until_one_is_shown() -> None:
    site, board, told = MemoryBus(), FakeBoard(), Told()
    board.faults = [DeviceFault("board-font-missing", "no")]
    await say(site, "请A001到3号窗口", 1)

    async with running(BoardRole(told.watch(post(board, Buses("demo", site), window="3"), board))):
        await told.has("board-font-missing", "")

    assert board.now == "请A001到3号窗口"


async def test_a_board_that_refused_once_shows_the_text_at_the_next_try() -> None:
    site, board = MemoryBus(), FakeBoard()
    board.faults = [DeviceFault("board-busy", "no")]
    await say(site, "请A001到3号窗口", 1)

    async with on_a_board(site, board):
        await board.has("请A001到3号窗口")

    assert board.faults == []


async def test_a_board_that_went_dark_unseen_is_told_again() -> None:
    site, board = MemoryBus(), FakeBoard()
    await say(site, "请A001到3号窗口", 1)

    async with running(BoardRole(post(board, Buses("demo", site), window="3", retell_s=0.01))):
        await board.has("请A001到3号窗口")
        board.now = ""
        await board.has("请A001到3号窗口")

    assert board.now == "请A001到3号窗口"


async def test_a_board_is_told_again_after_its_wire_broke() -> None:
    site, board = MemoryBus(), FakeBoard()
    board.faults = [WireClosed("unplugged")]
    await say(site, "请A001到3号窗口", 1)

    async with on_a_board(site, board):
        await board.has("请A001到3号窗口")

    assert board.faults == []
