"""Documents through a real CUPS: every end of a job, a hanging print system, a power cut in between."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from devices.agent.app import open_wire
from devices.agent.buses import Buses
from devices.agent.roles.base import Post
from devices.agent.roles.document_printer import DocumentPrinterRole
from devices.agent.settings import DeviceSettings
from devices.bus.base import request
from devices.bus.memory import MemoryBus
from devices.contracts.health import Paper
from devices.contracts.printer import DocumentResult, PrintDocument, PrintOutcome
from devices.drivers.printer_cups import SPEC, CupsPrinter, CupsSettings
from devices.errors import DeviceFault, WireTimeout
from devices.session import Parts, Session
from devices.transports.cups import CupsSpooler, open_cups
from tests.process.cupsd import QUEUE, CupsDaemon

PATIENCE_S = 15
CALL_S = 4.0  # two slow cores; what hangs on purpose has a shorter limit

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def daemon() -> Iterator[CupsDaemon]:
    room = Path(tempfile.mkdtemp(prefix="cups"))
    daemon = CupsDaemon(room)
    try:
        daemon.start()
        daemon.add_queue()
        yield daemon
    finally:
        daemon.stop()
        shutil.rmtree(room)


class Terminal:
    """A driver on the real queue, and a folder with a document of one page."""

    def __init__(self, spooler: CupsSpooler, daemon: CupsDaemon, folder: Path, **settings: Any) -> None:
        self.daemon = daemon
        self.folder = folder
        made = {"folder": str(folder), "poll_s": 0.05, "timeout_s": PATIENCE_S, **settings}
        self.driver = CupsPrinter("a4-1", spooler, CupsSettings(**made))
        if not (folder / "form.pdf").exists():
            Image.new("L", (595, 842), 220).save(folder / "form.pdf")

    async def order(self, job_id: str, **order: Any) -> DocumentResult:
        return await self.driver.print_document(
            PrintDocument(job_id=job_id, document=order.pop("document", "form.pdf"), **order)
        )

    def papers(self, job_id: str) -> list[str]:
        """Return the options of every paper that came out for a job."""
        said = [path.read_text().strip().split("|") for path in self.daemon.paper.glob("*.txt")]
        return [options for title, options in said if title == f"tingtong {job_id}"]


@asynccontextmanager
async def terminal(
    daemon: CupsDaemon, folder: Path, *, call_s: float = CALL_S, **settings: Any
) -> AsyncIterator[Terminal]:
    spooler = await open_cups(f"{QUEUE}?server={daemon.socket}", call_s)
    try:
        async with asyncio.timeout(3 * PATIENCE_S):
            yield Terminal(spooler, daemon, folder, **settings)
    finally:
        daemon.order("ok")
        daemon.open_gate()
        await spooler.close()


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await true():
            await asyncio.sleep(0.02)


async def test_a_document_comes_out_as_ordered_and_is_counted(daemon: CupsDaemon, tmp_path: Path) -> None:
    async with terminal(daemon, tmp_path) as at:
        result = await at.order("case-1", copies=2, duplex="long-edge", media="A5")

    assert (result.outcome, result.reason, result.started) == (PrintOutcome.PRINTED, "", True)
    assert result.pages >= 1
    [options] = at.papers("case-1")
    assert "sides=two-sided-long-edge" in options
    assert "media=A5" in options
    assert any(path.read_bytes().startswith(b"%PDF") for path in daemon.paper.glob("*.pdf"))


async def test_a_job_handed_in_before_a_power_cut_is_told_not_printed_again(
    daemon: CupsDaemon, tmp_path: Path
) -> None:
    async with terminal(daemon, tmp_path) as at:
        first = await at.order("case-2")
    daemon.stop()
    daemon.start()
    async with terminal(daemon, tmp_path) as at:
        second = await at.order("case-2")

    assert first.outcome is second.outcome is PrintOutcome.PRINTED
    assert len(at.papers("case-2")) == 1


async def test_no_paper_is_told_and_new_paper_lets_the_job_go_on(daemon: CupsDaemon, tmp_path: Path) -> None:
    async with terminal(daemon, tmp_path) as at, terminal(daemon, tmp_path) as other:
        daemon.order("empty")
        printing = asyncio.create_task(at.order("case-3"))

        async def is_empty() -> bool:
            status = await other.driver.status()
            return (status.reason, status.paper) == ("paper-out", Paper.OUT)

        await until(is_empty)
        refused = await other.order("case-4")
        daemon.order("ok")
        daemon.open_gate()
        result = await printing

    assert (refused.outcome, refused.reason, refused.started) == (PrintOutcome.FAILED, "paper-out", False)
    assert result.outcome is PrintOutcome.PRINTED
    assert len(at.papers("case-3")) == 1
    assert at.papers("case-4") == []


@pytest.mark.parametrize(
    ("orders", "outcome", "reason"),
    [
        ("empty", PrintOutcome.FAILED, "paper-out"),
        ("hang", PrintOutcome.UNKNOWN, "no-answer"),
        ("fail", PrintOutcome.FAILED, "printer-fault"),
    ],
)
async def test_what_does_not_come_out_in_time_is_taken_back_and_never_called_printed(
    daemon: CupsDaemon, tmp_path: Path, orders: str, outcome: PrintOutcome, reason: str
) -> None:
    async with terminal(daemon, tmp_path, timeout_s=1.0) as at:
        daemon.order(orders)
        result = await at.order(f"case-{orders}")
        daemon.order("ok")

        async def is_well() -> bool:
            return (await at.driver.status()).ready

        await until(is_well)
        after = await at.order(f"after-{orders}")

    assert (result.outcome, result.reason, result.started) == (outcome, reason, True)
    assert at.papers(f"case-{orders}") == []
    assert after.outcome is PrintOutcome.PRINTED


async def test_a_queue_that_people_have_stopped_is_told_as_paused(daemon: CupsDaemon, tmp_path: Path) -> None:
    async with terminal(daemon, tmp_path) as at:
        daemon.run("cupsdisable")
        result = await at.order("case-5")
        daemon.run("cupsenable")

    assert (result.outcome, result.reason) == (PrintOutcome.FAILED, "paused")


async def test_a_hanging_print_system_holds_nobody_and_the_job_is_printed_once(
    daemon: CupsDaemon, tmp_path: Path
) -> None:
    async with terminal(daemon, tmp_path, call_s=1.0) as at:
        daemon.freeze()
        beats = asyncio.create_task(heartbeats(asyncio.current_task()))
        with pytest.raises(WireTimeout):
            await at.order("case-6")
        beats.cancel()
        daemon.thaw()
    async with terminal(daemon, tmp_path) as at:
        result = await at.order("case-6")

    assert result.outcome is PrintOutcome.PRINTED
    assert len(at.papers("case-6")) == 1


async def heartbeats(test: asyncio.Task[Any] | None) -> None:
    """Fail the test when the loop was held: a beat that comes late by more than the call's limit."""
    loop = asyncio.get_running_loop()
    while test is not None:
        due_s = loop.time() + 0.01
        await asyncio.sleep(0.01)
        if loop.time() - due_s > CALL_S:
            test.cancel("the loop was held")


