"""Tasks end when they are told to, also those that lose the first telling."""

from __future__ import annotations

import asyncio

import pytest

from devices.agent.tasks import run_together
from devices.runtime import tasks
from devices.runtime.tasks import end


class Deaf:
    """Goes on after a cancellation that came together with something else, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    async def run(self) -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if not self.left:
                    raise
                self.left -= 1


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.0)


async def test_a_lost_cancellation_is_told_again() -> None:
    deaf = Deaf(3)
    task = asyncio.create_task(deaf.run())
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await end([task])

    assert task.cancelled()
    assert deaf.left == 0


async def test_what_failed_on_its_own_ends_nothing_else_badly() -> None:
    async def fails() -> None:
        raise ValueError("its own matter")

    failed, waits = asyncio.create_task(fails()), asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)

    await end([failed, waits])

    assert waits.cancelled()


async def test_running_together_ends_though_one_did_not_hear() -> None:
    async def fails() -> None:
        raise ValueError("first")

    async with asyncio.timeout(5):
        with pytest.raises(ValueError, match="first"):
            await run_together(Deaf(2).run(), fails())
