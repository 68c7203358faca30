"""The server's process is killed; a terminal goes on, is restarted itself, and hands everything in."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from devices.contracts.printer import TicketSlip
from kiosk.adapters.journal import Journal
from kiosk.adapters.queue_http import QueueHttp
from kiosk.adapters.queue_offline import QueueOffline
from kiosk.flows import intake_words as w
from kiosk.flows.intake_state import Step, start
from kiosk.flows.intake_words import Citizen, Paper
from kiosk.ports import Printed
from kiosk.runner import Runner
from tests.process.hall_server import HallServer

CITIZEN = Citizen("张三", "resident", "11010519491231002X", date(1949, 12, 31), "张*")


@dataclass
class Machines:
    """A reader with a card on it and a printer that works."""

    papers: list[TicketSlip] = field(default_factory=list)

    async def read_card(self) -> Citizen:
        return CITIZEN

    async def stop_reading(self) -> None:
        return None

    async def print_ticket(
        self, job_id: str, slip: object, masked_name: str, *, large: bool, again: bool = False
    ) -> Printed:
        assert isinstance(slip, TicketSlip)
        self.papers.append(slip)
        return Printed(Paper.PRINTED, "process-id")

    async def health(self) -> AsyncIterator[tuple[str, str]]:
        yield "printer", ""

    async def scans(self) -> AsyncIterator[str]:
        for text in ():
            yield text


class Kiosk:
    """A runner with a real journal and real HTTP, as kiosk.bootstrap wires it."""

    def __init__(self, server: HallServer, path: Path) -> None:
        token = server.credentials["tokens"]["kiosk"]
        online = QueueHttp(f"http://127.0.0.1:{server.port}", token, "QK09", issue_tries=1)
        self.journal = Journal(path)
        self.queue = QueueOffline(online, self.journal, "QK09")
        self.machines = Machines()
        loop = asyncio.get_running_loop()
        self.runner = Runner(start(), self.queue, self.machines, lambda _: None, now_s=loop.time)
        self.task = asyncio.create_task(self.runner.run())

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not true():
                await asyncio.sleep(0.02)

    async def visit(self, request_id: str, service_id: str) -> str:
        """Take a ticket as a visitor does; return its number when its paper is out, or why there is none."""
        await self.until(lambda: self.runner.state.step is Step.DEPARTMENT)
        hall = self.runner.state.terminal.hall
        assert hall is not None
        service = hall.service(service_id)
        assert service is not None
        self.runner.take(w.DepartmentChosen(request_id, service.departments[0]))
        if self.runner.state.step is Step.SERVICE:
            self.runner.take(w.ServiceChosen(request_id, service_id))
        await self.until(lambda: self.runner.state.paper is Paper.PRINTED or self.runner.state.refusal)
        ticket, refusal = self.runner.state.ticket, self.runner.state.refusal
        self.runner.take(w.WentHome())
        return ticket.number if ticket else refusal.code if refusal else ""

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.queue.close()


@pytest.mark.process
async def test_tickets_of_an_outage_are_in_the_line_when_the_server_is_back(tmp_path: Path) -> None:
    server, path = HallServer(tmp_path / "hall"), tmp_path / "kiosk-QK09.db"
    server.folder.mkdir()
    try:
        await server.start()
        kiosk = Kiosk(server, path)
        await kiosk.until(kiosk.journal.leases)
        online = await kiosk.visit("r1", "A")
        server.kill()
        offline = [await kiosk.visit("r2", "C"), await kiosk.visit("r3", "D")]
        papers = kiosk.machines.papers
        await kiosk.stop()
        await server.start()
        again = Kiosk(server, path)
        await again.until(lambda: again.runner.state.terminal.server_up and not again.journal.to_hand_in())
        kept = [again.journal.ticket(key) for key in ("r2", "r3")]
        shown = [await ticket(server, one.ticket_id or "") for one in kept if one is not None]
        twice = await again.visit("r4", "C")
        await again.stop()
    finally:
        server.kill()

    assert [one["number"] for one in shown] == offline
    assert [(one["state"], one["print_state"]) for one in shown] == [("waiting", "printed")] * 2
    assert [slip.number for slip in papers] == [online, *offline]
    assert [(slip.track_url, slip.ahead) for slip in papers[1:]] == [("", -1)] * 2
    assert len({online, *offline}) == 3
    assert twice == "ticket-already-waiting"
    assert CITIZEN.id_number.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("kiosk-*"))
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT count(*) FROM ticket WHERE citizen IS NOT NULL").fetchone() == (0,)


async def ticket(server: HallServer, ticket_id: str) -> dict[str, str]:
    """Return a ticket as staff see it."""
    connection = await server.connect()
    status, body = await server.send(
        connection, "GET", f"/api/v1/tickets/{ticket_id}", Cookie=await server.staff_cookie()
    )
    connection.writer.close()
    assert status == 200, body
    found: dict[str, str] = json.loads(body)
    return found