@pytest.mark.parametrize("kind", ["link", "text", "missing"])
async def test_only_documents_of_the_folder_are_printed(
    daemon: CupsDaemon, tmp_path: Path, kind: str
) -> None:
    async with terminal(daemon, tmp_path) as at:
        if kind == "link":
            (tmp_path / "x.pdf").symlink_to(tmp_path / "form.pdf")
        if kind == "text":
            (tmp_path / "x.pdf").write_text("#!/bin/sh\n")
        result = await at.order(f"case-{kind}", document="x.pdf")

    assert result.outcome is PrintOutcome.FAILED
    assert result.reason == ("document-type" if kind == "text" else "no-document")


async def test_a_queue_that_does_not_exist_is_named(daemon: CupsDaemon) -> None:
    with pytest.raises(DeviceFault, match="no queue"):
        await open_cups(f"NOWHERE?server={daemon.socket}")


async def test_the_role_prints_for_the_terminal_and_removes_the_document(
    daemon: CupsDaemon, tmp_path: Path
) -> None:
    local, site = MemoryBus(), MemoryBus()
    device = DeviceSettings(id="a4-1", driver="printer-cups", wire=f"cups:{QUEUE}?server={daemon.socket}")
    settings = CupsSettings(folder=str(tmp_path), poll_s=0.05)
    Image.new("L", (595, 842), 220).save(tmp_path / "form.pdf")
    overheard = await site.subscribe("#", DocumentResult)
    there = asyncio.Event()

    async def tell(_health: object) -> None:
        there.set()

    def session(**hooks: Any) -> Session:
        return Session(
            Parts(
                device_id=device.id,
                kind=SPEC.kind,
                driver=SPEC.name,
                open_wire=lambda: open_wire(SPEC, device.wire),
                build=lambda wire: SPEC.build(device.id, wire, settings),
                tell=tell,
                **hooks,
            )
        )

    working = asyncio.create_task(
        DocumentPrinterRole(Post(device, Buses("demo", site, local), session)).run()
    )
    try:
        async with asyncio.timeout(2 * PATIENCE_S):
            await there.wait()
            order = PrintDocument(job_id="case-7", document="form.pdf")
            result = await request(
                local, "a4-1", "print-document", order, DocumentResult, timeout_s=PATIENCE_S
            )
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    assert result.outcome is PrintOutcome.PRINTED
    assert not (tmp_path / "form.pdf").exists()
    await overheard.close()
    assert [message async for message in overheard] == []
