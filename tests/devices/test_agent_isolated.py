"""A library that hangs or crashes stops nobody but itself."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from devices.contracts.health import DeviceHealth, DeviceStatus
from devices.runtime.isolated import Crashed, Hangs, IsolatedWorker
from devices.session import Parts, Session
from devices.transports.isolated import IsolatedWire, LibraryCrashed, LibraryHangs

TARGET = "tests.devices.wedged_library:Library"
PATIENCE_S = 30.0
SHORT_S = 0.2  # a limit that a hanging call is meant to exceed


@pytest.fixture
async def library() -> AsyncIterator[IsolatedWorker]:
    worker = IsolatedWorker(TARGET, "reader")
    yield worker
    await worker.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_call_is_made_in_another_process_and_its_answer_comes_back(library: IsolatedWorker) -> None:
    said = await library.call("read", 5, limit_s=PATIENCE_S)
    pid = await library.call("pid", limit_s=PATIENCE_S)

    assert said == "reader 5"
    assert pid == library.pid != os.getpid()


@pytest.mark.parametrize("how", ["hang", "hang_with_the_lock_held"])
async def test_a_call_that_never_returns_is_killed_and_the_next_one_works(
    library: IsolatedWorker, how: str
) -> None:
    first = await library.call("pid", limit_s=PATIENCE_S)
    with pytest.raises(Hangs, match="did not come back"):
        await library.call(how, limit_s=SHORT_S)
    said = await library.call("read", 1, limit_s=PATIENCE_S)

    assert said == "reader 1"
    assert not is_alive(first)
    assert library.restarts == 1


async def test_a_library_that_crashes_takes_nobody_with_it(library: IsolatedWorker) -> None:
    with pytest.raises(Crashed, match="SIGABRT"):
        await library.call("crash", limit_s=PATIENCE_S)

    assert await library.call("read", 2, limit_s=PATIENCE_S) == "reader 2"


async def test_what_a_library_prints_is_not_taken_for_its_answer(library: IsolatedWorker) -> None:
    assert await library.call("print_and_read", limit_s=PATIENCE_S) == 7


@pytest.mark.parametrize(
    "method, error, text",
    [
        ("refuse", LookupError, "no card"),
        ("refuse_unkindly", RuntimeError, "Unkind: 31 bad card"),
        ("answer_nonsense", RuntimeError, "pickle"),
        ("no_such_method", AttributeError, "no_such_method"),
    ],
)
async def test_what_a_library_raises_arrives_and_ends_nothing(
    library: IsolatedWorker, method: str, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        await library.call(method, limit_s=PATIENCE_S)

    assert await library.call("read", 3, limit_s=PATIENCE_S) == "reader 3"
    assert library.restarts == 0


async def test_a_caller_who_was_stopped_leaves_no_answer_for_the_next(library: IsolatedWorker) -> None:
    hung = await library.call("pid", limit_s=PATIENCE_S)
    waiting = asyncio.create_task(library.call("hang", limit_s=PATIENCE_S))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert await library.call("read", 4, limit_s=PATIENCE_S) == "reader 4"
    assert not is_alive(hung)


async def test_calls_of_several_callers_are_made_one_after_another(library: IsolatedWorker) -> None:
    said = await asyncio.gather(*(library.call("read", place, limit_s=PATIENCE_S) for place in range(20)))

    assert said == [f"reader {place}" for place in range(20)]


async def test_an_object_that_cannot_be_made_says_why_each_time() -> None:
    missing = IsolatedWorker(TARGET, "missing")

    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=r"libvendor\.so"):
            await missing.call("read", 1, limit_s=PATIENCE_S)
    assert missing.pid is None


async def test_the_other_process_dies_with_its_parent_even_when_it_hangs() -> None:
    code = (
        "import asyncio\n"
        "from devices.runtime.isolated import IsolatedWorker\n"
        "async def main():\n"
        f"    worker = IsolatedWorker({TARGET!r})\n"
        "    print(await worker.call('pid', limit_s=30), flush=True)\n"
        "    await worker.call('hang_with_the_lock_held', limit_s=3600)\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=PIPE)
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), PATIENCE_S))
    parent.kill()
    await parent.wait()

    async with asyncio.timeout(PATIENCE_S):
        while is_running(child):
            await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    """Say whether a process runs; one that ended and that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class LibraryDriver:
    """A driver of a vendor's library: its sign of life is a call."""

    discarded_bytes = 0

    def __init__(self, wire: IsolatedWire, method: str) -> None:
        self._wire, self._method = wire, method

    async def probe(self) -> None:
        await self._wire.call(self._method)


@pytest.mark.parametrize("method, code", [("hang", LibraryHangs.code), ("crash", LibraryCrashed.code)])
async def test_a_machine_whose_library_fails_says_so_while_another_one_works(method: str, code: str) -> None:
    told: asyncio.Queue[DeviceHealth] = asyncio.Queue()

    def session(device_id: str, method: str) -> Session:
        async def opened() -> IsolatedWire:
            return IsolatedWire(TARGET, call_s=SHORT_S if method == "hang" else PATIENCE_S)

        return Session(
            Parts(
                device_id=device_id,
                kind="id-reader",
                driver="vendor",
                open_wire=opened,
                build=lambda wire: LibraryDriver(wire, method),
                tell=told.put,
            )
        )

    jobs = [asyncio.create_task(session(*one).run()) for one in (("bad", method), ("good", "pid"))]
    heard: dict[str, DeviceHealth] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(heard) < 2:
            health = await told.get()
            heard[health.device_id] = health
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)

    assert (heard["bad"].status, heard["bad"].reason) == (DeviceStatus.OFFLINE, code)
    assert heard["good"].status is DeviceStatus.ONLINE
